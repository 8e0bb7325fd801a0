//go:build unix

package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// command returns what the program prints for a command that must end with a code.
func command(t *testing.T, want int, args ...string) string {
	t.Helper()
	var out strings.Builder
	if code := run(append([]string{"gatewayworker"}, args...), &out, &out); code != want {
		t.Fatalf("%q: exit code %d, want %d; it says\n%s", args, code, want, out.String())
	}
	return out.String()
}

// TestReloadOfAProcess: one process with a Register and two gateways, one of which has
// a second listener, is told by a file; what can change in it changes while it runs.
func TestReloadOfAProcess(t *testing.T) {
	t.Setenv("GATEWAYWORKER_ADMIN_LISTEN", "off")
	dir := t.TempDir()
	file, socket := filepath.Join(dir, "gatewayworker.yaml"), filepath.Join(dir, "control.sock")
	ports := freePorts(t, 6)
	write := func(changes ...string) {
		t.Helper()
		text := fmt.Sprintf(`
control-socket: %s
log-level: info
register-listen: text://127.0.0.1:%s
chat: true
chat-listen: 127.0.0.1:0
gateways:
  - name: web
    listen: websocket://127.0.0.1:%s
    start-port: %s
  - name: devices
    listen: text://127.0.0.1:%s
    start-port: %s
    ping-interval: 0
    ping-data: ping
    listeners:
      - listen: text://127.0.0.1:%s
`, socket, ports[0], ports[1], ports[2], ports[3], ports[4], ports[5])
		text = strings.NewReplacer(changes...).Replace(text)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write()
	p := startProcess(t, nil, "start", "--config", file)
	var names []string
	for range 2 {
		names = append(names, field(t, p.logged("gateway is serving"), "gateway"))
	}
	if slices.Sort(names); !slices.Equal(names, []string{"devices", "web"}) {
		t.Errorf("gateways in the log: %q", names)
	}

	// Both listeners of the second gateway have the chat's worker behind them.
	dial := func(port string) *bufio.Reader {
		t.Helper()
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		_ = conn.SetDeadline(time.Now().Add(patience))
		return bufio.NewReader(conn)
	}
	// pinged waits for a ping; without a worker, which it may not have at first, a
	// gateway closes connections.
	pinged := func(port, want string) {
		t.Helper()
		for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
			for r := dial(port); ; {
				line, err := r.ReadString('\n')
				if err != nil {
					break
				}
				if line == want+"\n" {
					return
				}
			}
		}
		t.Fatalf("port %s: no %q comes", port, want)
	}
	if got := command(t, 0, "reload", "--config", file); got != "nothing has changed\n" {
		t.Errorf("reload of the same file: %q", got)
	}
	write("ping-interval: 0", "ping-interval: 10ms", "log-level: info", "log-level: debug")
	if got := command(t, 0, "reload", "--control-socket", socket); got != "changed: log-level, gateways[devices].ping-interval\n" {
		t.Errorf("reload: %q", got)
	}
	p.logged("reload: changed: log-level, gateways[devices].ping-interval")
	pinged(ports[3], "ping")
	pinged(ports[5], "ping")

	// A file that is no good changes nothing, for SIGHUP and for reload.
	write("ping-interval: 0", "ping-interval: soon", "ping-data: ping", "ping-data: other")
	p.signal(syscall.SIGHUP)
	p.logged("level=error", "SIGHUP: nothing is changed", "ping-interval", "soon", "gatewayworker.yaml:14")
	if got := command(t, 1, "reload", "--config", file); !strings.Contains(got, "nothing is changed") || !strings.Contains(got, "gatewayworker.yaml:14") {
		t.Errorf("reload of a bad file: %q", got)
	}
	pinged(ports[3], "ping")

	// What cannot change is named, and what can is applied all the same.
	write("ping-interval: 0", "ping-interval: 10ms", "ping-data: ping", "ping-data: other", "start-port: "+ports[4], "start-port: 1",
		"register-listen: text://127.0.0.1:"+ports[0], "register-listen: text://127.0.0.1:1", "log-level: info", "log-level: debug")
	p.signal(syscall.SIGHUP)
	p.logged("SIGHUP: changed: gateways[devices].ping-data")
	p.logged("level=warning", "SIGHUP: register-listen, gateways[devices].start-port", "needs a restart")
	pinged(ports[5], "other")

	write("  - name: web", "  - name: other")
	if got := command(t, 0, "reload", "--control-socket", socket); got != "changed: log-level\nneeds a restart: gateways\n" {
		t.Errorf("reload with other gateways: %q", got)
	}

	p.signal(syscall.SIGTERM)
	if code := p.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if got := command(t, 1, "reload", "--control-socket", socket); !strings.Contains(got, "no process answers") {
		t.Errorf("reload without a process: %q", got)
	}
	if _, err := os.Stat(socket); !os.IsNotExist(err) {
		t.Errorf("the socket stays: %v", err)
	}
}

// A socket that a killed process left is taken over; one that is in use is not.
func TestControlSocketLeftOver(t *testing.T) {
	t.Setenv("GATEWAYWORKER_ADMIN_LISTEN", "off")
	socket := filepath.Join(t.TempDir(), "control.sock")
	args := []string{"register", "--listen", "text://127.0.0.1:0", "--control-socket", socket}
	first := startProcess(t, nil, args...)
	first.logged("register is serving")
	command(t, 0, "reload", "--control-socket", socket) // it is there

	second := startProcess(t, nil, args...)
	second.logged("gatewayworker: --control-socket", "address already in use")
	if code := second.exit(); code != exitUsage {
		t.Errorf("exit code %d of a second process at one socket", code)
	}

	first.signal(syscall.SIGKILL)
	first.exit()
	third := startProcess(t, nil, args...)
	third.logged("register is serving")
	command(t, 0, "reload", "--control-socket", socket)
	if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket's mode: %v, %v", info.Mode(), err)
	}
}
