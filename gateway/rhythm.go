package gateway

import (
	"context"
	"sync/atomic"
	"time"
)

// rhythm is when something that is done at intervals is done next. It goes on where
// another process takes the gateway over.
type rhythm struct {
	next  atomic.Int64 // by the gateway's clock, in nanoseconds; 0 before the first beat is waited for
	first atomic.Int64 // nanoseconds until the first beat, where it is not an interval
}

// every calls do at intervals until ctx ends, unless all stands still. Beats that
// were missed are left out.
func (g *Gateway) every(ctx context.Context, interval time.Duration, r *rhythm, do func()) {
	now := time.Since(g.started)
	next := now + interval
	if first := time.Duration(r.first.Swap(0)); first > 0 {
		next = now + min(first, interval)
	}
	timer := time.NewTimer(next - now)
	defer timer.Stop()
	for {
		r.next.Store(int64(next))
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		g.standstill.RLock()
		do()
		g.standstill.RUnlock()
		now = time.Since(g.started)
		missed := int64(max(0, now-next) / interval)
		next += time.Duration((1 + missed) * int64(interval))
		timer.Reset(next - now)
	}
}

// left is how long it is until the next beat, at least a microsecond; 0 where
// nothing is done.
func (r *rhythm) left(clock time.Duration) time.Duration {
	next := time.Duration(r.next.Load())
	if next == 0 {
		return 0
	}
	return max(next-clock, time.Microsecond)
}

// begin has the first beat come after the microseconds that left has told.
func (r *rhythm) begin(left uint64) { r.first.Store(int64(left) * int64(time.Microsecond)) }
