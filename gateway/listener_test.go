package gateway

import (
	"bufio"
	"crypto/tls"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// at is dialRaw for another listener.
func (g *testGateway) at(address string, config *tls.Config) *peer {
	g.t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		g.t.Fatal(err)
	}
	if config != nil {
		conn = tls.Client(conn, config)
	}
	g.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return &peer{t: g.t, conn: conn, r: bufio.NewReader(conn)}
}

// TestListeners: clients of several listeners share one hub, and each gets a
// message in the protocol of its own.
func TestListeners(t *testing.T) {
	for name, portable := range map[string]bool{"epoll": false, "portable": true} {
		t.Run(name, func(t *testing.T) {
			g := startGateway(t, Options{
				PingInterval: time.Hour,
				Listeners: []Listener{
					{Listen: "websocket://127.0.0.1:0", TLS: serverTLS()},
					{Listen: "text://127.0.0.1:0"},
					{Listen: "websocket://127.0.0.1:0", BinaryFrames: true},
				},
				portable: portable,
			})
			w := g.worker("w:0")
			ws := g.dialWS()
			w.event(gp.CmdOnConnect)
			d := websocket.Dialer{HandshakeTimeout: patience, TLSClientConfig: clientTLSConfig}
			dial := func(url string) *websocket.Conn {
				c, _, err := d.Dial(url, nil)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = c.Close() })
				_ = c.SetReadDeadline(time.Now().Add(patience))
				return c
			}
			w.event(gp.CmdOnWebSocketConnect)
			wss := dial("wss://" + g.more[0])
			if m := w.event(gp.CmdOnConnect); m.GatewayPort != portOf(g.more[0]) || m.LocalPort != portOf(g.inner) {
				t.Errorf("a client of the second listener came to port %d, inner port %d", m.GatewayPort, m.LocalPort)
			}
			w.event(gp.CmdOnWebSocketConnect)
			text := g.at(g.more[1], nil)
			w.event(gp.CmdOnConnect)
			binary := dial("ws://" + g.more[2])
			w.event(gp.CmdOnConnect)
			w.event(gp.CmdOnWebSocketConnect)

			w.send(withBody(gp.CmdSendToAll, 0, "hello"))
			wantText(t, ws, "hello")
			wantText(t, wss, "hello")
			if line, err := text.r.ReadString('\n'); err != nil || line != "hello\n" {
				t.Errorf("the text client got %q, %v", line, err)
			}
			if kind, p, err := binary.ReadMessage(); err != nil || kind != websocket.BinaryMessage || string(p) != "hello" {
				t.Errorf("the client of binary frames got %q (kind %d, error %v)", p, kind, err)
			}
			if g.encodings != 3 {
				t.Errorf("a message is encoded in %d forms, want 3: ws and wss share one", g.encodings)
			}
			w.send(withBody(gp.CmdKick, 3, "bye")) // the text client
			if line, err := text.r.ReadString('\n'); err != nil || line != "bye\n" {
				t.Errorf("the text client got %q, %v", line, err)
			}
			text.gone()
			w.event(gp.CmdOnClose)

			var counts []int
			for _, l := range g.ListenerStats() {
				counts = append(counts, l.Clients)
				if l.Addr == nil {
					t.Error("a listener without an address")
				}
			}
			if want := []int{1, 1, 0, 1}; len(counts) != 4 || [4]int(counts) != [4]int(want) {
				t.Errorf("clients by listener: %v, want %v", counts, want)
			}
			g.shutdown()
		})
	}
}

// TestListenersAreOneForEachOption: a listener too many or too few is no reason
// to guess.
func TestListenersAreOneForEachOption(t *testing.T) {
	g, err := New(Options{Listen: "text://127.0.0.1:0", NoRegister: true, Listeners: []Listener{{Listen: "tcp://127.0.0.1:0"}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := g.Listen(); !errors.Is(err, errListenerCount) {
		t.Errorf("Listen: %v", err)
	}
	inner, clients, err := g.ListenAll()
	if err != nil && len(clients) != 0 {
		t.Error("listeners were left open") // the inner port is 2000 here, and may be in use
	}
	for _, l := range clients {
		_ = l.Close()
	}
	if inner != nil {
		_ = inner.Close()
	}
	a, _ := net.Listen("tcp", "127.0.0.1:0")
	b, _ := net.Listen("tcp", "127.0.0.1:0")
	if err := g.Serve(a, b); !errors.Is(err, errListenerCount) {
		t.Errorf("Serve: %v", err)
	}
	for _, bad := range []Options{
		{Listen: "text://127.0.0.1:0", Listeners: []Listener{{}}},
		{Listen: "text://127.0.0.1:0", Listeners: []Listener{{Listen: "ftp://127.0.0.1:0"}}},
	} {
		if _, err := New(bad); err == nil {
			t.Errorf("%+v: no error", bad.Listeners)
		}
	}
}
