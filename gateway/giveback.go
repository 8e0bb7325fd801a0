package gateway

import (
	"context"
	"sync/atomic"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// giveBack is how others ask a loop's goroutine to let go of the memory that it
// keeps from batch to batch, which only that goroutine may touch.
type giveBack struct{ asked atomic.Pointer[chan struct{}] }

// ask has the loop do it and waits until it has, or ctx ends. wake makes the
// loop look. Only one goroutine may ask.
func (r *giveBack) ask(ctx context.Context, wake func()) {
	done := make(chan struct{})
	r.asked.Store(&done)
	wake()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// answer calls f if somebody has asked.
func (r *giveBack) answer(f func()) {
	if done := r.asked.Swap(nil); done != nil {
		f()
		close(*done)
	}
}

// giveBack forgets what a batch keeps. It must be flushed.
func (b *batch) giveBack() {
	b.arena = arena{}
	b.scratch = writeScratch{}
	b.clients, b.conns = nil, nil
}

func (x *commands) giveBack() {
	x.b.giveBack()
	if x.b.helpers != nil {
		for _, b := range x.b.helpers.batches {
			b.giveBack()
		}
	}
	x.exec.giveBack()
}

func (x *executor) giveBack() {
	x.recipients, x.out, x.body, x.names = nil, nil, nil, nil
	x.toAll, x.toGroup = gatewayprotocol.SendToAll{}, gatewayprotocol.SendToGroup{}
}

// giveBack forgets the buffers of a connection with nothing to write.
func (w *innerConn) giveBack() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.spare = nil
	if len(w.out) == 0 {
		w.out = nil
	}
}
