package businessworker

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// A dispatcher queues events by client and runs their handlers: the events of
// one client one after another, those of different clients at the same time.
//
// One rule makes it go: while clients wait, a goroutine is on its way to them.
// When it arrives it takes one event; if clients still wait it sends the next
// goroutine on its way, and only then runs the handler. So a handler that blocks
// holds up its own client and no other, and quick handlers cost few goroutines:
// one that has finished an event takes the next, and the one on its way finds
// nothing left and ends.
//
// Answers follow the same rule: while a goroutine is on its way, commands for
// gateways are collected, and it writes them. See [dispatcher.work].
type dispatcher struct {
	run   func(*clientState, *Event)
	flush func() // writes the commands that were collected

	maximum    int // of running
	queueSize  int // of pending
	queueBytes int // of bytes

	coming atomic.Bool   // a goroutine is on its way; written under mu
	wake   chan struct{} // wakes a goroutine of those that are idle

	mu        sync.Mutex // guards all below
	clients   clientTable
	ready     clientQueue   // clients with events of which none is being handled
	running   int           // handlers
	idle      int           // goroutines that wait for wake
	pending   int           // events received and not completely handled
	bytes     int           // of their frames
	added     uint64        // events, since the start
	unflushed int           // events handled since the last flush
	room      chan struct{} // closed when there is room again; nil while no reader waits for it
	empty     chan struct{} // closed when pending is 0; nil while no caller waits for it
	paused    bool          // no handler begins, and there is room for all
	still     chan struct{} // closed when paused and no handler runs; nil while no caller waits for it
	closed    bool

	pauses atomic.Uint64 // times that reading stopped for want of room
}

// flushEvery is the number of events after which answers are flushed while more
// events wait.
const flushEvery = 64

// maxIdle is the number of goroutines that are kept while no client waits.
const maxIdle = 64

// maxShared is the number of a client's waiting events from which on further ones
// have memory of their own: in what was read together with others' events, a few
// bytes that wait for a handler that blocks would keep 64 KiB.
const maxShared = 16

// newDispatcher returns a dispatcher that has yet to be told what to run.
func newDispatcher(maximum, queueSize, queueBytes int) *dispatcher {
	return &dispatcher{
		maximum:    maximum,
		queueSize:  queueSize,
		queueBytes: queueBytes,
		wake:       make(chan struct{}, maxIdle),
	}
}

// add queues a batch of events, in order. While there is no room it waits; a
// batch is then taken whole, so that an event of any size is.
func (d *dispatcher) add(ctx context.Context, batch []*Event) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for (d.pending >= d.queueSize || d.bytes >= d.queueBytes) && !d.closed && !d.paused {
		if d.room == nil {
			d.room = make(chan struct{})
		}
		room := d.room
		d.mu.Unlock()
		d.pauses.Add(1)
		select {
		case <-room:
		case <-ctx.Done():
		}
		d.mu.Lock()
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	if d.closed {
		return ErrWorkerClosed
	}
	for _, e := range batch {
		d.addLocked(e)
	}
	d.callLocked()
	return nil
}

func (d *dispatcher) addLocked(e *Event) {
	id := e.ClientID()
	c := d.clients.get(id)
	if c == nil {
		c = &clientState{id: id}
		d.clients.put(c)
	}
	if c.waiting++; c.waiting > maxShared && e.size() < slabSize/4 {
		e = e.detach()
	}
	if c.last == nil {
		c.first = e
	} else {
		c.last.next = e
	}
	c.last = e
	c.orphaned = false
	d.pending++
	d.added++
	d.bytes += e.size()
	if !c.scheduled {
		c.scheduled = true
		d.ready.push(c)
	}
}

// callLocked sends a goroutine on its way if clients wait, also if as many
// handlers run as may: then it writes what they leave.
func (d *dispatcher) callLocked() {
	if d.ready.n == 0 || d.paused || d.coming.Load() {
		return
	}
	d.coming.Store(true)
	if d.idle > 0 {
		d.idle--
		d.wake <- struct{}{}
	} else {
		go d.work()
	}
}

// work is a goroutine that handles events: each time it was on its way and has
// arrived, until none waits or as many others do so as may. Some goroutines are
// kept in between: the stack of a new one has to grow first.
func (d *dispatcher) work() {
	d.mu.Lock()
	for !d.closed {
		if d.running >= d.maximum { // handlers that can go on do so first, and more is written at once
			d.mu.Unlock()
			runtime.Gosched()
			d.mu.Lock()
		}
		d.coming.Store(false)
		for d.ready.n > 0 && d.running < d.maximum && !d.paused {
			c, e := d.takeLocked()
			d.running++
			d.callLocked()
			flush := !d.coming.Load() || d.unflushed >= flushEvery
			if flush {
				d.unflushed = 0
			}
			d.mu.Unlock()
			if flush {
				d.flush() // what was left for this goroutine: the handler may block
			}
			d.run(c, e)
			d.mu.Lock()
			d.running--
			d.unflushed++
			d.finishLocked(c, e)
		}
		d.unflushed = 0
		keep := d.idle < maxIdle && !d.closed
		if keep {
			d.idle++
		}
		d.mu.Unlock()
		d.flush()
		if !keep {
			return
		}
		<-d.wake
		d.mu.Lock()
	}
	d.mu.Unlock()
}

// takeLocked takes the event that is next.
func (d *dispatcher) takeLocked() (*clientState, *Event) {
	c := d.ready.pop()
	e := c.first
	if c.first = e.next; c.first == nil {
		c.last = nil
	}
	e.next = nil
	c.waiting--
	c.handling = true
	return c, e
}

// finishLocked accounts for an event that has been handled.
func (d *dispatcher) finishLocked(c *clientState, e *Event) {
	c.handling, c.writes = false, nil
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
	d.bytes -= e.size()
	if d.room != nil && d.pending <= d.queueSize*3/4 && d.bytes <= d.queueBytes/4*3 {
		close(d.room)
		d.room = nil
	}
	if d.empty != nil && d.pending == 0 {
		close(d.empty)
		d.empty = nil
	}
	if d.still != nil && d.running == 0 {
		close(d.still)
		d.still = nil
	}
}

// pause has no further handler begin, and waits until none runs. Readers go on:
// handlers may wait for answers that come behind events.
func (d *dispatcher) pause(ctx context.Context) (running int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.paused = true
	if d.room != nil {
		close(d.room)
		d.room = nil
	}
	for d.running > 0 {
		if d.still == nil {
			d.still = make(chan struct{})
		}
		still := d.still
		d.mu.Unlock()
		select {
		case <-still:
		case <-ctx.Done():
		}
		d.mu.Lock()
		if err := ctx.Err(); err != nil && d.running > 0 {
			return d.running, err
		}
	}
	return 0, nil
}

// resume lets handlers begin.
func (d *dispatcher) resume() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.paused = false
	d.callLocked()
}

// forget drops what is known of a gateway's clients: its connection ended.
func (d *dispatcher) forget(gateway gatewayprotocol.GatewayAddress) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.clients.ofGateway(gateway) {
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
	defer d.mu.Unlock()
	for d.pending > 0 && !d.closed {
		if d.empty == nil {
			d.empty = make(chan struct{})
		}
		empty := d.empty
		d.mu.Unlock()
		select {
		case <-empty:
		case <-ctx.Done():
		}
		d.mu.Lock()
		if err := ctx.Err(); err != nil && d.pending > 0 {
			return d.pending, err
		}
	}
	if d.pending > 0 {
		return d.pending, ErrWorkerClosed
	}
	return 0, nil
}

// silence waits until no event is left and none has come for as long as patience.
func (d *dispatcher) silence(ctx context.Context, patience time.Duration) error {
	// In parts: a process that stands still for a while, and has not read what has
	// come meanwhile, takes no more than one of them for silence.
	const parts = 10
	for silent := 0; silent < parts; silent++ {
		if _, err := d.wait(ctx); err != nil {
			return err
		}
		before := d.received()
		select {
		case <-time.After(patience / parts):
		case <-ctx.Done():
			return ctx.Err()
		}
		if d.received() != before {
			silent = -1
		}
	}
	return nil
}

// received returns the number of events since the start.
func (d *dispatcher) received() uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.added
}

// close drops the events whose handlers have not been started.
func (d *dispatcher) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closed {
		d.closed = true
		close(d.wake)
	}
	for d.ready.n > 0 {
		d.ready.pop()
	}
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
	return d.pending, d.running, d.clients.n
}
