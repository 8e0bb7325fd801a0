package gateway

import (
	"errors"
	"net"
	"testing"
	"time"

	logtest "github.com/sirupsen/logrus/hooks/test"
	"golang.org/x/sys/unix"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/netloop"
)

// breakPoller puts /dev/null in the place of a poller's epoll descriptor. What
// waits for the old one is kept alive, so that Wake has the poller look at the new
// one, and the kernel answers EINVAL.
func breakPoller(t *testing.T, p *netloop.Poller) {
	t.Helper()
	old, err := unix.Dup(p.Sysfd())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(old) })
	null, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(null)
	if err := unix.Dup3(null, p.Sysfd(), unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	p.Wake()
}

// TestFatalError: when a loop cannot go on, Serve ends with its error and closes
// all connections, in place of leaving a dead port.
func TestFatalError(t *testing.T) {
	for name, poller := range map[string]func(g *Gateway) *netloop.Poller{
		"first client poller": func(g *Gateway) *netloop.Poller { return g.clients.(*clientPollers).ps[0].poller },
		"last client poller": func(g *Gateway) *netloop.Poller {
			ps := g.clients.(*clientPollers).ps
			return ps[len(ps)-1].poller
		},
		"inner loop": func(g *Gateway) *netloop.Poller { return g.inner.(*innerLoop).poller },
	} {
		t.Run(name, func(t *testing.T) {
			logger, _ := logtest.NewNullLogger()
			g, err := New(Options{Listen: "text://127.0.0.1:0", NoRegister: true, Logger: logger})
			if err != nil {
				t.Fatal(err)
			}
			var ls [2]net.Listener
			for i := range ls {
				if ls[i], err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
					t.Fatal(err)
				}
			}
			served := make(chan error, 1)
			go func() { served <- g.Serve(ls[0], ls[1]) }()
			t.Cleanup(func() { _ = g.Close() })
			tg := &testGateway{Gateway: g, t: t, inner: ls[1].Addr().String()}
			tg.until("the gateway serves", func() bool { return g.ClientAddr() != nil })
			tg.worker("w") // without one, clients are sent away
			conn, err := net.Dial("tcp", ls[0].Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			tg.until("the client is there", func() bool { return len(g.allClients()) == 1 })
			breakPoller(t, poller(g))
			select {
			case err := <-served:
				if !errors.Is(err, unix.EINVAL) || errors.Is(err, ErrServerClosed) {
					t.Errorf("Serve returned %v, want EINVAL", err)
				}
			case <-time.After(patience):
				t.Fatal("Serve does not return")
			}
			_ = conn.SetReadDeadline(time.Now().Add(patience))
			var ne net.Error
			if _, err := conn.Read(make([]byte, 1)); err == nil || errors.As(err, &ne) && ne.Timeout() {
				t.Errorf("the client is not disconnected: %v", err)
			}
		})
	}
}
