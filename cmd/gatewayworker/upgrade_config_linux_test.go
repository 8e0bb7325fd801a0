package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

// TestUpgradeToAnotherConfiguration: what a reload cannot change an upgrade does,
// but for what peers know; and a configuration that is no good changes nothing.
func TestUpgradeToAnotherConfiguration(t *testing.T) {
	t.Setenv(stopTimeoutVariable, "") // the file says it
	dir := t.TempDir()
	file := filepath.Join(dir, "gatewayworker.yaml")
	ports := freePorts(t, 6)
	write := func(changes ...string) {
		t.Helper()
		text := fmt.Sprintf(`
control-socket: %s
register-address: 127.0.0.1:9
stop-timeout: 7m
gateways:
  - name: web
    listen: websocket://127.0.0.1:%s
    start-port: %s
  - name: devices
    listen: text://127.0.0.1:%s
    start-port: %s
    # more
`, filepath.Join(dir, "control.sock"), ports[0], ports[1], ports[2], ports[3])
		if err := os.WriteFile(file, []byte(strings.NewReplacer(changes...).Replace(text)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write()
	u := &upgraded{
		Gateway: &clustertest.Gateway{ClientAddr: "127.0.0.1:" + ports[0], InnerAddr: "127.0.0.1:" + ports[1]},
		socket:  filepath.Join(dir, "control.sock"),
	}
	u.running = startProcess(t, nil, "gateway", "--config", file)
	for range 2 {
		u.logged("gateway is serving")
	}
	u.worker = u.ConnectWorker(t, "w:0")
	u.client = u.Connect(t, u.worker)
	u.worker.Send(t, gp.Message{Cmd: gp.CmdBindUID, ConnectionID: u.client.ID.ConnectionID, ExtData: []byte("bob")})
	u.talk()

	for _, test := range []struct{ name, was, is, says string }{
		{"another inner port", "start-port: " + ports[1], "start-port: " + ports[4], "the running gateway has the inner address (lan-ip, start-port) 127.0.0.1:" + ports[1]},
		{"another lan ip", "start-port: " + ports[1], "start-port: " + ports[1] + "\n    lan-ip: 127.0.0.2", "client ids hold it"},
		{"a gateway less", "  - name: devices", "#", "gatewayworker.yaml"},
		{"a wrong value", "stop-timeout: 7m", "stop-timeout: soon", "gatewayworker.yaml:4"},
		{"a port that is in use", "# more", "listeners:\n      - listen: text://127.0.0.1:" + ports[1], "address already in use"},
		{"a listener less that has clients", "websocket://127.0.0.1:" + ports[0], "websocket://127.0.0.1:" + ports[4], "came by a listener that is not configured here"},
	} {
		t.Run(test.name, func(t *testing.T) {
			write(test.was, test.is)
			if said := u.upgrade(exitFailure); !strings.Contains(said, test.says) {
				t.Errorf("it says %q, want %q", said, test.says)
			}
			u.talk()
			u.newcomer()
		})
	}
	// A listener more, another one less, another timeout.
	write("# more", "listeners:\n      - listen: websocket://127.0.0.1:"+ports[4], "text://127.0.0.1:"+ports[2], "text://127.0.0.1:"+ports[5], "stop-timeout: 7m", "stop-timeout: 8m")
	if got := command(t, 0, "reload", "--config", file); !strings.Contains(got, "needs a restart: stop-timeout") {
		t.Errorf("reload says %q", got)
	}
	u.upgrade(0)
	u.talk()
	u.newcomer()
	devices := &clustertest.Gateway{ClientAddr: "127.0.0.1:" + ports[4], InnerAddr: "127.0.0.1:" + ports[3]}
	worker := devices.ConnectWorker(t, "w:1")
	devices.Connect(t, worker)
	// A third gateway, and a configuration as it was at the start.
	write("# more", fmt.Sprintf("listeners:\n      - listen: websocket://127.0.0.1:%s\n  - name: third\n    listen: text://127.0.0.1:%s\n    start-port: %s", ports[4], ports[2], freePorts(t, 1)[0]), "text://127.0.0.1:"+ports[2], "text://127.0.0.1:"+ports[5])
	u.upgrade(0)
	u.talk()
	devices.Connect(t, worker)
	if got := command(t, 0, "reload", "--config", file); got != "nothing has changed\n" {
		t.Errorf("reload says %q", got)
	}
	u.signal(syscall.SIGTERM)
	if code := u.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestUpgradeUnderWorkerman: the master's child is the pid that it knows, and its
// signals mean what they have meant.
func TestUpgradeUnderWorkerman(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "control.sock")
	c := startChild(t, "5.2.2", "--control-socket", socket)
	pid := c.cmd.Process.Pid
	c.wrote(c.LogFile, fmt.Sprintf(" pid:%d gateway is serving", pid))
	for i := range 2 {
		if said := upgrade(t, 0, socket); !strings.Contains(said, fmt.Sprintf("process:           %d, of which", pid)) {
			t.Errorf("it says\n%s", said)
		}
		c.wrote(c.LogFile, fmt.Sprintf(" pid:%d this process, ", pid))
		c.signal(syscall.SIGABRT)
		testwait.Until(t, "there is a line for each status", func() bool {
			text, _ := os.ReadFile(c.StatusFile)
			return strings.Count(string(text), fmt.Sprintf("%d\t", pid)) == i+1
		})
	}
	if text, _ := os.ReadFile(c.StatusFile); strings.Count(string(text), "\n") != 2 {
		t.Errorf("status has\n%s", text)
	}
	testwait.Until(t, "the process that serves has the title", func() bool {
		children := childrenOf(pid)
		if len(children) != 1 {
			return false // the one before is ending
		}
		title, _ := os.ReadFile(fmt.Sprintf("/proc/%s/cmdline", children[0]))
		return strings.Contains(string(title), c.Title)
	})
	c.signal(syscall.SIGUSR1) // reload, of a worker that is not reloadable
	c.wrote(c.LogFile, "nothing has changed")
	c.signal(syscall.SIGUSR2)
	c.signal(syscall.SIGINT)
	c.signal(syscall.SIGINT) // from the terminal, and from the master
	if code := c.exits(); code != 0 {
		t.Errorf("exit code %d after SIGINT", code)
	}
}
