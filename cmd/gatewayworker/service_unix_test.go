//go:build unix

package main

import (
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestServiceOfSystemd: systemd is told that the process is ready, alive, reloading
// and stopping; and the process answers health.
func TestServiceOfSystemd(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	t.Setenv("NOTIFY_SOCKET", socket)
	t.Setenv("WATCHDOG_USEC", "100000")
	// told waits for a state; the watchdog's come in between.
	told := func(want string) {
		t.Helper()
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		buf := make([]byte, 1000)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				t.Fatalf("systemd is not told %s: %v", want, err)
			}
			switch state := string(buf[:n]); state {
			case want:
				return
			case "WATCHDOG=1":
			default:
				t.Fatalf("systemd is told %s, want %s", state, want)
			}
		}
	}
	ports := freePorts(t, 3)
	control, admin := filepath.Join(dir, "control"), "127.0.0.1:"+ports[2]
	p := startProcess(t, nil, "start", "--listen", "websocket://127.0.0.1:"+ports[0], "--start-port", ports[1], "--register-listen", "text://127.0.0.1:0",
		"--chat=false", "--control-socket", control, "--admin-listen", admin)
	told("READY=1")
	told("WATCHDOG=1")
	told("WATCHDOG=1")
	p.logged("gateway is serving")
	command(t, 0, "health", "--admin-listen", admin)
	if out := command(t, 1, "health", "--ready", "--admin-listen", admin); !strings.Contains(out, "503") {
		t.Errorf("without a worker it is ready: %q", out)
	}
	command(t, 0, "reload", "--control-socket", control)
	told("RELOADING=1")
	told("READY=1")
	p.signal(syscall.SIGTERM)
	told("STOPPING=1")
	if code := p.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	command(t, 1, "health", "--admin-listen", admin)
	command(t, exitUsage, "health", "--admin-listen", "nowhere")
}
