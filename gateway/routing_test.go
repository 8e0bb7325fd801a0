package gateway

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

func TestLeastConnections(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.Listen = "text://127.0.0.1:0"
		g := startGateway(t, opts)
		workers := []*peer{g.worker("a:0"), g.worker("a:1")}
		clients := make([]*peer, 4)
		// Ties go to the worker that connected first.
		for i := range clients {
			clients[i] = g.dialRaw()
			if id := workers[i%2].event(gp.CmdOnConnect).ConnectionID; id != uint32(i+1) {
				t.Fatalf("connection id %d, want %d", id, i+1)
			}
		}
		// A newcomer gets everything until it has as many.
		workers = append(workers, g.worker("a:2"))
		for range 2 {
			g.dialRaw()
			workers[2].event(gp.CmdOnConnect)
		}
		// A close makes room.
		_ = clients[1].conn.Close()
		workers[1].event(gp.CmdOnClose)
		g.dialRaw()
		workers[1].event(gp.CmdOnConnect)
		for _, w := range workers {
			w.barrier() // and no other worker got anything
		}
	})
}

func TestWorkerGone(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.Listen = "text://127.0.0.1:0"
		g := startGateway(t, opts)
		first := g.worker("a:0")
		c, closes := g.dialRaw(), g.dialRaw()
		first.event(gp.CmdOnConnect)
		first.event(gp.CmdOnConnect)
		second := g.worker("a:1")
		_ = first.conn.Close()
		g.await("business worker disconnected")
		// Orphans move with their next event, without ON_CONNECT.
		fmt.Fprint(c.conn, "hello\n")
		if m := second.event(gp.CmdOnMessage); string(m.Body) != "hello" || m.ConnectionID != 1 {
			t.Errorf("got %+v", m)
		}
		_ = closes.conn.Close()
		if m := second.event(gp.CmdOnClose); m.ConnectionID != 2 {
			t.Errorf("got %+v", m)
		}
		_ = second.conn.Close()
		g.await("business worker disconnected")
		// With no worker left, a client lives on until its next message.
		p := g.dialInner()
		if got := p.ask(withExt(gp.CmdGetClientCountByGroup, 0, "")); got != "i:1;" {
			t.Errorf("got %s clients", got)
		}
		fmt.Fprint(c.conn, "anybody?\n")
		c.gone()
		if got := p.ask(withExt(gp.CmdGetClientCountByGroup, 0, "")); got != "i:0;" {
			t.Errorf("got %s clients", got)
		}
	})
}

// TestWorkerEnding: a worker whose connection is ending gets no events any more,
// also before the inner loop has seen the end.
func TestWorkerEnding(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.Listen = "text://127.0.0.1:0"
		g := startGateway(t, opts)
		ending := func(key string) {
			g.hub.Mu.Lock()
			defer g.hub.Mu.Unlock()
			w := g.workers.byKey["127.0.0.1:"+key].worker()
			w.mu.Lock()
			defer w.mu.Unlock()
			w.state |= innerClosing
		}
		first := g.worker("a:0")
		talks, closes := g.dialRaw(), g.dialRaw()
		first.event(gp.CmdOnConnect)
		first.event(gp.CmdOnConnect)
		second := g.worker("a:1")
		ending("a:0")
		fmt.Fprint(talks.conn, "hello\n")
		if m := second.event(gp.CmdOnMessage); m.ConnectionID != 1 {
			t.Errorf("got %+v", m)
		}
		_ = closes.conn.Close()
		if m := second.event(gp.CmdOnClose); m.ConnectionID != 2 {
			t.Errorf("got %+v", m)
		}
		g.worker("a:2")
		ending("a:2") // has the fewest clients
		comes := g.dialRaw()
		if m := second.event(gp.CmdOnConnect); m.ConnectionID != 3 {
			t.Errorf("got %+v", m)
		}
		ending("a:1")
		g.dialRaw().gone()
		fmt.Fprint(comes.conn, "anybody?\n")
		comes.gone()
		_ = talks.conn.Close()
		for g.Stats().Clients > 0 {
			runtime.Gosched()
		}
		g.hub.Mu.Lock()
		defer g.hub.Mu.Unlock()
		if len(g.workers.live) != 0 || len(g.workers.byKey) != 0 {
			t.Errorf("%d workers, %d keys", len(g.workers.live), len(g.workers.byKey))
		}
	})
}

func TestWorkerKeyConflict(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.Listen = "text://127.0.0.1:0"
		g := startGateway(t, opts)
		older := g.worker("a:0")
		c := g.dialRaw()
		older.event(gp.CmdOnConnect)
		newer := g.worker("a:0")
		older.gone()
		// The newer one has the clients of the older, which being gone changes
		// nothing.
		fmt.Fprint(c.conn, "hello\n")
		newer.event(gp.CmdOnMessage)
		fmt.Fprint(c.conn, "again\n")
		newer.event(gp.CmdOnMessage)
		// Connecting twice over one connection is no conflict.
		newer.send(withBody(gp.CmdWorkerConnect, 0, `{"worker_key":"a:0","secret_key":""}`))
		newer.barrier()
		fmt.Fprint(c.conn, "still here\n")
		newer.event(gp.CmdOnMessage)
		// Under another key the connection is another worker.
		newer.send(withBody(gp.CmdWorkerConnect, 0, `{"worker_key":"a:1","secret_key":""}`))
		newer.barrier()
		fmt.Fprint(c.conn, "moved\n")
		newer.event(gp.CmdOnMessage)
		g.hub.Mu.Lock()
		defer g.hub.Mu.Unlock()
		if len(g.workers.live) != 1 || len(g.workers.byKey) != 1 {
			t.Errorf("%d workers, %d keys", len(g.workers.live), len(g.workers.byKey))
		}
	})
}

func TestWorkerCallbacks(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.Listen = "text://127.0.0.1:0"
		calls := make(chan string, 8)
		opts.OnBusinessWorkerConnected = func(w BusinessWorker) { calls <- "connected " + w.Key }
		opts.OnBusinessWorkerClose = func(w BusinessWorker) { calls <- "closed " + w.Key }
		g := startGateway(t, opts)
		want := func(what string) {
			t.Helper()
			select {
			case got := <-calls:
				if got != what {
					t.Errorf("got %q, want %q", got, what)
				}
			case <-time.After(patience):
				t.Errorf("no call %q", what)
			}
		}
		a := g.worker("a:0")
		want("connected 127.0.0.1:a:0")
		b := g.worker("a:0") // takes the place of the other
		want("connected 127.0.0.1:a:0")
		a.gone()
		want("closed 127.0.0.1:a:0")
		_ = g.dialInner().conn.Close() // no worker
		_ = b.conn.Close()
		want("closed 127.0.0.1:a:0")
	})
}

func TestRandomRouter(t *testing.T) {
	g := startGateway(t, Options{Listen: "tcp://127.0.0.1:0", Router: RouterRandom})
	g.worker("a:0")
	g.worker("a:1")
	for range 64 {
		g.dialRaw()
	}
	p := g.dialInner()
	for p.ask(withExt(gp.CmdGetClientCountByGroup, 0, "")) != "i:64;" {
	}
	g.hub.Mu.Lock()
	defer g.hub.Mu.Unlock()
	for _, s := range g.workers.live {
		if s.bound == 0 || s.bound == 64 {
			t.Errorf("worker %s got %d of 64 clients", s.key, s.bound) // happens by chance once in 2^63 runs
		}
	}
}
