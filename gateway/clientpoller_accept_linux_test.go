package gateway

import (
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/netloop"
)

// failingListener fails some times before it accepts.
type failingListener struct {
	*netloop.Listener
	errs  []error
	calls []time.Time
}

func (l *failingListener) Accept() (int, netip.AddrPort, error) {
	l.calls = append(l.calls, time.Now())
	if len(l.errs) > 0 {
		err := l.errs[0]
		l.errs = l.errs[1:]
		return -1, netip.AddrPort{}, err
	}
	return l.Listener.Accept()
}

// TestAcceptFails: what keeps the client port from accepting does not make its
// poller spin, and the connection is accepted when that has passed.
func TestAcceptFails(t *testing.T) {
	g := startGateway(t, Options{Listen: "text://127.0.0.1:0"})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	ps, err := newClientPollers(g.Gateway, 1, []*net.TCPListener{ln.(*net.TCPListener)})
	if err != nil {
		t.Fatal(err)
	}
	errs := []error{syscall.ENOMEM, syscall.ENOBUFS, syscall.EPERM, syscall.EMFILE, netloop.ErrRefused}
	failing := &failingListener{Listener: ps[0].entrances[0].from.(*netloop.Listener), errs: errs}
	ps[0].entrances[0].from = failing
	served := make(chan struct{})
	go func() {
		defer close(served)
		ps[0].serve()
	}()
	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := io.ReadAll(conn); err != nil { // accepted, and closed for want of a worker
		t.Error(err)
	}
	ps[0].stop()
	<-served
	for i, least := range []time.Duration{5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond, 40 * time.Millisecond} {
		if i+1 >= len(failing.calls) {
			t.Fatalf("%d calls", len(failing.calls))
		}
		if pause := failing.calls[i+1].Sub(failing.calls[i]); pause < least {
			t.Errorf("%v after %v it accepts again, want a pause of %v", pause, errs[i], least)
		}
	}
}
