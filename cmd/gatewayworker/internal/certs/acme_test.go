package certs

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// handshakes returns what a client with a configuration gets of s.
func handshakes(s *Server, config *tls.Config) (tls.ConnectionState, error) {
	client, server := net.Pipe()
	defer client.Close()
	go func() {
		_ = tls.Server(server, s.TLS()).Handshake()
		server.Close()
	}()
	c := tls.Client(client, config)
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	err := c.Handshake()
	return c.ConnectionState(), err
}

// TestACME: certificates are obtained by either proof, and by nobody else's name;
// after a start anew they come from the cache.
func TestACME(t *testing.T) {
	for _, proof := range []string{"http-01", "tls-alpn-01"} {
		t.Run(proof, func(t *testing.T) {
			authority := newAuthority(t, proof)
			opts := ACMEOptions{Domains: []string{"a.example", "b.example"}, Cache: t.TempDir(), Directory: authority.server.URL + "/directory"}
			start := func() (*ACME, *Server) {
				a, err := NewACME(opts)
				if err != nil {
					t.Fatal(err)
				}
				none, err := Load(Files{})
				if err != nil {
					t.Fatal(err)
				}
				return a, FromACME(a, none)
			}
			a, s := start()
			if proof == "http-01" {
				authority.prove = proveHTTP(a.HTTPHandler())
			} else {
				authority.prove = proveALPN(func(c *tls.Config) (tls.ConnectionState, error) { return handshakes(s, c) })
			}
			if err := a.Obtain(t.Context()); err != nil {
				t.Fatal(err)
			}
			for name, want := range map[string]string{"a.example": "a.example", "b.example": "b.example", "": "a.example"} {
				state, err := handshakes(s, &tls.Config{ServerName: name, InsecureSkipVerify: true})
				if err != nil || state.PeerCertificates[0].DNSNames[0] != want || state.NegotiatedProtocol != "" {
					t.Errorf("who asks for %q: %v, protocol %q", name, err, state.NegotiatedProtocol)
				}
			}
			if _, err := handshakes(s, &tls.Config{ServerName: "c.example", InsecureSkipVerify: true}); err == nil {
				t.Error("a certificate for a name that is not of the list")
			}
			if all := s.Certificates(); len(all) != 2 || all[0].Name != "a.example" || time.Until(all[0].Leaf.NotAfter) < 80*24*time.Hour {
				t.Errorf("certificates: %v", all)
			}
			if n := authority.issued(); n != 2 {
				t.Errorf("%d certificates were issued, want 2", n)
			}

			a, _ = start()
			if err := a.Obtain(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := authority.issued(); n != 2 {
				t.Errorf("after a start anew %d certificates were issued, want none again", n)
			}
		})
	}
}

// TestACMERefused: an authority that does not get its proof gives nothing, and the
// error says for which name.
func TestACMERefused(t *testing.T) {
	authority := newAuthority(t, "http-01")
	authority.prove = func(string, string) (bool, error) { return false, nil }
	a, err := NewACME(ACMEOptions{Domains: []string{"a.example"}, Cache: t.TempDir(), Directory: authority.server.URL + "/directory"})
	if err != nil {
		t.Fatal(err)
	}
	a.HTTPHandler()
	if err := a.Obtain(t.Context()); err == nil || authority.issued() > 0 {
		t.Errorf("error %v, %d certificates", err, authority.issued())
	}
}

// TestACMEHandler: what is no question of an authority is not found.
func TestACMEHandler(t *testing.T) {
	a, err := NewACME(ACMEOptions{Domains: []string{"a.example"}, Cache: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/", "/.well-known/acme-challenge/none"} {
		w := httptest.NewRecorder()
		a.HTTPHandler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://a.example"+path, nil))
		if w.Code != http.StatusNotFound {
			t.Errorf("%s: status %d", path, w.Code)
		}
	}
}
