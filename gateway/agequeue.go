package gateway

import (
	"context"
	"sync"
	"time"
)

// ageQueue is clients that have something to do in time, the oldest first. A
// client costs 16 bytes for that time, also if it is gone sooner.
type ageQueue struct {
	mu      sync.Mutex // guards started
	started []started
}

type started struct {
	at time.Duration // since the gateway was made
	id uint32        // connection id
}

// add notes that a client has begun.
func (q *ageQueue) add(at time.Duration, id uint32) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.started = append(q.started, started{at, id})
}

// before appends to ids who began up to a time, and forgets them. It also returns
// when the next one began, ok if there is any.
func (q *ageQueue) before(at time.Duration, ids []uint32) (_ []uint32, next time.Duration, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := 0
	for ; n < len(q.started) && q.started[n].at <= at; n++ {
		ids = append(ids, q.started[n].id)
	}
	q.started = q.started[n:]
	if len(q.started) == 0 {
		q.started = nil
		return ids, 0, false
	}
	return ids, q.started[0].at, true
}

// endLate calls end for each client of q when timeout has passed since it began,
// until ctx ends. Without a timeout there is nothing to do.
func (g *Gateway) endLate(ctx context.Context, q *ageQueue, timeout time.Duration, end func(*batch, uint32)) {
	if timeout <= 0 {
		return
	}
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	b := new(batch)
	var ids []uint32
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		g.standstill.RLock()
		now := time.Since(g.started)
		var next time.Duration
		var ok bool
		ids, next, ok = q.before(now-timeout, ids[:0])
		for _, id := range ids {
			end(b, id)
		}
		b.flush()
		g.standstill.RUnlock()
		if !ok { // who begins now has as long
			next = now
		}
		timer.Reset(next + timeout - now)
	}
}
