package gateway

import (
	"crypto/tls"
	"net"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// stuck is a connection that takes nothing more once it is full, for as long as the
// test likes: crypto/tls gives up after five seconds.
type stuck struct {
	net.Conn
	full atomic.Bool
	over chan struct{}
}

func (c *stuck) Write(p []byte) (int, error) {
	if c.full.Load() {
		<-c.over
		return 0, net.ErrClosed
	}
	return c.Conn.Write(p)
}

func (c *stuck) SetWriteDeadline(time.Time) error { return nil }

// TestCloseStuckTLS: closing a client that does not read holds up neither
// the inner loop nor other clients.
func TestCloseStuckTLS(t *testing.T) {
	cert := httptest.NewUnstartedServer(nil)
	cert.StartTLS()
	defer cert.Close()
	near, far := net.Pipe()
	defer far.Close()
	conn := &stuck{Conn: near, over: make(chan struct{})}
	defer close(conn.over)
	server := tls.Server(conn, &tls.Config{Certificates: cert.TLS.Certificates})
	shaken := make(chan error, 1)
	go func() {
		// In TLS 1.3 the client would have to read once more.
		shaken <- tls.Client(far, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12}).Handshake()
	}()
	if err := server.Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := <-shaken; err != nil {
		t.Fatal(err)
	}
	conn.full.Store(true)
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		(&streamTransport{conn: server}).close(true)
	}()
	select {
	case <-closed:
	case <-time.After(patience):
		t.Error("close waits for the client")
	}
}
