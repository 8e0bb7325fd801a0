package gateway

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/outqueue"
	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

func TestRush(t *testing.T) {
	const few, many = trimQuiet, trimHandshakes
	for _, test := range []struct {
		name   string
		counts []uint64 // TLS handshakes so far, at each tick
		over   []int    // ticks at which a rush is over
	}{
		{"nothing", []uint64{0, 0, 0}, nil},
		{"too small", []uint64{many - 1, many - 1, many - 1}, nil},
		{"one", []uint64{many, many, many}, []int{1}},
		{"goes on", []uint64{many, 2 * many, 3 * many, 3*many + few, 3*many + few}, []int{3}},
		{"two", []uint64{many, many, 2 * many, 2 * many, 2 * many}, []int{1, 3}},
		{"small ones", []uint64{many / 2, many / 2, many, many}, []int{3}},
	} {
		r := rush{few: few, many: many}
		var over []int
		for i, n := range test.counts {
			if r.over(n) {
				over = append(over, i)
			}
		}
		if !slices.Equal(over, test.over) {
			t.Errorf("%s: over at ticks %v, want %v", test.name, over, test.over)
		}
	}
}

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

// TestTrimByBytes: the memory of clients that read nothing goes back when they
// have gone, however few they were.
func TestTrimByBytes(t *testing.T) {
	g := startGateway(t, Options{Listen: "tcp://127.0.0.1:0", SendToClientBufferSize: 8 << 20, trimInterval: 20 * time.Millisecond})
	w := g.worker("w:0")
	const clients = 10
	var deaf []*peer
	for range clients {
		deaf = append(deaf, g.dialRaw())
		w.event(gp.CmdOnConnect)
	}
	message := withBody(gp.CmdSendToAll, 0, strings.Repeat("x", 1<<20))
	full := func(c *client) bool { // at 8 MiB
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.fullLocked()
	}
	for all := g.allClients(); slices.ContainsFunc(all, func(c *client) bool { return !full(c) }); {
		w.send(message)
		w.barrier()
	}
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	freed := outqueue.Freed()
	for _, c := range deaf {
		_ = c.conn.Close()
		w.event(gp.CmdOnClose)
	}
	g.until("a collection is forced", func() bool {
		runtime.ReadMemStats(&now)
		return now.NumForcedGC > before.NumForcedGC
	})
	if n := outqueue.Freed() - freed; n < clients*8<<20 {
		t.Errorf("%d bytes were let go", n)
	}
}
