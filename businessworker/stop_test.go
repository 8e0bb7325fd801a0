package businessworker_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/businessworker"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

// TestShutdownGivesUp: Shutdown returns when its context ends though the queue is
// full, reading stands still for want of room, and handlers wait for the end of
// their contexts.
func TestShutdownGivesUp(t *testing.T) {
	s := script(t, businessworker.MessageFunc(func(ctx context.Context, _ *businessworker.Event, _ []byte) error {
		<-ctx.Done()
		return nil
	}), businessworker.Options{QueueSize: 1, Concurrency: 1})
	for client := uint32(1); s.w.Stats().Pauses == 0; client++ {
		if _, err := s.conn.Write(s.message(client, nil)); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- s.w.Shutdown(ctx) }()
	select {
	case err := <-ended:
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want the deadline's", err)
		}
	case <-time.After(patience):
		t.Fatal("Shutdown does not return")
	}
}

// TestSilentGateway: a gateway that does not close its side holds up the stop for
// about a second, and OnStop can still send.
func TestSilentGateway(t *testing.T) {
	stopped := make(chan error, 1)
	s := script(t, &events{stop: func(ctx context.Context, w *businessworker.Worker) error {
		stopped <- ctx.Err()
		return nil
	}}, businessworker.Options{ShutdownTimeout: patience})
	began := time.Now()
	s.w.stop(t) // with no error
	if took := time.Since(began); took > patience/2 {
		t.Errorf("the stop took %v", took)
	}
	if err := <-stopped; err != nil {
		t.Errorf("OnStop's context: %v", err)
	}
}

// TestShutdownInHandler: the handler does not wait for itself, its event is
// handled, and then the worker stops.
func TestShutdownInHandler(t *testing.T) {
	for name, shutdown := range map[string]func(ctx context.Context, w *businessworker.Worker) error{
		"handler's context": func(ctx context.Context, w *businessworker.Worker) error { return w.Shutdown(ctx) },
		"background":        func(_ context.Context, w *businessworker.Worker) error { return w.Shutdown(context.Background()) },
		"cancelled afterwards": func(ctx context.Context, w *businessworker.Worker) error {
			ctx, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			return w.Shutdown(ctx)
		},
		"twice": func(ctx context.Context, w *businessworker.Worker) error {
			return errors.Join(w.Shutdown(ctx), w.Shutdown(ctx))
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := clustertest.Start(t, clustertest.Go, clustertest.Options{})
			stops := 0
			w := start(t, c, &events{
				message: func(ctx context.Context, e *businessworker.Event, msg string) error {
					if err := shutdown(ctx, e.Worker()); err != nil {
						t.Errorf("Shutdown: %v", err)
					}
					return e.Send(ctx, []byte("bye"))
				},
				stop: func(context.Context, *businessworker.Worker) error { stops++; return nil },
			}, businessworker.Options{})
			u := dial(t, c.Gateways[0], "/")
			u.Send(t, "end")
			receive(t, u, "bye")
			select {
			case err := <-w.done:
				if err != nil {
					t.Errorf("Run: %v", err)
				}
			case <-time.After(patience):
				t.Fatal("Run does not return")
			}
			if st := w.Stats(); stops != 1 || st.Errors != 0 || st.Waiting != 0 {
				t.Errorf("OnStop was called %d times, stats %+v", stops, st)
			}
		})
	}
}

// TestShutdownInOnStartAndOnStop: neither waits for itself, and both know their
// worker.
func TestShutdownInOnStartAndOnStop(t *testing.T) {
	c := clustertest.Start(t, clustertest.Go, clustertest.Options{})
	var calls []string
	note := func(call string) func(context.Context, *businessworker.Worker) error {
		return func(ctx context.Context, w *businessworker.Worker) error {
			calls = append(calls, fmt.Sprintf("%s %s:%d", call, w.Name(), w.ID()))
			return errors.Join(w.Shutdown(ctx), w.Shutdown(context.Background()))
		}
	}
	w := must(businessworker.New(&events{start: note("start"), stop: note("stop")}, businessworker.Options{
		Name: "n", ID: 3, RegisterAddresses: c.RegisterAddresses(), ShutdownTimeout: patience, Logger: clustertest.Quiet(),
	}))(t)
	if err := w.Run(context.Background()); err != nil {
		t.Errorf("Run: %v", err)
	}
	if want := []string{"start n:3", "stop n:3"}; !slices.Equal(calls, want) {
		t.Errorf("calls %q, want %q", calls, want)
	}
}

// TestBusyClientIsForgotten: what is known of a client goes with its gateway's
// connection, also when one of its events is being handled at that moment.
func TestBusyClientIsForgotten(t *testing.T) {
	began, release := make(chan struct{}), make(chan struct{})
	s := script(t, businessworker.MessageFunc(func(context.Context, *businessworker.Event, []byte) error {
		close(began)
		<-release
		return nil
	}), businessworker.Options{})
	if _, err := s.conn.Write(s.message(1, nil)); err != nil {
		t.Fatal(err)
	}
	<-began
	s.conn.Close()
	must(s.accept())(t) // the next one: the worker has dealt with the end of this one
	close(release)
	testwait.Until(t, "the client is forgotten", func() bool { return s.w.Stats().Clients == 0 })
}
