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
	t.Setenv("WATCHDOG_USEC", "2000000") // seldom enough for a reader who stands still meanwhile
	// Read at once: a socket holds few states, and the process does not wait long.
	states, alive := make(chan string, 100), make(chan struct{}, 1)
	go func() {
		defer close(states)
		for buf := make([]byte, 1000); ; {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			if state := string(buf[:n]); state != "WATCHDOG=1" {
				states <- state
				continue
			}
			select {
			case alive <- struct{}{}:
			default:
			}
		}
	}()
	told := func(want string) {
		t.Helper()
		select {
		case state := <-states:
			if state != want {
				t.Fatalf("systemd is told %q, want %s", state, want)
			}
		case <-time.After(patience):
			t.Fatalf("systemd is not told %s", want)
		}
	}
	ports := freePorts(t, 3)
	control, admin := filepath.Join(dir, "control"), "127.0.0.1:"+ports[2]
	p := startProcess(t, nil, "start", "--listen", "websocket://127.0.0.1:"+ports[0], "--start-port", ports[1], "--register-listen", "text://127.0.0.1:0",
		"--chat=false", "--control-socket", control, "--admin-listen", admin)
	told("READY=1")
	for range 2 {
		select {
		case <-alive:
		case <-time.After(patience):
			t.Fatal("the watchdog hears nothing")
		}
	}
	p.logged("gateway is serving")
	command(t, 0, "health", "--timeout", "1h", "--admin-listen", admin)
	if out := command(t, 1, "health", "--ready", "--timeout", "1h", "--admin-listen", admin); !strings.Contains(out, "503") {
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
