package gateway

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// TestDrain: clients are told, those that nobody knows first, and workers hear of
// each.
func TestDrain(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		g := startGateway(t, opts)
		w := g.worker("w:0")
		var conns []*websocket.Conn
		for range 4 {
			conns = append(conns, g.dialWS())
			w.event(gp.CmdOnConnect)
			w.event(gp.CmdOnWebSocketConnect)
		}
		w.send(withExt(gp.CmdBindUID, 1, "u"), withExt(gp.CmdJoinGroup, 2, "g"))
		w.barrier()
		var order []uint32
		for _, c := range g.drainOrder() {
			order = append(order, c.ID())
		}
		if want := []uint32{3, 4, 1, 2}; !slices.Equal(order, want) {
			t.Errorf("clients are sent away in the order %d, want %d", order, want)
		}
		if g.Draining() {
			t.Error("draining before Drain")
		}
		if err := g.Drain(t.Context(), DrainOptions{Time: 200 * time.Millisecond, Code: 1012}); err != nil {
			t.Fatal(err)
		}
		if !g.Draining() {
			t.Error("not draining after Drain")
		}
		if err := g.Ready(); !errors.Is(err, errNotReadyDraining) {
			t.Errorf("ready: %v", err)
		}
		for range conns {
			w.event(gp.CmdOnClose)
		}
		for _, c := range conns {
			wantClose(t, c, websocket.CloseServiceRestart)
		}
	})
}

// TestDrainEnds: a context ends it, and the gateway serves on.
func TestDrainEnds(t *testing.T) {
	g := startGateway(t, Options{Listen: "text://127.0.0.1:0"})
	w := g.worker("w:0")
	g.dialRaw()
	g.dialRaw()
	w.event(gp.CmdOnConnect)
	w.event(gp.CmdOnConnect)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := g.Drain(ctx, DrainOptions{Time: time.Hour}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if n := g.Stats().Clients; n != 2 {
		t.Errorf("%d clients are left, want 2", n)
	}
	w.send(withBody(gp.CmdSendToAll, 0, "still there"))
	w.barrier()
}

// TestDrainRefuses: no new clients come, and those that are there stay until it is
// their turn.
func TestDrainRefuses(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.Listen = "text://127.0.0.1:0"
		g := startGateway(t, opts)
		w := g.worker("w:0")
		c := g.dialRaw()
		id := w.event(gp.CmdOnConnect).ConnectionID
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- g.Drain(ctx, DrainOptions{Time: time.Hour, Refuse: true}) }()
		g.until("the client port is closed", func() bool {
			c, err := g.dial()
			if err == nil {
				_ = c.Close()
			}
			return err != nil
		})
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if _, err := c.conn.Write([]byte("hello\n")); err != nil {
			t.Fatal(err)
		}
		for m := w.next(); m.Cmd != gp.CmdOnMessage || m.ConnectionID != id; m = w.next() {
		}
	})
}
