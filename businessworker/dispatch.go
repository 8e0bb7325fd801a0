package businessworker

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A dispatcher queues events by client and runs handlers on a pool of
// goroutines: the events of one client one after another, those of different
// clients at the same time.
//
// The pool is small while handlers are quick: as many goroutines as there are
// processors, which take one event after another without being woken for each.
// When events wait and handlers turn out to block, it grows up to its bound.
type dispatcher struct {
	run       func(*clientState, *Event)
	afterwork func()       // called when nothing is left to do, and now and then under load
	backlog   atomic.Int32 // clients that wait for a goroutine

	mu      sync.Mutex // guards all below
	clients map[ClientID]*clientState
	ready   clientQueue   // clients with events and no goroutine
	pending int           // events received and not completely handled
	limit   int           // of pending
	room    chan struct{} // closed when there is room again; nil while nobody waits for it
	empty   chan struct{} // closed when pending is 0; nil while nobody waits for it
	closed  bool

	idle    []chan struct{} // goroutines that wait, the last one first to be woken
	total   int             // goroutines
	maximum int             // of total
	eager   int             // goroutines that are started or woken at once

	monitor   *time.Timer
	watching  bool
	taken     uint64 // events started
	takenSeen uint64 // taken, when the monitor looked last

	pauses atomic.Uint64 // times that reading stopped for want of room
}

// A clientState is what the worker knows of a client.
type clientState struct {
	id          ClientID
	first, last *Event // events not started
	scheduled   bool   // in ready, or a goroutine runs it
	orphaned    bool   // its gateway's connection ended: forgotten after these events
	next        *clientState

	sessionState
}

// monitorInterval is how soon the pool grows when handlers block.
const monitorInterval = time.Millisecond

// slowHandler is the average time of a handler from which on more goroutines
// are of use.
const slowHandler = 50 * time.Microsecond

func newDispatcher(maximum, limit int, run func(*clientState, *Event), afterwork func()) *dispatcher {
	return &dispatcher{
		run:       run,
		afterwork: afterwork,
		clients:   make(map[ClientID]*clientState),
		limit:     limit,
		maximum:   maximum,
		eager:     min(maximum, runtime.GOMAXPROCS(0)),
	}
}

// add queues a batch of events, in order. It waits while there is no room.
func (d *dispatcher) add(ctx context.Context, batch []*Event) error {
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
			return ctx.Err()
		}
		d.mu.Lock()
	}
	if d.closed {
		d.mu.Unlock()
		return ErrWorkerClosed
	}
	for _, e := range batch {
		d.addLocked(e)
	}
	d.backlog.Store(int32(d.ready.n))
	d.wakeLocked()
	d.mu.Unlock()
	return nil
}

func (d *dispatcher) addLocked(e *Event) {
	id := e.ClientID()
	c := d.clients[id]
	if c == nil {
		c = &clientState{id: id}
		d.clients[id] = c
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

// wakeLocked gets one more goroutine to work if there is work and fewer than
// eager are at it. That one wakes the next.
func (d *dispatcher) wakeLocked() {
	if d.ready.n == 0 {
		return
	}
	if d.total-len(d.idle) < d.eager {
		d.hireLocked()
	}
	if !d.watching {
		d.watching = true
		d.takenSeen = d.taken
		if d.monitor == nil {
			d.monitor = time.AfterFunc(monitorInterval, d.watch)
		} else {
			d.monitor.Reset(monitorInterval)
		}
	}
}

func (d *dispatcher) hireLocked() {
	if n := len(d.idle); n > 0 {
		ch := d.idle[n-1]
		d.idle = d.idle[:n-1]
		ch <- struct{}{}
	} else if d.total < d.maximum {
		d.total++
		go d.work()
	}
}

// watch lets the pool grow by half when, while events waited, handlers took
// long.
func (d *dispatcher) watch() {
	d.mu.Lock()
	if d.ready.n == 0 || d.closed {
		d.watching = false
		d.mu.Unlock()
		return
	}
	busy := d.total - len(d.idle)
	if quick := uint64(busy) * uint64(monitorInterval/slowHandler); d.taken-d.takenSeen < quick {
		for range min(max(1, busy/2), d.ready.n) {
			d.hireLocked()
		}
	}
	d.takenSeen = d.taken
	d.monitor.Reset(monitorInterval)
	d.mu.Unlock()
	d.afterwork() // nothing may wait behind handlers that block
}

// batchSize is the number of events after which answers are flushed while more
// events wait.
const batchSize = 64

func (d *dispatcher) work() {
	wake := make(chan struct{}, 1)
	done := 0 // since the last flush
	d.mu.Lock()
	for {
		for d.ready.n == 0 {
			if done > 0 {
				done = 0
				d.mu.Unlock()
				d.afterwork()
				d.mu.Lock()
				continue
			}
			if d.closed {
				d.total--
				d.mu.Unlock()
				return
			}
			d.idle = append(d.idle, wake)
			d.mu.Unlock()
			<-wake
			d.mu.Lock()
		}
		c := d.ready.pop()
		d.backlog.Store(int32(d.ready.n))
		e := c.first
		if c.first = e.next; c.first == nil {
			c.last = nil
		}
		e.next = nil
		d.taken++
		d.wakeLocked()
		d.mu.Unlock()

		d.run(c, e)

		if done++; done == batchSize {
			done = 0
			d.afterwork()
		}
		d.mu.Lock()
		d.finishLocked(c)
	}
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
		delete(d.clients, c.id)
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
	if c := d.clients[id]; c != nil {
		c.changed.Store(true)
	}
}

// forget drops what is known of clients whose gateway's connection ended.
func (d *dispatcher) forget(gone func(ClientID) bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for id, c := range d.clients {
		switch {
		case !gone(id):
		case c.scheduled:
			c.orphaned = true
		default:
			delete(d.clients, id)
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
	return d.pending, d.total - len(d.idle), len(d.clients)
}

// A clientQueue is a linked list of clients, first in, first out.
type clientQueue struct {
	first, last *clientState
	n           int
}

func (q *clientQueue) push(c *clientState) {
	if q.last == nil {
		q.first = c
	} else {
		q.last.next = c
	}
	q.last = c
	q.n++
}

func (q *clientQueue) pop() *clientState {
	c := q.first
	if q.first = c.next; q.first == nil {
		q.last = nil
	}
	c.next = nil
	q.n--
	return c
}
