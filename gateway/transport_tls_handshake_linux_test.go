package gateway

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// held keeps what is written, from the second write on, until release.
type held struct {
	net.Conn
	writes int
	kept   []byte
}

func (c *held) Write(p []byte) (int, error) {
	if c.writes++; c.writes == 1 { // the client's hello
		return c.Conn.Write(p)
	}
	c.kept = append(c.kept, p...)
	return len(p), nil
}

// SetWriteDeadline does not end release, as crypto/tls would have it at its end.
func (c *held) SetWriteDeadline(time.Time) error { return nil }

func (c *held) release(t *testing.T) {
	t.Helper()
	if _, err := c.Conn.Write(c.kept); err != nil {
		t.Fatal(err)
	}
	c.kept = nil
}

// TestTLSDataWithFinished sends messages together with the last bytes of the
// handshake, less and more than the handshake reads at once, and even TLS's end.
func TestTLSDataWithFinished(t *testing.T) {
	for _, test := range []struct {
		size int
		end  bool
	}{{0, false}, {10, false}, {3000, false}, {5000, false}, {100000, false}, {10, true}} {
		t.Run(fmt.Sprint(test), func(t *testing.T) {
			g := startGateway(t, Options{Listen: "frame://127.0.0.1:0", TLS: serverTLS()})
			w := g.worker("w:0")
			var wire *held
			c := g.dialTLS(&tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13}, func(conn net.Conn) net.Conn {
				wire = &held{Conn: conn}
				return wire
			})
			body := strings.Repeat("x", test.size)
			for range 2 {
				if _, err := c.Write(g.listeners[0].codec.AppendMessage(nil, []byte(body))); err != nil {
					t.Fatal(err)
				}
			}
			if test.end {
				if err := c.CloseWrite(); err != nil {
					t.Fatal(err)
				}
			}
			wire.release(t)
			w.event(gp.CmdOnConnect)
			for range 2 {
				if m := w.event(gp.CmdOnMessage); string(m.Body) != body {
					t.Errorf("got %d bytes, want %d", len(m.Body), test.size)
				}
			}
			if test.end {
				w.event(gp.CmdOnClose)
				return
			}
			w.send(withBody(gp.CmdSendToOne, 1, "ok"))
			wantRead(t, c, string(g.listeners[0].codec.AppendMessage(nil, []byte("ok"))))
		})
	}
}

// TestTLSStuckHandshake ends clients that have begun the handshake, or said
// nothing at all, and go no further.
func TestTLSStuckHandshake(t *testing.T) {
	ends := map[string]func(t *testing.T, g *testGateway, w *peer){
		"shutdown": func(t *testing.T, g *testGateway, w *peer) {
			g.shutdown()
			w.event(gp.CmdOnClose)
		},
		"shutdown with a message waiting": func(t *testing.T, g *testGateway, w *peer) {
			w.send(withBody(gp.CmdSendToOne, 1, "welcome"))
			w.barrier()
			g.shutdown()
			w.event(gp.CmdOnClose)
		},
		"close": func(t *testing.T, g *testGateway, w *peer) {
			if err := g.Close(); err != nil {
				t.Error(err)
			}
		},
		"heartbeat": func(t *testing.T, g *testGateway, w *peer) {
			b := new(batch)
			for range 4 {
				for _, c := range g.allClients() {
					g.beat(b, c, int32(g.opts.PingNotResponseLimit), nil)
				}
			}
			b.flush()
			w.event(gp.CmdOnClose)
		},
		"kick": func(t *testing.T, g *testGateway, w *peer) {
			w.send(withBody(gp.CmdKick, 1, ""))
			w.event(gp.CmdOnClose)
		},
	}
	for name, end := range ends {
		for _, said := range []string{"", "\x16\x03\x01\x02\x00\x01\x00"} {
			t.Run(fmt.Sprintf("%s after %d bytes", name, len(said)), func(t *testing.T) {
				g := startGateway(t, Options{Listen: "tcp://127.0.0.1:0", TLS: serverTLS(), PingNotResponseLimit: 1})
				w := g.worker("w:0")
				conn, err := net.Dial("tcp", g.client)
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				fmt.Fprint(conn, said)
				w.event(gp.CmdOnConnect)
				if said != "" {
					g.awaitHandshake(t)
				}
				end(t, g, w)
				if got, err := io.ReadAll(conn); len(got) > 0 || err != nil {
					t.Errorf("the client got %q, %v", got, err)
				}
			})
		}
	}
}

// awaitHandshake returns when the first client's handshake has begun, and has
// read all that came.
func (g *testGateway) awaitHandshake(t *testing.T) {
	t.Helper()
	c := g.allClients()[0]
	g.until("the handshake begins", func() bool {
		fd := socketOf(c).fd.Sysfd()
		info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		if err != nil {
			t.Fatal(err)
		}
		unread, err := unix.IoctlGetInt(fd, unix.TIOCINQ)
		return info.Bytes_received > 0 && unread == 0 && err == nil
	})
}

// TestTLSHandshakeFails: a client without common terms gets an alert that says
// why, and the worker gets the event of its end.
func TestTLSHandshakeFails(t *testing.T) {
	clientCert := serverTLS().Certificates[0]
	strict := serverTLS().Clone()
	strict.ClientAuth = tls.RequireAnyClientCert
	g := startGateway(t, Options{Listen: "text://127.0.0.1:0", TLS: strict})
	w := g.worker("w:0")

	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		c := g.dialTLS(&tls.Config{InsecureSkipVerify: true, MaxVersion: version}, nil)
		_, err := fmt.Fprintln(c, "hello") // in TLS 1.3 the client is through before the server
		if err == nil {
			_, err = io.ReadAll(c)
		}
		if err == nil || !strings.Contains(err.Error(), "remote error: tls: ") {
			t.Errorf("%s without a certificate: %v", tls.VersionName(version), err)
		}
		w.event(gp.CmdOnConnect)
		w.event(gp.CmdOnClose)

		c = g.dialTLS(&tls.Config{InsecureSkipVerify: true, MaxVersion: version, Certificates: []tls.Certificate{clientCert}}, nil)
		fmt.Fprintln(c, "hello")
		w.event(gp.CmdOnConnect)
		w.event(gp.CmdOnMessage)
		_ = c.Close()
		w.event(gp.CmdOnClose)
	}

	g.await("TLS handshake failed")

	plain, err := net.Dial("tcp", g.client)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	fmt.Fprint(plain, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
	if _, err := io.ReadAll(plain); err != nil {
		t.Errorf("a client without TLS: %v", err)
	}
	w.event(gp.CmdOnConnect)
	w.event(gp.CmdOnClose)
}

// TestTLSConfig: a user's functions see the connection's addresses, and sessions
// are resumed.
func TestTLSConfig(t *testing.T) {
	cfg := serverTLS().Clone()
	type addrs struct{ local, remote net.Addr }
	seen := make(chan addrs, 2)
	cfg.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		seen <- addrs{h.Conn.LocalAddr(), h.Conn.RemoteAddr()}
		return nil, nil
	}
	g := startGateway(t, Options{Listen: "text://127.0.0.1:0", TLS: cfg})
	w := g.worker("w:0")
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		cache := tls.NewLRUClientSessionCache(1)
		for i := range 2 {
			c := g.dialTLS(&tls.Config{InsecureSkipVerify: true, MaxVersion: version, ClientSessionCache: cache, ServerName: "localhost"}, nil)
			fmt.Fprintln(c, "hello")
			id := w.event(gp.CmdOnConnect).ConnectionID
			if got := <-seen; got.remote.String() != c.LocalAddr().String() || got.local.String() != g.client {
				t.Errorf("the configuration saw a connection from %v to %v, want %v, %v", got.remote, got.local, c.LocalAddr(), netip.MustParseAddrPort(g.client))
			}
			w.event(gp.CmdOnMessage)
			w.send(withBody(gp.CmdSendToOne, id, "welcome"))
			wantRead(t, c, "welcome\n") // and a ticket before it
			if resumed := c.ConnectionState().DidResume; resumed != (i == 1) {
				t.Errorf("%s, connection %d: resumed: %v", tls.VersionName(version), i, resumed)
			}
			_ = c.Close()
			w.event(gp.CmdOnClose)
		}
	}
}

// gated reads nothing until it is opened.
type gated struct {
	net.Conn
	open chan struct{}
}

func (c gated) Read(p []byte) (int, error) {
	<-c.open
	return c.Conn.Read(p)
}

// TestTLSHandshakeRefused: the answers of a handshake that the kernel has no room
// for go out when it has.
func TestTLSHandshakeRefused(t *testing.T) {
	cfg := serverTLS().Clone()
	cert := cfg.Certificates[0]
	for range 500 { // a long chain
		cert.Certificate = append(cert.Certificate, cert.Certificate[0])
	}
	cfg.Certificates = []tls.Certificate{cert}
	g := startGateway(t, Options{Listen: "text://127.0.0.1:0", TLS: cfg})
	w := g.worker("w:0")
	// Accepted sockets inherit it.
	listener := g.clients.(*clientPollers).ps[0].entrances[0].fd
	if err := unix.SetsockoptInt(listener, unix.SOL_SOCKET, unix.SO_SNDBUF, 4096); err != nil {
		t.Fatal(err)
	}
	gate := make(chan struct{})
	c := g.overTLS(gated{g.dialNarrow(), gate}, clientTLSConfig)
	shaken := make(chan error, 1)
	go func() { shaken <- c.Handshake() }()
	w.event(gp.CmdOnConnect)
	w.send(withBody(gp.CmdSendToOne, 1, "early"))
	slow := g.allClients()[0]
	g.until("the kernel refuses something", func() bool {
		slow.mu.Lock()
		defer slow.mu.Unlock()
		return tlsOf(slow).heldLocked() > 0
	})
	close(gate)
	if err := <-shaken; err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(c, "hello")
	w.event(gp.CmdOnMessage)
	wantRead(t, c, "early\n")
}
