package gateway

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

func TestLastUntrusted(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")}
	for list, want := range map[string]string{
		"203.0.113.7":    "203.0.113.7",
		"203.0.113.7:80": "203.0.113.7",
		" 1.1.1.1 , 203.0.113.7,10.0.0.2,10.0.0.3": "203.0.113.7",
		"evil, 203.0.113.7":                        "203.0.113.7",
		"203.0.113.7, evil":                        "",
		"203.0.113.7, evil, 10.0.0.2":              "10.0.0.2",
		"10.0.0.1, 10.0.0.2":                       "10.0.0.1",
		"2a00::1":                                  "2a00::1",
		"[2a00::1]":                                "2a00::1",
		"[2a00::1]:443, 2001:db8::5":               "2a00::1",
		"::ffff:203.0.113.7":                       "203.0.113.7",
		"203.0.113.7, ::ffff:10.0.0.3":             "203.0.113.7",
		"":                                         "",
		",":                                        "",
		"unknown":                                  "",
		"256.1.1.1":                                "",
	} {
		got, ok := lastUntrusted(list, trusted)
		if ok != (want != "") || ok && got.String() != want {
			t.Errorf("%q: got %v, %v, want %q", list, got, ok, want)
		}
	}
}

// TestProxyHeader: what a trusted proxy says of a client is what workers get
// from onWebSocketConnect on; what others say is not believed.
func TestProxyHeader(t *testing.T) {
	elsewhere := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	for _, test := range []struct {
		name    string
		trusted []netip.Prefix
		header  string // Options.ProxyHeader
		send    http.Header
		want    string // "" is the connection's own
	}{
		{"off", nil, "", http.Header{"X-Forwarded-For": {"203.0.113.7"}}, ""},
		{"not trusted", elsewhere, "", http.Header{"X-Forwarded-For": {"203.0.113.7"}}, ""},
		{"trusted", loopback, "", http.Header{"X-Forwarded-For": {"6.6.6.6, 203.0.113.7, 127.0.0.9"}}, "203.0.113.7"},
		{"two lines", loopback, "", http.Header{"X-Forwarded-For": {"6.6.6.6", "203.0.113.7"}}, "203.0.113.7"},
		{"another header", loopback, "", http.Header{"X-Real-Ip": {"6.6.6.6"}}, ""},
		{"X-Real-IP", loopback, "x-real-ip", http.Header{"X-Real-Ip": {"203.0.113.8"}, "X-Forwarded-For": {"6.6.6.6"}}, "203.0.113.8"},
		{"CF-Connecting-IP", loopback, "CF-Connecting-IP", http.Header{"Cf-Connecting-Ip": {"2a00::1"}}, "2a00::1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := startGateway(t, Options{TrustedProxies: test.trusted, ProxyHeader: test.header})
			w := g.worker("w:0")
			ws, _, err := (&websocket.Dialer{HandshakeTimeout: patience}).Dial("ws://"+g.client+"/", test.send)
			if err != nil {
				t.Fatal(err)
			}
			defer ws.Close()
			own := netip.MustParseAddrPort(ws.LocalAddr().String())
			want := own.Addr()
			if test.want != "" {
				want = netip.MustParseAddr(test.want)
			}
			check := func(m gp.Message, want netip.Addr) {
				t.Helper()
				if m.ClientIP != gp.AddrToUint32(want) || m.ClientPort != own.Port() {
					t.Errorf("%v has client %#x:%d, want %v:%d", m.Cmd, m.ClientIP, m.ClientPort, want, own.Port())
				}
			}
			check(w.event(gp.CmdOnConnect), own.Addr())
			m := w.event(gp.CmdOnWebSocketConnect)
			check(m, want)
			if addr := fmt.Sprintf(`"REMOTE_ADDR";s:%d:"%s"`, len(phpIP(want)), phpIP(want)); !strings.Contains(string(m.Body), addr) {
				t.Errorf("no %s in %s", addr, m.Body)
			}
			if err := ws.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
				t.Fatal(err)
			}
			check(w.event(gp.CmdOnMessage), want)
			if err := ws.Close(); err != nil {
				t.Fatal(err)
			}
			check(w.event(gp.CmdOnClose), want)
		})
	}
}

const (
	proxyHead1 = "PROXY TCP4 203.0.113.7 198.51.100.1 54321 443\r\n"
	proxyHead2 = "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0f\xcb\x00\x71\x07\xc6\x33\x64\x01\xd4\x31\x01\xbb\x03\x00\x00"
)

// TestProxyProtocol: the head stands in front of TLS and of any client protocol,
// and may come in pieces.
func TestProxyProtocol(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.Listen, opts.TrustedProxies, opts.ProxyProtocol = "text://127.0.0.1:0", loopback, true
		g := startGateway(t, opts)
		w := g.worker("w:0")
		for _, test := range []struct {
			name, head string
			pieces     bool
			want       string // "" is the proxy's
		}{
			{"version 1", proxyHead1, false, "203.0.113.7:54321"},
			{"version 1 in pieces", proxyHead1, true, "203.0.113.7:54321"},
			{"version 2", proxyHead2, false, "203.0.113.7:54321"},
			{"version 2 in pieces", proxyHead2, true, "203.0.113.7:54321"},
			{"health check", "PROXY UNKNOWN\r\n", false, ""},
		} {
			t.Run(test.name, func(t *testing.T) {
				conn, err := net.Dial("tcp", g.client)
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(patience))
				own := conn.LocalAddr().String()
				if test.pieces {
					for _, b := range []byte(test.head) {
						if _, err := conn.Write([]byte{b}); err != nil {
							t.Fatal(err)
						}
					}
				} else {
					conn = &headed{Conn: conn, head: test.head}
				}
				if opts.TLS != nil {
					conn = tls.Client(conn, clientTLSConfig)
				}
				if _, err := conn.Write([]byte("hello\n")); err != nil {
					t.Fatal(err)
				}
				want := netip.MustParseAddrPort(own)
				if test.want != "" {
					want = netip.MustParseAddrPort(test.want)
				}
				for _, cmd := range []gp.Command{gp.CmdOnConnect, gp.CmdOnMessage} {
					m := w.event(cmd)
					if m.ClientIP != gp.AddrToUint32(want.Addr()) || m.ClientPort != want.Port() {
						t.Errorf("%v has client %#x:%d, want %v", cmd, m.ClientIP, m.ClientPort, want)
					}
					if cmd == gp.CmdOnMessage {
						w.send(withBody(gp.CmdSendToOne, m.ConnectionID, "answer"))
					}
				}
				wantRead(t, conn, "answer\n")
				_ = conn.Close()
				w.event(gp.CmdOnClose)
			})
		}
	})
}

// headed writes a head together with the first bytes.
type headed struct {
	net.Conn
	head string
}

func (c *headed) Write(p []byte) (int, error) {
	if c.head == "" {
		return c.Conn.Write(p)
	}
	head := c.head
	c.head = ""
	if _, err := c.Conn.Write(append([]byte(head), p...)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// TestProxyProtocolRefused: who has to send a head and does not is closed, and no
// worker hears of it.
func TestProxyProtocolRefused(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.Listen, opts.TrustedProxies, opts.ProxyProtocol = "text://127.0.0.1:0", loopback, true
		opts.HandshakeTimeout = 300 * time.Millisecond
		g := startGateway(t, opts)
		w := g.worker("w:0")
		for name, said := range map[string]string{"nothing": "", "a part": proxyHead1[:20], "another protocol": "hello\n"} {
			t.Run(name, func(t *testing.T) {
				conn, err := net.Dial("tcp", g.client)
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(patience))
				if _, err := io.WriteString(conn, said); err != nil {
					t.Fatal(err)
				}
				if got, err := io.ReadAll(conn); len(got) > 0 || err != nil && !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("got %q, %v", got, err)
				}
				g.await("a trusted proxy's connection has no good PROXY head, closing it")
			})
		}
		w.barrier() // and no event before it
		if n := g.Stats().Clients; n != 0 {
			t.Errorf("%d clients", n)
		}
	})
}

// TestProxyProtocolUntrusted: who is not trusted is a client like any other, and
// what looks like a head is its first message.
func TestProxyProtocolUntrusted(t *testing.T) {
	g := startGateway(t, Options{
		Listen: "text://127.0.0.1:0", ProxyProtocol: true,
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")},
	})
	w := g.worker("w:0")
	c := g.dialRaw()
	if _, err := io.WriteString(c.conn, proxyHead1); err != nil {
		t.Fatal(err)
	}
	own := netip.MustParseAddrPort(c.conn.LocalAddr().String())
	if m := w.event(gp.CmdOnConnect); m.ClientPort != own.Port() {
		t.Errorf("client port %d, want %d", m.ClientPort, own.Port())
	}
	if m := w.event(gp.CmdOnMessage); string(m.Body) != strings.TrimSuffix(proxyHead1, "\n") && string(m.Body) != strings.TrimSuffix(proxyHead1, "\r\n") {
		t.Errorf("message %q", m.Body)
	}
}

// TestProxyProtocolStop: connections without a head do not hold up a stop.
func TestProxyProtocolStop(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.TrustedProxies, opts.ProxyProtocol = loopback, true
		g := startGateway(t, opts)
		g.worker("w:0")
		conn, err := net.Dial("tcp", g.client)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(patience))
		g.shutdown()
		if _, err := io.ReadAll(conn); err != nil && !errors.Is(err, syscall.ECONNRESET) {
			t.Error(err)
		}
	})
}

func TestProxyOptions(t *testing.T) {
	for _, opts := range []Options{
		{ProxyProtocol: true},
		{ProxyHeader: "X-Real-IP"},
		{TrustedProxies: loopback, ProxyHeader: "X Real"},
		{TrustedProxies: []netip.Prefix{{}}},
	} {
		opts.Listen = "websocket://127.0.0.1:0"
		var bad *OptionError
		if _, err := New(opts); !errors.As(err, &bad) {
			t.Errorf("%+v: %v", opts, err)
		}
	}
}
