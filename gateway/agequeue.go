package gateway

import (
	"context"
	"math"
	"sync"
	"time"
)

// ageQueue is clients that have something to do in time, the oldest first. A
// client costs 8 bytes for that time, also if it is gone sooner.
type ageQueue struct {
	mu          sync.Mutex // guards what follows
	first, last *ageChunk  // nil while nobody is in it
}

// ageChunk is clients that began one after the other. Chunks are never moved or
// grown, so that a queue of a hundred thousand takes no more than its entries.
type ageChunk struct {
	next    *ageChunk
	base    time.Duration // when the first one began
	n       int           // how many have been in it
	gone    int           // how many of these are forgotten
	clients [ageChunkLen]struct {
		after uint32 // milliseconds after base, rounded up: nobody is late too early
		id    uint32 // connection id
	}
}

const ageChunkLen = 508 // 4 KiB

// began returns when a client began.
func (k *ageChunk) began(i int) time.Duration {
	return k.base + time.Duration(k.clients[i].after)*time.Millisecond
}

// add notes that a client has begun, since the gateway was made.
func (q *ageQueue) add(at time.Duration, id uint32) {
	q.mu.Lock()
	defer q.mu.Unlock()
	k := q.last
	if k == nil || k.n == len(k.clients) || at-k.base > math.MaxUint32*time.Millisecond {
		k = &ageChunk{base: at}
		if q.last == nil {
			q.first = k
		} else {
			q.last.next = k
		}
		q.last = k
	}
	after := max(at-k.base, 0) + time.Millisecond - 1
	k.clients[k.n].after, k.clients[k.n].id = uint32(min(after/time.Millisecond, math.MaxUint32)), id
	k.n++
}

// before appends to ids who began up to a time, and forgets them. It also returns
// when the next one began, ok if there is any.
func (q *ageQueue) before(at time.Duration, ids []uint32) (_ []uint32, next time.Duration, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for ; q.first != nil; q.first = q.first.next {
		k := q.first
		for ; k.gone < k.n; k.gone++ {
			if began := k.began(k.gone); began > at {
				return ids, began, true
			}
			ids = append(ids, k.clients[k.gone].id)
		}
	}
	q.last = nil
	return ids, 0, false
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
