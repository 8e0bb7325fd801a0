package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
)

// upgraded is a gateway's process that is replaced while a client, a worker and a
// caller are connected to it.
type upgraded struct {
	*running
	*clustertest.Gateway
	socket string
	worker *clustertest.Worker
	client *clustertest.Client
	said   int
}

// startUpgraded starts a gateway, a worker and a client, who is bound to a uid.
func startUpgraded(t *testing.T, args ...string) *upgraded {
	t.Helper()
	return startUpgradedAs(t, func(*exec.Cmd) {}, args...)
}

// startUpgradedAs is startUpgraded with a command that is changed before.
func startUpgradedAs(t *testing.T, change func(*exec.Cmd), args ...string) *upgraded {
	t.Helper()
	ports := freePorts(t, 2)
	u := &upgraded{
		Gateway: &clustertest.Gateway{ClientAddr: "127.0.0.1:" + ports[0], InnerAddr: "127.0.0.1:" + ports[1]},
		socket:  filepath.Join(t.TempDir(), "control.sock"),
	}
	u.running = startProcessAs(t, change, nil, append([]string{"gateway", "--listen", "websocket://" + u.ClientAddr, "--start-port", ports[1],
		"--register-address", "127.0.0.1:9", "--control-socket", u.socket}, args...)...)
	u.logged("gateway is serving")
	u.worker = u.ConnectWorker(t, "w:0")
	u.client = u.Connect(t, u.worker)
	u.worker.Send(t, gp.Message{Cmd: gp.CmdBindUID, ConnectionID: u.client.ID.ConnectionID, ExtData: []byte("bob")})
	u.talk()
	return u
}

// talk has the client and the worker say something to each other.
func (u *upgraded) talk() {
	u.t.Helper()
	u.said++
	up, down := fmt.Sprintf("up %d", u.said), fmt.Sprintf("down %d", u.said)
	u.client.Send(u.t, up)
	if m := u.worker.Next(u.t, gp.CmdOnMessage); string(m.Body) != up || m.ClientID() != u.client.ID {
		u.t.Fatalf("the worker got %q of %v, want %q of %v", m.Body, m.ClientID(), up, u.client.ID)
	}
	u.worker.Send(u.t, gp.Message{Cmd: gp.CmdSendToUID, Flag: gp.FlagBodyIsScalar, Body: []byte(down), ExtData: []byte(`["bob"]`)})
	if got := u.client.Receive(u.t); got != down {
		u.t.Fatalf("the client got %q, want %q", got, down)
	}
}

// newcomer has a client come, say something and go.
func (u *upgraded) newcomer() {
	u.t.Helper()
	c := u.Connect(u.t, u.worker)
	c.Send(u.t, "hello")
	if m := u.worker.Next(u.t, gp.CmdOnMessage); string(m.Body) != "hello" || m.ClientID() != c.ID {
		u.t.Fatalf("the worker got %q of %v", m.Body, m.ClientID())
	}
	c.Close()
	u.worker.Next(u.t, gp.CmdOnClose)
}

// upgrade runs the command, which must end with a code, and returns what it says. No
// time limit of it trips unless args have one.
func upgrade(t *testing.T, code int, socket string, args ...string) string {
	t.Helper()
	return command(t, code, append([]string{"upgrade", "--control-socket", socket, "--timeout", "1h", "--max-pause", "1h"}, args...)...)
}

func (u *upgraded) upgrade(code int, args ...string) string {
	u.t.Helper()
	return upgrade(u.t, code, u.socket, args...)
}

// servedBy is the pid that an upgrade has named as the one that serves.
func servedBy(t *testing.T, said string) int {
	t.Helper()
	_, rest, _ := strings.Cut(said, ", of which ")
	pid, _, ok := strings.Cut(rest, " ")
	n, err := strconv.Atoi(pid)
	if !ok || err != nil {
		t.Fatalf("no pid in %q", said)
	}
	return n
}

// TestUpgrade replaces a process three times, by the command and by SIGUSR2.
func TestUpgrade(t *testing.T) {
	u := startUpgraded(t)
	pids := map[int]bool{u.cmd.Process.Pid: true}
	for range 2 {
		said := u.upgrade(0)
		if !strings.Contains(said, "clients:           1\n") || !strings.Contains(said, "inner connections: 1\n") {
			t.Errorf("it says\n%s", said)
		}
		u.logged("serves in the place of the one before")
		pids[servedBy(t, said)] = true
		u.talk()
	}
	u.signal(syscall.SIGUSR2)
	u.logged("SIGUSR2: upgraded from", "1 clients and 1 inner connections have passed")
	u.talk()
	if len(pids) != 3 {
		t.Errorf("the processes that served were %v", pids)
	}
	second := u.Connect(t, u.worker)
	if want := u.client.ID.ConnectionID + 1; second.ID.ConnectionID != want {
		t.Errorf("the next client has the number %d, want %d", second.ID.ConnectionID, want)
	}

	u.signal(syscall.SIGHUP)
	u.logged("SIGHUP: nothing has changed")
	if got := command(t, 0, "reload", "--control-socket", u.socket); got != "nothing has changed\n" {
		t.Errorf("reload says %q", got)
	}
	u.signal(syscall.SIGTERM)
	if code := u.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	u.worker.Next(t, gp.CmdOnClose)
	if _, err := os.Stat(u.socket); !os.IsNotExist(err) {
		t.Errorf("the control socket stays: %v", err)
	}
	if c, err := net.Dial("tcp", u.InnerAddr); err == nil {
		c.Close()
		t.Error("somebody still serves the inner port")
	}
}
