package businessworker_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/businessworker"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

// patience is how long anything may take.
const patience = time.Minute

// patient returns options whose times do not run out on a machine that stands still
// for a while. Those that a test has set stay.
func patient(o businessworker.Options) businessworker.Options {
	for _, d := range []*time.Duration{&o.ConnectTimeout, &o.QueryTimeout, &o.SendTimeout, &o.ShutdownTimeout} {
		if *d == 0 {
			*d = patience
		}
	}
	return o
}

// events is a handler made of functions, any of which may be nil.
type events struct {
	start     func(context.Context, *businessworker.Worker) error
	connect   func(context.Context, *businessworker.Event) error
	websocket func(context.Context, *businessworker.Event, *businessworker.Handshake) error
	message   func(context.Context, *businessworker.Event, string) error
	closed    func(context.Context, *businessworker.Event) error
	stop      func(context.Context, *businessworker.Worker) error
}

func (h *events) OnStart(ctx context.Context, w *businessworker.Worker) error {
	if h.start == nil {
		return nil
	}
	return h.start(ctx, w)
}

func (h *events) OnConnect(ctx context.Context, e *businessworker.Event) error {
	if h.connect == nil {
		return nil
	}
	return h.connect(ctx, e)
}

func (h *events) OnWebSocketConnect(ctx context.Context, e *businessworker.Event, hs *businessworker.Handshake) error {
	if h.websocket == nil {
		return nil
	}
	return h.websocket(ctx, e, hs)
}

func (h *events) OnMessage(ctx context.Context, e *businessworker.Event, msg []byte) error {
	if h.message == nil {
		return nil
	}
	return h.message(ctx, e, string(msg))
}

func (h *events) OnClose(ctx context.Context, e *businessworker.Event) error {
	if h.closed == nil {
		return nil
	}
	return h.closed(ctx, e)
}

func (h *events) OnStop(ctx context.Context, w *businessworker.Worker) error {
	if h.stop == nil {
		return nil
	}
	return h.stop(ctx, w)
}

// A running worker.
type running struct {
	*businessworker.Worker
	cancel context.CancelFunc
	done   chan error
}

// start starts a worker and waits until it is connected to every gateway.
func start(t testing.TB, c *clustertest.Cluster, h businessworker.Handler, opts businessworker.Options) *running {
	t.Helper()
	opts.RegisterAddresses = c.RegisterAddresses()
	opts.SecretKey = c.SecretKey
	if opts.Logger == nil && opts.Slog == nil {
		opts.Logger = clustertest.Quiet()
	}
	w, err := businessworker.New(h, patient(opts))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{w, cancel, make(chan error, 1)}
	go func() { r.done <- w.Run(ctx) }()
	t.Cleanup(func() { cancel(); w.Close() })
	r.waitConnected(t, len(c.Gateways))
	return r
}

// waitConnected waits until the worker is connected to n gateways.
func (r *running) waitConnected(t testing.TB, n int) {
	t.Helper()
	testwait.Until(t, fmt.Sprintf("%d gateways connected", n), func() bool { return r.Stats().Gateways == n })
}

func (r *running) stop(t testing.TB) {
	t.Helper()
	r.cancel()
	select {
	case err := <-r.done:
		if err != nil {
			t.Fatalf("Run: %v", err)
		}
	case <-time.After(2 * patience):
		t.Fatal("the worker does not stop")
	}
}

// dial connects a client; a gateway that has not handled the worker's connect
// yet drops clients, so it is tried until it works.
func dial(t testing.TB, g *clustertest.Gateway, path string) *clustertest.Client {
	t.Helper()
	var c *clustertest.Client
	testwait.Until(t, "a client is accepted", func() bool {
		var err error
		c, err = g.TryDial(path)
		return err == nil
	})
	t.Cleanup(c.Close)
	return c
}

func receive(t testing.TB, c *clustertest.Client, want ...string) {
	t.Helper()
	for _, w := range want {
		if got := c.Receive(t); got != w {
			t.Errorf("received %q, want %q", got, w)
		}
	}
}
