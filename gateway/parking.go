package gateway

import (
	"context"
	"sync/atomic"
)

// parking is how the goroutine of a loop is held between two turns, while
// everything stands still.
type parking struct{ asked atomic.Pointer[stop] }

// stop is one time that a loop is held.
type stop struct {
	reached chan struct{} // closed by the loop
	over    chan struct{} // closed by who holds it
	leave   bool          // the loop ends, and leaves everything as it is; set before over is closed
}

// hold has the loop stop. wake makes it look. One goroutine holds at a time.
func (p *parking) hold(wake func()) *stop {
	s := &stop{reached: make(chan struct{}), over: make(chan struct{})}
	p.asked.Store(s)
	wake()
	return s
}

// await returns when the loop has stopped, or ctx has ended.
func (s *stop) await(ctx context.Context) error {
	select {
	case <-s.reached:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// end lets the loop go on or, with leave, end.
func (s *stop) end(leave bool) {
	s.leave = leave
	close(s.over)
}

// answer stops the loop if it was asked to. It reports whether the loop has to
// end. The loop calls it with nothing half done: nothing queued that is not
// flushed.
func (p *parking) answer() (leave bool) {
	s := p.asked.Swap(nil)
	if s == nil {
		return false
	}
	close(s.reached)
	<-s.over
	return s.leave
}
