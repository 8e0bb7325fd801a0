package gateway

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// TestCloseReasons ends clients in every way, and looks at what was counted.
func TestCloseReasons(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.HandshakeTimeout = time.Hour
		g := startGateway(t, opts)
		g.dialRaw().gone()
		wantClosed(g, ClosedWithoutWorker)

		w := g.worker("w:0")
		_ = g.dialWS().Close()
		w.connects()
		wantClosed(g, ClosedByClient)

		ws := g.dialWS()
		id := w.connects()
		w.send(withBody(gp.CmdKick, id, "bye"))
		wantText(t, ws, "bye")
		wantClosed(g, ClosedByCommand)

		_ = g.dialWS()
		w.send(withBody(gp.CmdDestroy, w.connects(), ""))
		wantClosed(g, ClosedByCommand)

		bad := g.dialWS()
		_, _ = bad.NetConn().Write([]byte("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00")) // more than there may be
		wantClosed(g, ClosedForBadData)

		post := g.dialRaw()
		_, _ = post.conn.Write([]byte("POST / HTTP/1.1\r\n\r\n"))
		wantClosed(g, ClosedInHandshake)
		if opts.TLS != nil {
			plain, err := net.Dial("tcp", g.client)
			if err != nil {
				t.Fatal(err)
			}
			defer plain.Close()
			_, _ = plain.Write([]byte(strings.Repeat("no TLS\n", 10)))
			wantClosed(g, ClosedInHandshake)
		}

		stays := g.dialWS()
		g.shutdown()
		wantClosed(g, ClosedByShutdown)
		_ = stays.Close()

		s := g.Stats()
		var closes uint64
		for _, n := range s.ClientCloses {
			closes += n
		}
		if s.ClientConnects != closes || s.Clients != 0 {
			t.Errorf("%d connects, %d closes, %d clients", s.ClientConnects, closes, s.Clients)
		}
	})
}

func TestCloseReasonOfTime(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.PingInterval, opts.PingNotResponseLimit = time.Hour, 1
		g := startGateway(t, opts)
		g.worker("w:0")
		_ = g.dialWS()
		next := g.now() // the handshake may have taken longer than a client may be silent
		next.PingInterval = 20 * time.Millisecond
		if _, err := g.Reload(next); err != nil {
			t.Fatal(err)
		}
		wantClosed(g, ClosedForSilence)
	})
	everyWay(t, func(t *testing.T, opts Options) {
		opts.HandshakeTimeout = 20 * time.Millisecond
		g := startGateway(t, opts)
		g.worker("w:0")
		_ = g.dialRaw()
		wantClosed(g, ClosedBeforeHandshake)
	})
}

// wantClosed waits until one more client than at the last call is counted as gone,
// for a reason.
func wantClosed(g *testGateway, why CloseReason) {
	g.t.Helper()
	want := g.closes
	want[why]++
	g.until(fmt.Sprintf("a client is gone: %v", why), func() bool { return g.Stats().ClientCloses[why] == want[why] })
	g.closes = want
}

// connects reads events until a client connects, and returns its connection id.
func (p *peer) connects() uint32 {
	p.t.Helper()
	for {
		if m := p.next(); m.Cmd == gp.CmdOnConnect {
			return m.ConnectionID
		}
	}
}

func TestCloseReasonNames(t *testing.T) {
	seen := map[string]bool{}
	for r := range CloseReason(closeReasons) {
		if name := r.String(); name == "" || name == "unknown" || seen[name] {
			t.Errorf("reason %d is called %q", r, name)
		}
		seen[r.String()] = true
	}
	if CloseReason(closeReasons).String() != "unknown" {
		t.Error("what is no reason has a name")
	}
}
