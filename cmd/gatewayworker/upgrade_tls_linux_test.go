package main

import (
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/certtest"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

// secured is a gateway's process with TLS, and a worker at it.
type secured struct {
	*upgraded
	t *testing.T
}

func startSecured(t *testing.T, args ...string) *secured {
	t.Helper()
	ports := freePorts(t, 2)
	dir := t.TempDir()
	cert, key := certtest.SelfSigned(t, time.Hour, "127.0.0.1")
	for name, text := range map[string][]byte{"cert.pem": cert, "key.pem": key} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	u := &upgraded{
		Gateway: &clustertest.Gateway{ClientAddr: "127.0.0.1:" + ports[0], InnerAddr: "127.0.0.1:" + ports[1]},
		socket:  filepath.Join(dir, "control.sock"),
	}
	u.running = startProcess(t, nil, append([]string{"gateway", "--listen", "websocket://" + u.ClientAddr, "--start-port", ports[1],
		"--register-address", "127.0.0.1:9", "--control-socket", u.socket,
		"--transport", "ssl", "--ssl-cert", filepath.Join(dir, "cert.pem"), "--ssl-key", filepath.Join(dir, "key.pem")}, args...)...)
	u.logged("gateway is serving")
	u.worker = u.ConnectWorker(t, "w:0")
	return &secured{u, t}
}

// dial has a client come.
func (s *secured) dial() *websocket.Conn {
	s.t.Helper()
	d := websocket.Dialer{HandshakeTimeout: patience, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	ws, _, err := d.Dial("wss://"+s.ClientAddr+"/", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = ws.Close() })
	_ = ws.SetReadDeadline(time.Now().Add(patience))
	s.worker.Next(s.t, gp.CmdOnWebSocketConnect)
	return ws
}

// echo has a client and the worker say something to each other.
func (s *secured) echo(ws *websocket.Conn) {
	s.t.Helper()
	s.said++
	up, down := fmt.Sprintf("up %d", s.said), fmt.Sprintf("down %d", s.said)
	if err := ws.WriteMessage(websocket.TextMessage, []byte(up)); err != nil {
		s.t.Fatal(err)
	}
	m := s.worker.Next(s.t, gp.CmdOnMessage)
	if string(m.Body) != up {
		s.t.Fatalf("the worker got %q, want %q", m.Body, up)
	}
	s.worker.Send(s.t, gp.Message{Cmd: gp.CmdSendToOne, Flag: gp.FlagBodyIsScalar, ConnectionID: m.ConnectionID, Body: []byte(down)})
	if _, got, err := ws.ReadMessage(); string(got) != down {
		s.t.Fatalf("the client got %q, %v, want %q", got, err, down)
	}
}

// TestUpgradeTLS replaces a process three times: clients under TLS stay, each with the
// process to which it came, which ends with the last of them.
func TestUpgradeTLS(t *testing.T) {
	s := startSecured(t)
	first := s.dial()
	said := s.upgrade(0)
	if !strings.Contains(said, "of them under TLS: 1, for which the process before goes on\n") {
		t.Errorf("it says\n%s", said)
	}
	second := servedBy(t, said)
	s.echo(first)
	ws := s.dial()
	for range 2 {
		s.upgrade(0)
		s.echo(first)
		s.echo(ws)
	}
	if err := syscall.Kill(second, 0); err != nil {
		t.Errorf("the second process has ended: %v", err)
	}
	_ = ws.Close()
	s.worker.Next(t, gp.CmdOnClose)
	testwait.Until(t, "the second process ends", func() bool { return syscall.Kill(second, 0) != nil })
	s.echo(first)
	s.signal(syscall.SIGTERM)
	if code := s.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	s.worker.Next(t, gp.CmdOnClose)
	if _, got, err := first.ReadMessage(); err == nil {
		t.Errorf("the client gets %q after the end", got)
	} else if errTimeout(err) {
		t.Error("the client's connection does not end")
	}
}

func errTimeout(err error) bool {
	e, ok := err.(interface{ Timeout() bool })
	return ok && e.Timeout()
}

// TestUpgradeRelayTime: clients of the process before are closed when their time is
// over; those of the new one stay.
func TestUpgradeRelayTime(t *testing.T) {
	s := startSecured(t, "--upgrade-relay-time", "100ms")
	old := s.dial()
	said := s.upgrade(0)
	s.worker.Next(t, gp.CmdOnClose)
	fresh := s.dial()
	if _, got, err := old.ReadMessage(); err == nil || errTimeout(err) {
		t.Errorf("the client reads %q, %v", got, err)
	}
	s.echo(fresh)
	second := servedBy(t, said)
	s.upgrade(0)
	s.worker.Next(t, gp.CmdOnClose)
	testwait.Until(t, "the second process ends", func() bool { return syscall.Kill(second, 0) != nil })
	s.signal(syscall.SIGTERM)
	if code := s.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
