package gateway

import (
	fifo "container/list"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/clientproto"
)

// Long compressed messages are not inflated by the pollers: one of 10 MB may take half
// a second, if it was made for that, and all others of its poller would wait. Its
// client is not read until it is done.

// inflation is a client's message that is inflated, or waits for it.
type inflation struct {
	c   *client
	job *clientproto.Inflation

	queued *fifo.Element // guarded by inflations.mu; nil when it is being inflated

	took time.Duration // set before done
	done atomic.Bool
}

// inflations are those of a gateway, the oldest first: one of a client at most, whose
// message is in memory anyway. Half of the processors inflate.
type inflations struct {
	mu      sync.Mutex // a leaf; guards what follows
	queue   fifo.List  // of *inflation
	running int        // goroutines that inflate
}

func maxInflating() int { return max(1, runtime.GOMAXPROCS(0)/2) }

// add puts a message into the queue. It reports whether another goroutine has to
// inflate.
func (x *inflations) add(i *inflation) (start bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	i.queued = x.queue.PushBack(i)
	if x.running >= maxInflating() {
		return false
	}
	x.running++
	return true
}

// next takes out the message that has waited longest. It returns nil when the
// goroutine that calls it has to end.
func (x *inflations) next() *inflation {
	x.mu.Lock()
	defer x.mu.Unlock()
	first := x.queue.Front()
	if first == nil {
		x.running--
		return nil
	}
	i := x.queue.Remove(first).(*inflation)
	i.queued = nil
	return i
}

// drop forgets the message of a client that is gone.
func (x *inflations) drop(i *inflation) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if i.queued != nil {
		x.queue.Remove(i.queued)
		i.queued = nil
	}
}

// inflate inflates messages until none waits.
func (g *Gateway) inflate() {
	for {
		i := g.inflations.next()
		if i == nil {
			return
		}
		began := time.Now()
		i.job.Run()
		// A goroutine that had to wait for a processor has not used it.
		i.took = min(time.Since(began), inflateTime(i.job))
		i.done.Store(true)
		i.c.transport.resume()
	}
}

// inflateTime is the longest that a message may take: 50 ns for each byte of blocks
// that hold nothing, and what it takes to write what comes out.
func inflateTime(i *clientproto.Inflation) time.Duration {
	return 50*time.Duration(len(i.Message())) + 5*time.Duration(len(i.Inflated()))
}

// inflation returns the client's message that is inflated, nil if there is none.
func (c *client) inflation() *inflation {
	if r := c.rare.Load(); r != nil {
		return r.inflation
	}
	return nil
}

// Aside makes clientReader a clientproto.Asides.
func (r *clientReader) Aside(job *clientproto.Inflation) bool {
	c := r.c
	if !r.poller {
		return false // nobody else waits for this goroutine
	}
	i := &inflation{c: c, job: job}
	// What is left of a small buffer is moved to its start.
	if cap(r.owned) <= keepUnread || !within(job.Message(), r.owned) {
		job.Keep()
	}
	c.setRare(func(to *rare) { to.inflation = i })
	c.mu.Lock()
	if c.state.any(clientClosing | clientClosed) {
		c.mu.Unlock()
		return true // nothing more is read
	}
	c.state |= clientInflating // from here on endClient drops i
	c.transport.watchLocked(c.state.any(clientBlocked), c.readLocked())
	c.mu.Unlock()
	if r.gw.inflations.add(i) {
		r.gw.goRun(r.gw.inflate)
	}
	return true
}
