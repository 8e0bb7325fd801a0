package gateway

import (
	"errors"
	"net"
	"testing"

	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/hub"
)

// listener accepts what its test gives it.
type listener struct {
	net.Listener
	accepts []func() (net.Conn, error)
}

func (l *listener) Accept() (net.Conn, error) {
	next := l.accepts[0]
	l.accepts = l.accepts[1:]
	return next()
}

func (l *listener) Close() error { return nil }

// TestPortableAccept: a failed accept does not end the inner port, and a
// connection that comes while the port is ending is closed.
func TestPortableAccept(t *testing.T) {
	logger, _ := logtest.NewNullLogger()
	g := &Gateway{log: logrus.NewEntry(logger), hub: hub.New(0)}
	g.current.Store(new(Options))
	conn, peer := net.Pipe()
	defer peer.Close()
	ln := new(listener)
	l := newInnerGoroutines(g, ln)
	ln.accepts = []func() (net.Conn, error){
		func() (net.Conn, error) { return nil, errors.New("too many open files") },
		func() (net.Conn, error) { l.stop(); return conn, nil },
		func() (net.Conn, error) { return nil, net.ErrClosed },
	}
	l.serve()
	g.running.Wait()
	if _, err := conn.Read(make([]byte, 1)); err == nil || len(ln.accepts) > 0 {
		t.Errorf("the connection is open (%v), %d calls of Accept are left", err, len(ln.accepts))
	}
}
