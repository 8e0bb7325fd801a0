package gateway

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// TestConnectHookGone: a client that goes while it waits, in whichever way, ends the
// hook's context, and its worker gets the events of its connect and close.
func TestConnectHookGone(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		calls := newHookCalls()
		opts.ConnectHook, opts.ConnectHookTimeout = calls.hook, time.Hour
		g := startGateway(t, opts)
		w := g.worker("w:0")
		ways := []struct {
			name string
			why  CloseReason
			end  func(c *peer, id uint32)
		}{
			{"closes", ClosedByClient, func(c *peer, _ uint32) { _ = c.conn.Close() }},
			{"closes behind a message", ClosedByClient, func(c *peer, _ uint32) { c.say("\x81\x85\x00\x00\x00\x00hello"); _ = c.conn.Close() }},
			{"is kicked", ClosedByCommand, func(c *peer, id uint32) { w.send(withBody(gp.CmdKick, id, "bye")); c.gone() }},
			{"is destroyed", ClosedByCommand, func(c *peer, id uint32) { w.send(withBody(gp.CmdDestroy, id, "")); c.gone() }},
		}
		for _, way := range ways {
			before := g.Stats().ClientCloses[way.why]
			c := g.dialRaw()
			c.say(requestWith("/"))
			call := calls.next(t)
			id := w.event(gp.CmdOnConnect).ConnectionID
			way.end(c, id)
			call.ended(t)
			if m := w.event(gp.CmdOnClose); m.ConnectionID != id {
				t.Errorf("%s: close of client %d, want %d", way.name, m.ConnectionID, id)
			}
			if n := g.Stats().ClientCloses[way.why] - before; n != 1 {
				t.Errorf("%s: %d closes for the reason %v", way.name, n, way.why)
			}
		}
		g.until("all calls are over", func() bool {
			s := g.Stats().ConnectHook
			return s.InFlight == 0 && s.Abandoned == uint64(len(ways)) && s.Failed == 0
		})
	})
}

// TestConnectHookEnds: the end of the gateway ends the hook's context.
func TestConnectHookEnds(t *testing.T) {
	for name, end := range map[string]func(g *testGateway){
		"Shutdown": func(g *testGateway) { g.shutdown() },
		"Close":    func(g *testGateway) { _ = g.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			everyWay(t, func(t *testing.T, opts Options) {
				calls := newHookCalls()
				opts.ConnectHook, opts.ConnectHookTimeout = calls.hook, time.Hour
				opts.ConnectHookInFlight = 1
				g := startGateway(t, opts)
				g.worker("w:0")
				for range 3 { // one is asked about, the others wait
					g.dialRaw().say(requestWith("/"))
				}
				call := calls.next(t)
				g.until("the others wait", func() bool { return g.Stats().ConnectHook.Waiting == 2 })
				end(g)
				call.ended(t)
				if s := g.Stats().ConnectHook; s.Abandoned != 3 || s.InFlight+s.Waiting != 0 {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}

// TestConnectHookTimeouts: a hook that does not answer fails in time, and the time
// for handshakes goes on meanwhile.
func TestConnectHookTimeouts(t *testing.T) {
	calls := newHookCalls()
	g := startGateway(t, Options{ConnectHook: calls.hook, ConnectHookTimeout: 10 * time.Millisecond})
	w := g.worker("w:0")
	g.wantStatus(503, nil)
	w.event(gp.CmdOnConnect)
	w.event(gp.CmdOnClose)
	wantClosed(g, ClosedByConnectHook)

	g = startGateway(t, Options{ConnectHook: calls.hook, ConnectHookTimeout: time.Hour, HandshakeTimeout: 10 * time.Millisecond})
	g.worker("w:0")
	c := g.dialRaw()
	c.say(requestWith("/")) // perhaps too late already
	c.gone()
	g.until("it was too late", func() bool { return g.Stats().ClientCloses[ClosedBeforeHandshake] == 1 })
	g.until("nobody waits", func() bool { s := g.Stats().ConnectHook; return s.InFlight+s.Waiting == 0 })
}

// TestConnectHookBound: of very many clients at once, no more than the bound are
// asked about at a time, all are let in, and what each sends behind its request comes
// once.
func TestConnectHookBound(t *testing.T) {
	const bound = 10
	clients := 1000
	if raceEnabled {
		clients = 200
	}
	var now, most atomic.Int64
	g := startGateway(t, Options{HandshakeTimeout: time.Hour, ConnectHookTimeout: time.Hour, ConnectHookInFlight: bound, ConnectHook: func(ctx context.Context, r *ConnectRequest) (ConnectAnswer, error) {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
		}
		return ConnectAnswer{UID: "u" + r.Query()}, nil
	}})
	w := g.worker("w:0")
	long := time.Now().Add(patience)
	_ = w.conn.SetDeadline(long)
	conns := make([]*peer, clients)
	for i := range conns {
		conns[i] = g.dialRaw()
		_ = conns[i].conn.SetDeadline(long)
	}
	var all sync.WaitGroup
	for i, c := range conns {
		all.Go(func() {
			_, _ = c.conn.Write([]byte(requestWith(fmt.Sprintf("/?%d", i)) + "\x81\x85\x00\x00\x00\x00hello"))
		})
	}
	all.Wait()
	said := map[uint32]string{}
	for range 3 * clients {
		m := w.next()
		said[m.ConnectionID] += fmt.Sprint(m.Cmd, " ")
	}
	want := fmt.Sprint(gp.CmdOnConnect, " ", gp.CmdOnWebSocketConnect, " ", gp.CmdOnMessage, " ")
	for id, got := range said {
		if got != want {
			t.Errorf("client %d: events %s", id, got)
		}
	}
	for _, c := range conns {
		if resp := c.answered(); resp.StatusCode != 101 {
			t.Fatalf("answer %v", resp)
		}
	}
	s := g.Stats()
	if len(said) != clients || most.Load() > bound || s.UIDs != clients || s.ConnectHook.Allowed != uint64(clients) {
		t.Errorf("%d clients, %d calls at a time, %d uids, %+v", len(said), most.Load(), s.UIDs, s.ConnectHook)
	}
}

// TestConnectHookQueue: who comes when the queue is full gets a 503, and the place of
// a client that goes is free at once.
func TestConnectHookQueue(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		calls := newHookCalls()
		opts.ConnectHook, opts.ConnectHookTimeout, opts.ConnectHookInFlight, opts.ConnectHookQueue = calls.hook, time.Hour, 1, 1
		g := startGateway(t, opts)
		w := g.worker("w:0")
		first, second := g.dialRaw(), g.dialRaw()
		first.say(requestWith("/first"))
		asked := calls.next(t)
		second.say(requestWith("/second"))
		g.until("the second waits", func() bool { return g.Stats().ConnectHook.Waiting == 1 })
		g.wantStatus(503, nil)
		g.wantLimit(LimitConnectHook, 1)
		_ = second.conn.Close()
		g.until("the second is gone", func() bool { return g.Stats().ConnectHook.Waiting == 0 })
		third := g.dialRaw()
		third.say(requestWith("/third"))
		g.until("the third waits", func() bool { return g.Stats().ConnectHook.Waiting == 1 })
		asked.allow()
		if call := calls.next(t); call.URI != "/third" {
			t.Errorf("asked about %s", call.URI)
		} else {
			call.allow()
		}
		for _, c := range []*peer{first, third} {
			if resp := c.answered(); resp.StatusCode != 101 {
				t.Errorf("answer %v", resp)
			}
		}
		events := map[gp.Command]int{}
		for range 8 {
			events[w.next().Cmd]++
		}
		if events[gp.CmdOnConnect] != 4 || events[gp.CmdOnWebSocketConnect] != 2 || events[gp.CmdOnClose] != 2 {
			t.Errorf("events %v", events)
		}
	})
}

// TestConnectHookReload: the hook comes and goes while the gateway serves. Clients
// that wait when it goes are let in.
func TestConnectHookReload(t *testing.T) {
	calls := newHookCalls()
	g := startGateway(t, Options{})
	w := g.worker("w:0")
	g.dialWS()
	w.event(gp.CmdOnConnect)
	w.event(gp.CmdOnWebSocketConnect)
	opts := g.opts
	opts.ConnectHook, opts.ConnectHookTimeout, opts.ConnectHookInFlight = calls.hook, time.Hour, 1
	if _, err := g.Reload(opts); err != nil {
		t.Fatal(err)
	}
	asked, waits := g.dialRaw(), g.dialRaw()
	asked.say(requestWith("/"))
	call := calls.next(t)
	waits.say(requestWith("/"))
	g.until("one waits", func() bool { return g.Stats().ConnectHook.Waiting == 1 })
	opts.ConnectHook = nil
	if _, err := g.Reload(opts); err != nil {
		t.Fatal(err)
	}
	call.answer <- hookAnswer{ConnectAnswer: ConnectAnswer{Status: 403}}
	if resp := asked.answered(); resp.StatusCode != 403 {
		t.Errorf("answer %v", resp)
	}
	if resp := waits.answered(); resp.StatusCode != 101 {
		t.Errorf("answer %v", resp)
	}
}

// TestConnectHookLongWait: a client that sends more than it may behind its request
// is not read on, or closed, and disturbs nobody.
func TestConnectHookLongWait(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		calls := newHookCalls()
		opts.ConnectHook, opts.ConnectHookTimeout = calls.hook, time.Hour
		g := startGateway(t, opts)
		g.worker("w:0")
		c := g.dialRaw()
		go func() { // it may not be read to its end
			_, _ = c.conn.Write([]byte(requestWith("/") + strings.Repeat("\x81\x85\x00\x00\x00\x00hello", 1<<20)))
		}()
		other := g.dialRaw()
		other.say(requestWith("/other"))
		call := calls.next(t)
		for call.URI != "/other" {
			call = calls.next(t)
		}
		call.allow()
		if resp := other.answered(); resp.StatusCode != 101 {
			t.Errorf("answer %v", resp)
		}
	})
}
