package gateway

import (
	"crypto/tls"
	"net"
	"net/http/httptest"
	"testing"
	"time"
)

// TestCloseStuckTLS: closing a client that does not read holds up neither
// the inner loop nor other clients.
func TestCloseStuckTLS(t *testing.T) {
	cert := httptest.NewUnstartedServer(nil)
	cert.StartTLS()
	defer cert.Close()
	near, far := net.Pipe() // has no room at all
	defer far.Close()
	server := tls.Server(near, &tls.Config{Certificates: cert.TLS.Certificates})
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
	began := time.Now()
	(&streamTransport{conn: server}).close(true)
	if waited := time.Since(began); waited > 3*time.Second {
		t.Errorf("close took %v", waited)
	}
}
