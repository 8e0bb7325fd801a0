package gateway

import (
	"context"
	"testing"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// TestTrimLoops: a gateway whose loops have let go of their buffers serves as before.
func TestTrimLoops(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.Listen = "frame://127.0.0.1:0"
		g := startGateway(t, opts)
		w := g.worker("w:0")
		c := g.dialRaw()
		w.event(gp.CmdOnConnect)
		for range 3 {
			_, _ = c.conn.Write([]byte("\x00\x00\x00\x05a"))
			if m := w.event(gp.CmdOnMessage); string(m.Body) != "a" {
				t.Errorf("got %q", m.Body)
			}
			w.send(withBody(gp.CmdSendToAll, 0, "b"))
			if got := c.read(5); string(got[4:]) != "b" {
				t.Errorf("got %q", got)
			}
			g.clients.trim(t.Context())
			g.Gateway.inner.trim(t.Context())
		}
		_ = g.Close()
		if kept := g.keeps(); kept != 0 {
			t.Errorf("keeps %d bytes", kept)
		}
	})
}

// TestTrimStopped: asking loops that are gone ends with the context.
func TestTrimStopped(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		g := startGateway(t, opts)
		g.worker("w:0")
		_ = g.Close()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		g.clients.trim(ctx)
		g.Gateway.inner.trim(ctx)
	})
}

// keeps returns how many bytes the loops of a gateway that is closed kept.
func (g *testGateway) keeps() (n int) {
	if s, ok := g.clients.(interface{ keeps() int }); ok {
		n += s.keeps()
	}
	if s, ok := g.Gateway.inner.(interface{ keeps() int }); ok {
		n += s.keeps()
	}
	return n
}
