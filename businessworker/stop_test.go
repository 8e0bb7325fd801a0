package businessworker_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/businessworker"
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
	until(t, "the connection has ended", func() bool { return s.w.Stats().Gateways == 0 })
	close(release)
	until(t, "the client is forgotten", func() bool { return s.w.Stats().Clients == 0 })
}
