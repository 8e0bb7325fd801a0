package businessworker

import (
	"slices"
	"time"
)

// A readerTurn is the right to read one connection. It belongs to one goroutine,
// which also runs handlers while they are quick. When one of them turns out not
// to be, another goroutine takes over the turn, and the one that had it is of the
// pool from then on. That happens at once when a handler asks a gateway
// something, since its answer may have to be read here; see [dispatcher.handOver].
// Of other things that handlers wait for the monitor finds out.
type readerTurn struct {
	resume func() // goes on reading, in its own goroutine

	// guarded by dispatcher.mu
	handled uint64 // events started
	seen    uint64 // handled, when the monitor looked last
	lost    bool   // taken over
}

// slowHandler is the average time of a handler from which on it is left to the
// pool, and from which on more goroutines are of use.
const slowHandler = 50 * time.Microsecond

// worthWaking is the work from which on another goroutine is woken to share it
// while handlers are quick.
const worthWaking = 300 * time.Microsecond

// quickLocked reports whether a reader is to run handlers itself.
func (d *dispatcher) quickLocked() bool {
	return d.ready.n > 0 && d.cost < slowHandler && d.runningLocked() < d.maximum && !d.pooled.is()
}

// onReader runs handlers on the goroutine that read their events, at most n. It
// is called with d.mu locked and releases it. False says that the turn was lost.
func (d *dispatcher) onReader(turn *readerTurn, n int) (kept bool) {
	d.readers = append(d.readers, turn)
	if time.Duration(d.ready.n)*d.cost >= worthWaking {
		d.wakeLocked()
	}
	start := time.Now()
	done := 0
	for d.ready.n > 0 && done < n {
		c, e := d.takeLocked()
		turn.handled++
		d.mu.Unlock()

		d.run(c, e)

		if done++; done%batchSize == 0 {
			d.afterwork()
		}
		d.mu.Lock()
		d.finishLocked(c)
		if turn.lost {
			d.learnLocked(time.Since(start) / time.Duration(done))
			d.workLocked()
			return false
		}
	}
	d.leaveLocked(turn)
	if done > 0 {
		d.learnLocked(time.Since(start) / time.Duration(done))
	}
	d.wakeLocked() // others' events
	d.mu.Unlock()
	d.afterwork()
	return true
}

func (d *dispatcher) leaveLocked(turn *readerTurn) {
	if i := slices.Index(d.readers, turn); i >= 0 {
		d.readers = slices.Delete(d.readers, i, i+1)
	}
}

// takeOverLocked makes a goroutine that runs a handler one of the pool and lets
// another one go on reading.
func (d *dispatcher) takeOverLocked(turn *readerTurn) {
	d.leaveLocked(turn)
	turn.lost = true
	d.total++
	go turn.resume()
}

// handOver lets others read for all readers that run handlers: one of these is
// about to wait, perhaps; who the caller is cannot be told.
func (d *dispatcher) handOver() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.handOverLocked()
}

func (d *dispatcher) handOverLocked() {
	for len(d.readers) > 0 {
		d.takeOverLocked(d.readers[0])
	}
}

// learnLocked notes what a handler has cost.
func (d *dispatcher) learnLocked(cost time.Duration) { d.cost += (cost - d.cost) / 16 }

// pooling is the time during which handlers are left to the pool because some
// block. It is longer the more often that happens: each time costs the others
// up to two intervals of the monitor.
type pooling struct {
	until time.Time
	span  time.Duration
}

const (
	leastPooling = 10 * time.Millisecond
	mostPooling  = time.Second
)

// is reports whether handlers are left to the pool now.
func (p *pooling) is() bool { return p.span > 0 && time.Now().Before(p.until) }

func (p *pooling) begin(now time.Time) {
	if now.Sub(p.until) < 16*p.span {
		p.span = min(2*p.span, mostPooling)
	} else {
		p.span = leastPooling
	}
	p.until = now.Add(p.span)
}
