package gateway

import (
	"bufio"
	"errors"
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

// wantClose reads until the end, which must be a close frame with a code.
func wantClose(t *testing.T, ws *websocket.Conn, code int) {
	t.Helper()
	_ = ws.SetReadDeadline(time.Now().Add(patience))
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			if !websocket.IsCloseError(err, code) {
				t.Errorf("got %v, want a close frame with %d", err, code)
			}
			return
		}
	}
}

func TestMaxClients(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.MaxClients = 2
		g := startGateway(t, opts)
		g.worker("w:0")
		a, _ := g.dialWS(), g.dialWS()
		g.wantStatus(http.StatusServiceUnavailable, nil)
		g.wantLimit(LimitClients, 1)
		_ = a.Close()
		g.until("there is room", func() bool { return g.Stats().Clients == 1 })
		g.dialWS()
		g.wantLimit(LimitClients, 1)
	})
}

func TestMaxClientsPerAddress(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.MaxClientsPerAddress = 2
		g := startGateway(t, opts)
		w := g.worker("w:0")
		a, _ := g.dialWS(), g.dialWS()
		g.wantStatus(http.StatusTooManyRequests, nil)
		g.wantLimit(LimitClientsPerAddress, 1)
		other, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}).Dial("tcp", g.client)
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		g.clientsAre(3) // another address is let in
		_ = a.Close()
		g.clientsAre(2)
		g.dialWS()
		g.wantLimit(LimitClientsPerAddress, 1)
		w.send(withBody(gp.CmdDestroy, 1, "")) // is gone already
		w.send(withBody(gp.CmdDestroy, 2, ""), withBody(gp.CmdDestroy, 3, ""), withBody(gp.CmdDestroy, 4, ""))
		g.clientsAre(0)
		g.limits.mu.Lock()
		defer g.limits.mu.Unlock()
		if len(g.limits.clients) != 0 {
			t.Errorf("still counted: %v", g.limits.clients)
		}
	})
}

// TestMaxClientsPerFoundAddress: behind a proxy the clients' own addresses count,
// not the proxy's.
func TestMaxClientsPerFoundAddress(t *testing.T) {
	g := startGateway(t, Options{MaxClientsPerAddress: 1, TrustedProxies: loopback})
	g.worker("w:0")
	dial := func(address string) *websocket.Conn {
		ws, _, err := (&websocket.Dialer{HandshakeTimeout: patience}).Dial(g.url(), http.Header{"X-Forwarded-For": {address}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = ws.Close() })
		return ws
	}
	a := dial("203.0.113.7")
	dial("203.0.113.8")
	dial("2001:db8::1")
	g.wantStatus(http.StatusTooManyRequests, http.Header{"X-Forwarded-For": {"203.0.113.7"}})
	g.wantStatus(http.StatusTooManyRequests, http.Header{"X-Forwarded-For": {"2001:db8::ffff:1"}}) // of one network of 64 bits
	g.wantLimit(LimitClientsPerAddress, 2)
	_ = a.Close()
	g.clientsAre(2)
	dial("203.0.113.7")
}

func TestConnectLimits(t *testing.T) {
	var x limits
	a, b := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	o := &Options{MaxConnectsPerSecond: 3, MaxConnectsPerSecondPerAddress: 2}
	want := func(a netip.Addr, now time.Duration, limit Limit, good bool) {
		t.Helper()
		if l, ok := x.connect(o, a, now); ok != good || !ok && l != limit {
			t.Errorf("at %v: %v, %v", now, l, ok)
		}
	}
	want(a, 100*time.Millisecond, 0, true)
	want(a, 200*time.Millisecond, 0, true)
	want(a, 300*time.Millisecond, LimitConnectsPerAddress, false)
	want(b, 400*time.Millisecond, 0, true)
	want(b, 999*time.Millisecond, LimitConnects, false)
	want(a, 1000*time.Millisecond, 0, true)
}

// TestConnectRate: the limit of new connections acts on a gateway.
func TestConnectRate(t *testing.T) {
	g := startGateway(t, Options{MaxConnectsPerSecond: 1})
	g.worker("w:0")
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			_ = c.Close()
		}
	}()
	g.until("two connections come within a second", func() bool {
		conn, err := net.Dial("tcp", g.client)
		if err == nil {
			conns = append(conns, conn)
		}
		return g.Stats().Limited[LimitConnects] > 0
	})
}

func TestMeter(t *testing.T) {
	var m meter
	m.at(time.Second)
	for i := range 10 {
		if m.overMessages(2) {
			t.Fatalf("message %d is over 2 a second", i)
		}
	}
	if !m.overMessages(2) {
		t.Error("eleven messages in five seconds are not over 2 a second")
	}
	if m.overBytes(49, 10) || m.overBytes(1, 10) || !m.overBytes(1, 10) {
		t.Error("bytes are counted wrongly")
	}
	if m.at(5 * time.Second); m.overMessages(2) || m.overBytes(50, 10) {
		t.Error("a new window is not empty")
	}
	if !m.overBytes(1<<31-1, maxBytesPerSecond) {
		t.Error("2 GB are not over 400 MB a second")
	}
}

// TestMessageLimits: a client that sends too much is told so and closed.
func TestMessageLimits(t *testing.T) {
	for name, test := range map[string]struct {
		limit Limit
		opts  Options
		send  string
		code  int
	}{
		"messages": {LimitMessages, Options{MaxMessagesPerSecond: 1}, "x", websocket.ClosePolicyViolation},
		"bytes":    {LimitBytes, Options{MaxBytesPerSecond: 1000}, strings.Repeat("x", 1000), websocket.ClosePolicyViolation},
		"size":     {LimitMessageSize, Options{MaxMessageSize: 2000}, strings.Repeat("x", 3000), websocket.CloseMessageTooBig},
	} {
		t.Run(name, func(t *testing.T) {
			everyWay(t, func(t *testing.T, opts Options) {
				test.opts.TLS, test.opts.portable = opts.TLS, opts.portable
				g := startGateway(t, test.opts)
				w := g.worker("w:0")
				ws := g.dialWS()
				w.event(gp.CmdOnConnect)
				w.event(gp.CmdOnWebSocketConnect)
				// One at a time, so that nothing is on its way when the connection ends:
				// the close frame would be lost.
				for {
					if err := ws.WriteMessage(websocket.TextMessage, []byte(test.send)); err != nil {
						t.Fatal(err)
					}
					if m := w.next(); m.Cmd == gp.CmdOnClose {
						break
					} else if m.Cmd != gp.CmdOnMessage {
						t.Fatalf("got %v", m.Cmd)
					}
				}
				wantClose(t, ws, test.code)
				g.wantLimit(test.limit, 1)
				if n := g.Stats().ClientCloses[ClosedByLimit]; n != 1 {
					t.Errorf("%d clients were closed by a limit", n)
				}
			})
		})
	}
}

// TestReloadedMessageLimit: a limit acts on clients that are there, and no more
// when it is taken away.
func TestReloadedMessageLimit(t *testing.T) {
	g := startGateway(t, Options{Listen: "text://127.0.0.1:0"})
	w := g.worker("w:0")
	a, b := g.dialRaw(), g.dialRaw()
	say := func(p *peer, n int) {
		t.Helper()
		if _, err := io.WriteString(p.conn, strings.Repeat("x\n", n)); err != nil {
			t.Fatal(err)
		}
	}
	w.event(gp.CmdOnConnect)
	w.event(gp.CmdOnConnect)
	next := g.now()
	next.MaxMessagesPerSecond = 1
	if r, err := g.Reload(next); err != nil || len(r.Changed) != 1 {
		t.Fatal(r, err)
	}
	g.until("client a is over the limit", func() bool { _, _ = io.WriteString(a.conn, "x\n"); return g.Stats().Limited[LimitMessages] == 1 })
	for w.next().Cmd != gp.CmdOnClose {
	}
	next.MaxMessagesPerSecond = 0
	if _, err := g.Reload(next); err != nil {
		t.Fatal(err)
	}
	say(b, 100)
	for range 100 {
		w.event(gp.CmdOnMessage)
	}
}

// TestIdentifyTimeout: who is given a uid, a session or a group stays.
func TestIdentifyTimeout(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.IdentifyTimeout = time.Hour
		g := startGateway(t, opts)
		g.worker("w:0")
		ws := g.dialWS()
		next := g.now()
		next.IdentifyTimeout = time.Millisecond
		if _, err := g.Reload(next); err != nil {
			t.Fatal(err)
		}
		wantClose(t, ws, websocket.ClosePolicyViolation)
		g.wantLimit(LimitIdentify, 1)
	})
	g := startGateway(t, Options{Listen: "text://127.0.0.1:0"})
	w := g.worker("w:0")
	for range 4 {
		g.dialRaw()
		w.event(gp.CmdOnConnect)
	}
	w.send(withExt(gp.CmdBindUID, 2, "u"), withExt(gp.CmdJoinGroup, 3, "g"), withExt(gp.CmdSetSession, 4, "a:0:{}"))
	w.barrier()
	g.hub.Mu.Lock()
	defer g.hub.Mu.Unlock()
	for id := uint32(1); id <= 4; id++ {
		if got := anonymousLocked(g.hub.ClientLocked(id)); got != (id == 1) {
			t.Errorf("client %d is anonymous: %v", id, got)
		}
	}
}

func TestOriginAllowed(t *testing.T) {
	for _, test := range []struct {
		allowed, origin string
		want            bool
	}{
		{"*", "https://a.test", true},
		{"*", "null", true},
		{"*", "", false},
		{"none", "", true},
		{"none", "https://a.test", false},
		{"null", "null", true},
		{"a.test", "https://a.test", true},
		{"a.test", "http://a.test:8080", true},
		{"a.test", "https://b.a.test", false},
		{"a.test", "https://a.test.evil", false},
		{"a.test:8080", "http://a.test:8080", true},
		{"a.test:8080", "http://a.test", false},
		{"https://a.test", "https://A.test", true},
		{"https://a.test", "http://a.test", false},
		{"https://a.test", "https://a.test:444", false},
		{"*.a.test", "https://x.a.test", true},
		{"*.a.test", "https://x.y.a.test:99", true},
		{"*.a.test", "https://a.test", false},
		{"*.a.test", "https://evila.test", false},
		{"*.a.test", "https://.a.test", false},
		{"https://*.a.test", "https://x.a.test", true},
		{"https://*.a.test", "http://x.a.test", false},
		{"https://*.a.test", "https://x.a.test:444", false},
		{"[::1]", "http://[::1]:80", false}, // without brackets in a name
		{"http://[::1]:80", "http://[::1]:80", true},
	} {
		if got := originAllowed([]string{test.allowed}, test.origin); got != test.want {
			t.Errorf("%q allows %q: %v", test.allowed, test.origin, got)
		}
	}
}

func TestOrigins(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.Origins = []string{"https://*.example.com"}
		g := startGateway(t, opts)
		g.worker("w:0")
		g.wantStatus(http.StatusForbidden, http.Header{"Origin": {"https://evil.test"}})
		g.wantStatus(http.StatusForbidden, nil)
		g.wantLimit(LimitOrigin, 2)
		ws, _, err := (&websocket.Dialer{HandshakeTimeout: patience, TLSClientConfig: clientTLSConfig}).Dial(g.url(), http.Header{"Origin": {"https://chat.example.com"}})
		if err != nil {
			t.Fatal(err)
		}
		_ = ws.Close()
	})
}

func TestInnerAllow(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.InnerAllow = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
		g := startGateway(t, opts)
		g.worker("w:0")
		conn, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}).Dial("tcp", g.inner)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(patience))
		if _, err := bufio.NewReader(conn).ReadByte(); !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("got %v, want the end", err)
		}
		g.wantLimit(LimitInnerAddress, 1)
	})
}

func TestConnectionIDStart(t *testing.T) {
	g := startGateway(t, Options{Listen: "text://127.0.0.1:0", ConnectionIDStart: 1<<32 - 1})
	w := g.worker("w:0")
	for _, want := range []uint32{1<<32 - 1, 1} {
		g.dialRaw()
		if m := w.event(gp.CmdOnConnect); m.ConnectionID != want {
			t.Errorf("connection id %d, want %d", m.ConnectionID, want)
		}
	}
}

func TestLimitOptions(t *testing.T) {
	for _, opts := range []Options{
		{MaxClients: -1},
		{MaxMessagesPerSecond: 10_001},
		{MaxBytesPerSecond: 400_000_001},
		{MaxMessageSize: -1},
		{IdentifyTimeout: -1},
		{Origins: []string{"https://"}},
		{Origins: []string{"a.*.test"}},
		{Origins: []string{"https://a.test/path"}},
		{InnerAllow: []netip.Prefix{{}}},
	} {
		opts.Listen = "websocket://127.0.0.1:0"
		var bad *OptionError
		if _, err := New(opts); !errors.As(err, &bad) {
			t.Errorf("%+v: %v", opts, err)
		}
	}
}
