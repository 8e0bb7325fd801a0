package businessworker

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// A dispatcher queues events by client and runs handlers on a pool of
// goroutines: the events of one client one after another, those of different
// clients at the same time.
//
// While handlers are quick, the goroutine that read the events runs them, too:
// to wake another one would cost more than the handlers do; see [readerTurn]. When
// they are not, a pool does. It is small as long as that is enough: as many
// goroutines as there are processors, which take one event after another without
// being woken for each. When events wait and handlers turn out to block, it
// grows up to its bound.
type dispatcher struct {
	run       func(*clientState, *Event)
	afterwork func()       // called when nothing is left to do, and now and then under load
	backlog   atomic.Int32 // clients that wait for a goroutine

	mu      sync.Mutex // guards all below
	clients clientTable
	ready   clientQueue   // clients with events and no goroutine
	pending int           // events received and not completely handled
	limit   int           // of pending
	room    chan struct{} // closed when there is room again; nil while nobody waits for it
	empty   chan struct{} // closed when pending is 0; nil while nobody waits for it
	closed  bool

	idle    []chan struct{} // goroutines that wait, the last one first to be woken
	total   int             // goroutines of the pool
	maximum int             // of those that run handlers
	eager   int             // goroutines that are started or woken at once

	readers []*readerTurn // of readers that run handlers; not of the pool
	cost    time.Duration // of a handler, the average of the latest
	pooled  pooling

	monitor   *time.Timer
	watching  bool
	taken     uint64 // events started
	takenSeen uint64 // taken, when the monitor looked last

	pauses atomic.Uint64 // times that reading stopped for want of room
}

func newDispatcher(maximum, limit int, run func(*clientState, *Event), afterwork func()) *dispatcher {
	return &dispatcher{
		run:       run,
		afterwork: afterwork,
		limit:     limit,
		maximum:   maximum,
		eager:     min(maximum, runtime.GOMAXPROCS(0)),
	}
}

// add queues a batch of events, in order, and gets them handled, if handlers are
// quick by the caller itself: a reader, whose turn it is. It waits while there is
// no room. When it returns false somebody else has taken over the turn.
func (d *dispatcher) add(ctx context.Context, batch []*Event, turn *readerTurn) (kept bool, err error) {
	d.mu.Lock()
	for d.pending >= d.limit && !d.closed {
		if d.room == nil {
			d.room = make(chan struct{})
		}
		ch := d.room
		d.mu.Unlock()
		d.pauses.Add(1)
		select {
		case <-ch:
		case <-ctx.Done():
			return true, ctx.Err()
		}
		d.mu.Lock()
	}
	if d.closed {
		d.mu.Unlock()
		return true, ErrWorkerClosed
	}
	for _, e := range batch {
		d.addLocked(e)
	}
	d.backlog.Store(int32(d.ready.n))
	if d.ready.n > 0 {
		d.watchLocked()
	}
	if d.quickLocked() {
		return d.onReader(turn, len(batch)), nil
	}
	d.wakeLocked()
	d.mu.Unlock()
	return true, nil
}

func (d *dispatcher) addLocked(e *Event) {
	id := e.ClientID()
	c := d.clients.get(id)
	if c == nil {
		c = &clientState{id: id}
		d.clients.put(c)
	}
	if c.last == nil {
		c.first = e
	} else {
		c.last.next = e
	}
	c.last = e
	c.orphaned = false
	d.pending++
	if !c.scheduled {
		c.scheduled = true
		d.ready.push(c)
	}
}

// runningLocked returns the number of goroutines that run handlers.
func (d *dispatcher) runningLocked() int { return d.total - len(d.idle) + len(d.readers) }

// wakeLocked gets one more goroutine to work if there is work and fewer than
// eager are at it. That one wakes the next.
func (d *dispatcher) wakeLocked() {
	if d.ready.n > 0 && d.runningLocked() < d.eager {
		d.hireLocked()
	}
}

func (d *dispatcher) hireLocked() {
	if d.runningLocked() >= d.maximum {
		return
	}
	if n := len(d.idle); n > 0 {
		ch := d.idle[n-1]
		d.idle = d.idle[:n-1]
		ch <- struct{}{}
	} else {
		d.total++
		go d.work()
	}
}

// batchSize is the number of events after which answers are flushed while more
// events wait.
const batchSize = 64

func (d *dispatcher) work() {
	d.mu.Lock()
	d.workLocked()
}

// workLocked handles events as one of the pool. It returns with d.mu released.
func (d *dispatcher) workLocked() {
	var wake chan struct{}
	done := 0 // since the last flush
	for {
		for d.ready.n == 0 {
			if done > 0 {
				done = 0
				d.mu.Unlock()
				d.afterwork()
				d.mu.Lock()
				continue
			}
			if d.closed || d.total > d.maximum {
				d.total--
				d.mu.Unlock()
				return
			}
			if wake == nil {
				wake = make(chan struct{}, 1)
			}
			d.idle = append(d.idle, wake)
			d.mu.Unlock()
			<-wake
			d.mu.Lock()
		}
		c, e := d.takeLocked()
		d.wakeLocked()
		d.mu.Unlock()

		start := time.Now()
		d.run(c, e)
		cost := time.Since(start)

		if done++; done == batchSize {
			done = 0
			d.afterwork()
		}
		d.mu.Lock()
		d.learnLocked(cost)
		d.finishLocked(c)
	}
}

// takeLocked takes the event that is next.
func (d *dispatcher) takeLocked() (*clientState, *Event) {
	c := d.ready.pop()
	d.backlog.Store(int32(d.ready.n))
	e := c.first
	if c.first = e.next; c.first == nil {
		c.last = nil
	}
	e.next = nil
	d.taken++
	return c, e
}

// finishLocked accounts for an event that has been handled.
func (d *dispatcher) finishLocked(c *clientState) {
	switch {
	case d.closed: // what c has left is dropped
	case c.first != nil:
		d.ready.push(c)
	case c.known && !c.orphaned:
		c.scheduled = false
	default: // closed
		d.clients.remove(c)
	}
	d.pending--
	if d.room != nil && d.pending <= d.limit*3/4 {
		close(d.room)
		d.room = nil
	}
	if d.empty != nil && d.pending == 0 {
		close(d.empty)
		d.empty = nil
	}
}

// sessionChanged notes that somebody else than an event of the client changed
// its session.
func (d *dispatcher) sessionChanged(id ClientID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c := d.clients.get(id); c != nil {
		c.changed.Store(true)
	}
}

// forget drops what is known of a gateway's clients: its connection ended.
func (d *dispatcher) forget(gateway gatewayprotocol.GatewayAddress) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.clients.of(gateway) {
		if c.scheduled {
			c.orphaned = true
		} else {
			d.clients.remove(c)
		}
	}
}

// wait waits until every event has been handled and returns how many have not.
func (d *dispatcher) wait(ctx context.Context) (left int, err error) {
	d.mu.Lock()
	if d.pending == 0 || d.closed {
		defer d.mu.Unlock()
		return d.leftLocked()
	}
	if d.empty == nil {
		d.empty = make(chan struct{})
	}
	ch := d.empty
	d.mu.Unlock()
	select {
	case <-ch:
	case <-ctx.Done():
		err = ctx.Err()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		return d.pending, err
	}
	return d.leftLocked()
}

func (d *dispatcher) leftLocked() (left int, err error) {
	if d.pending > 0 {
		err = ErrWorkerClosed
	}
	return d.pending, err
}

// close drops the events that have not been started and lets the goroutines
// end.
func (d *dispatcher) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	if d.monitor != nil {
		d.monitor.Stop()
	}
	for d.ready.n > 0 {
		d.ready.pop()
	}
	d.handOverLocked() // whoever takes over sees that the connection has ended
	for _, ch := range d.idle {
		ch <- struct{}{}
	}
	d.idle = nil
	if d.room != nil {
		close(d.room)
		d.room = nil
	}
	if d.empty != nil {
		close(d.empty)
		d.empty = nil
	}
}

// numbers returns the events that wait or run, and the clients known.
func (d *dispatcher) numbers() (pending, running, clients int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.pending, d.runningLocked(), d.clients.n
}
