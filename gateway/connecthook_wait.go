package gateway

import (
	fifo "container/list"
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/clientproto"
)

// How clients wait for ConnectHook. No poller ever does: a request is put into a
// queue, a few goroutines ask the hook about one after the other, and the client's
// reader goes on with it when the answer is there.

// hookWait is a client whose request waits for the hook. Nothing behind the request is
// read.
type hookWait struct {
	c       *client
	request *clientproto.Request
	ctx     context.Context // ends with the client
	cancel  context.CancelFunc

	queued *fifo.Element // guarded by hooks.mu; nil when it is being asked about

	// verdict is nil until the hook has answered.
	verdict atomic.Pointer[verdict]
}

// verdict is what becomes of a client that waits.
type verdict struct {
	refusal []byte       // the whole answer to a client that is refused; nil lets it in
	headers []HeaderLine // that are added to the 101
	chosen  bool         // Sec-WebSocket-Protocol is among them
}

// hookWait returns how the client waits for the hook, nil if it does not.
func (c *client) hookWait() *hookWait {
	if r := c.rare.Load(); r != nil {
		return r.wait
	}
	return nil
}

// maxHeldBytes bounds the requests that wait for the hook, over all clients.
const maxHeldBytes = 64 << 20

// hooks are the clients of a gateway that wait for the hook.
type hooks struct {
	mu     sync.Mutex // a leaf; guards what follows
	queue  fifo.List  // of *hookWait
	bytes  int        // of the requests in the queue
	asking int        // goroutines that ask the hook

	inFlight  atomic.Int64 // calls of the hook
	asked     atomic.Uint64
	allowed   atomic.Uint64
	refused   atomic.Uint64
	failed    atomic.Uint64
	abandoned atomic.Uint64
	times     histogram
}

// add puts a client into the queue. It reports false when that is full, and start
// when another goroutine has to ask.
func (x *hooks) add(h *hookWait, o *Options) (start, ok bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	start = x.asking < o.ConnectHookInFlight
	if !start && (x.queue.Len() >= o.ConnectHookQueue || x.bytes+h.request.Len() > maxHeldBytes) {
		return false, false
	}
	if start {
		x.asking++
	}
	h.queued = x.queue.PushBack(h)
	x.bytes += h.request.Len()
	return start, true
}

// next takes the client out of the queue that has waited longest. It returns nil
// when the goroutine that calls it has to end.
func (x *hooks) next(o *Options) *hookWait {
	x.mu.Lock()
	defer x.mu.Unlock()
	first := x.queue.Front()
	if first == nil || x.asking > o.ConnectHookInFlight {
		x.asking--
		return nil
	}
	return x.takeLocked(first)
}

func (x *hooks) takeLocked(e *fifo.Element) *hookWait {
	h := x.queue.Remove(e).(*hookWait)
	h.queued = nil
	x.bytes -= h.request.Len()
	return h
}

// drop ends the wait of a client that is gone.
func (x *hooks) drop(h *hookWait) {
	x.mu.Lock()
	if h.queued != nil {
		x.takeLocked(h.queued)
		x.abandoned.Add(1)
	}
	x.mu.Unlock()
	h.cancel()
}

// waiting is how many clients are in the queue.
func (x *hooks) waiting() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.queue.Len()
}

// hold has the client at hand wait for the hook.
func (r *clientReader) hold(req *clientproto.Request, o *Options) {
	g, c := r.gw, r.c
	h := &hookWait{c: c, request: req}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	req.Defer()
	c.setRare(func(to *rare) { to.wait = h })
	c.mu.Lock()
	if c.state.any(clientClosing | clientClosed) {
		c.mu.Unlock()
		h.cancel()
		return
	}
	c.state |= clientHeld // from here on endClient drops h
	c.transport.watchLocked(c.state.any(clientBlocked), c.readLocked())
	c.mu.Unlock()
	start, ok := g.hooks.add(h, o)
	switch {
	case !ok:
		g.overLimit(r.b, c, LimitConnectHook)
	case start:
		g.goRun(g.askHooks)
	}
}

// proceed reports whether the client's reader may go on with a client that has
// waited: for the hook, which has answered, for a message that is inflated now, or
// for this process, which has taken it over. The reader calls it.
func (c *client) proceed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state.any(clientClosing|clientClosed) || c.transport.handshaking() {
		return false
	}
	if c.state.any(clientHeld) {
		if h := c.hookWait(); h == nil || h.verdict.Load() == nil {
			return false
		}
		c.state &^= clientHeld
		c.transport.watchLocked(c.state.any(clientBlocked), c.readLocked())
		c.proto.Resume()
	}
	if c.state.any(clientInflating) {
		i := c.inflation()
		if !i.done.Load() {
			return false
		}
		c.state &^= clientInflating
		c.setRare(func(to *rare) { to.inflation = nil })
		c.transport.watchLocked(c.state.any(clientBlocked), c.readLocked())
		c.proto.Resume()
	}
	return true
}

// conclude goes on with the request of a client that has waited for the hook.
func (r *clientReader) conclude(req *clientproto.Request, v *verdict) {
	r.c.setRare(func(to *rare) { to.wait = nil })
	if v.refusal != nil {
		r.c.closeAfter(r.b, v.refusal, true, shortLived, ClosedByConnectHook)
		return
	}
	for _, h := range v.headers {
		req.AddHeader(h.Name, h.Value)
	}
	if !v.chosen {
		r.gw.chooseProtocol(req)
	}
	r.accept(req)
}

// ConnectHookStats is what became of the clients that Options.ConnectHook was asked
// about.
type ConnectHookStats struct {
	// Now.
	InFlight int // calls of the hook
	Waiting  int // clients that wait for one

	// Since the gateway was made.
	Asked     uint64 // calls
	Allowed   uint64 // clients that it let in
	Refused   uint64 // clients that it refused
	Failed    uint64 // calls that returned an error, or what cannot be used; ConnectHookFailOpen says what becomes of the clients
	Abandoned uint64 // clients that were gone before the answer was there
	Duration  Turns  // how long calls took
}

func (x *hooks) read() ConnectHookStats {
	return ConnectHookStats{
		InFlight: int(x.inFlight.Load()), Waiting: x.waiting(),
		Asked: x.asked.Load(), Allowed: x.allowed.Load(), Refused: x.refused.Load(),
		Failed: x.failed.Load(), Abandoned: x.abandoned.Load(),
		Duration: x.times.read(hookBounds),
	}
}

// hookBounds are the upper bounds of the buckets of ConnectHookStats.Duration.
var hookBounds = []time.Duration{
	time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second,
}
