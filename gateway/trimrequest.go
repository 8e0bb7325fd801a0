package gateway

import (
	"context"
	"sync/atomic"
)

// trimRequest is how a loop's goroutine is asked to let go of the memory that it
// keeps from batch to batch, which only that goroutine may touch.
type trimRequest struct{ asked atomic.Pointer[chan struct{}] }

// ask has the loop do it and waits until it has, or ctx ends. wake makes the
// loop look. One goroutine asks at a time.
func (r *trimRequest) ask(ctx context.Context, wake func()) {
	done := make(chan struct{})
	r.asked.Store(&done)
	wake()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// answer calls trim if it was asked for.
func (r *trimRequest) answer(trim func()) {
	if done := r.asked.Swap(nil); done != nil {
		trim()
		close(*done)
	}
}
