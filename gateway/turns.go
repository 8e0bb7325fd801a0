package gateway

import (
	"slices"
	"sync/atomic"
	"time"
)

// turnBounds are the upper bounds of the buckets of Stats.InnerTurns.
var turnBounds = [...]time.Duration{
	20 * time.Microsecond, 50 * time.Microsecond, 100 * time.Microsecond, 200 * time.Microsecond, 500 * time.Microsecond,
	time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond, time.Second,
}

// turns is how long the turns of the inner loop took. The loop alone writes it.
type turns struct{ histogram }

func (t *turns) add(d time.Duration) { t.histogram.add(turnBounds[:], d) }

func (t *turns) read() Turns { return t.histogram.read(turnBounds[:]) }

// histogram counts how long something took, in the buckets of bounds that are the
// same in each call.
type histogram struct {
	buckets [len(turnBounds) + 1]atomic.Uint64 // the last that is used is for what is longer than all bounds
	sum     atomic.Int64                       // nanoseconds
}

func (h *histogram) add(bounds []time.Duration, d time.Duration) {
	i := 0
	for i < len(bounds) && d > bounds[i] {
		i++
	}
	h.buckets[i].Add(1)
	h.sum.Add(int64(d))
}

// Turns is a histogram of the turns of the inner loop: how long it took over
// what had arrived, from the kernel's report to the last byte written. What
// arrives meanwhile waits, so that this is what the gateway adds to the way of a
// command. Systems without epoll have no loop and no turns.
type Turns struct {
	Count uint64
	Sum   time.Duration
	// UpTo are the bounds of the buckets, Counts how many turns took that long and
	// longer than the bound before. Longer ones are in Count alone.
	UpTo   []time.Duration
	Counts []uint64
}

func (h *histogram) read(bounds []time.Duration) Turns {
	r := Turns{Sum: time.Duration(h.sum.Load()), UpTo: slices.Clone(bounds), Counts: make([]uint64, len(bounds))}
	for i := range len(bounds) + 1 {
		n := h.buckets[i].Load()
		r.Count += n
		if i < len(r.Counts) {
			r.Counts[i] = n
		}
	}
	return r
}
