package gateway

import (
	"math/rand/v2"
	"slices"
	"sync/atomic"

	"github.com/sirupsen/logrus"
)

// workerSlot is the place of a worker key in the routing table. Clients are
// bound to the key, not to the connection: when a worker with the same key
// connects again, it finds them there.
type workerSlot struct {
	key   string
	conn  atomic.Pointer[innerConn] // nil while no such worker is connected
	count int                       // clients given to it by least connections; guarded by hub.Mu
	bound int                       // clients whose slot this is; guarded by hub.Mu
}

// worker returns the worker's connection, nil if it is gone. s may be nil.
func (s *workerSlot) worker() *innerConn {
	if s == nil {
		return nil
	}
	return s.conn.Load()
}

// workerTable is who the workers are. It is guarded by hub.Mu.
type workerTable struct {
	random bool
	closed bool // no worker is put into it any more
	byKey  map[string]*workerSlot
	live   []*workerSlot // with a connection, by connecting
}

func newWorkerTable(mode RouterMode) *workerTable {
	return &workerTable{random: mode == RouterRandom, byKey: make(map[string]*workerSlot)}
}

// routeLocked returns the worker that c is bound to, after binding it to one if
// it has none or its worker is gone. It returns nil when there is no worker.
// The caller holds hub.Mu and c.mu.
func (t *workerTable) routeLocked(c *client) *innerConn {
	if w := c.slot.worker(); w != nil {
		return w
	}
	if len(t.live) == 0 {
		return nil
	}
	s := t.live[0]
	if t.random {
		s = t.live[rand.IntN(len(t.live))]
	} else {
		for _, other := range t.live[1:] {
			if other.count < s.count {
				s = other
			}
		}
		s.count++
	}
	t.unbindLocked(c)
	c.slot = s
	s.bound++
	return s.conn.Load()
}

// releaseLocked ends the binding of a client that is gone.
func (t *workerTable) releaseLocked(c *client) {
	// A worker that connected again starts to count at 0, also if it has
	// clients from before.
	if c.slot != nil && c.slot.count > 0 {
		c.slot.count--
	}
	t.unbindLocked(c)
}

func (t *workerTable) unbindLocked(c *client) {
	s := c.slot
	if s == nil {
		return
	}
	c.slot = nil
	s.bound--
	t.forgetLocked(s)
}

// forgetLocked deletes a slot that no client and no worker needs any more.
func (t *workerTable) forgetLocked(s *workerSlot) {
	if s.bound == 0 && s.conn.Load() == nil {
		delete(t.byKey, s.key)
	}
}

// connectLocked puts w into the table under its key and returns the connection
// that it takes the place of, if any.
func (t *workerTable) connectLocked(w *innerConn, key string) (evicted *innerConn) {
	if t.closed {
		return nil
	}
	t.disconnectLocked(w) // w may have been there under another key
	s := t.byKey[key]
	if s == nil {
		s = &workerSlot{key: key}
		t.byKey[key] = s
	}
	evicted = s.conn.Swap(w)
	s.count = 0
	t.live = append(t.withoutLocked(s), s)
	w.slot, w.key = s, key
	return evicted
}

// disconnectLocked takes w out of the table. A worker that was evicted is not
// in it any more.
func (t *workerTable) disconnectLocked(w *innerConn) {
	s := w.slot
	if s == nil {
		return
	}
	w.slot = nil
	if !s.conn.CompareAndSwap(w, nil) {
		return
	}
	s.count = 0
	t.live = t.withoutLocked(s)
	t.forgetLocked(s)
}

// closeLocked takes all workers out of the table, for good.
func (t *workerTable) closeLocked() {
	t.closed = true
	for _, s := range slices.Clone(t.live) {
		t.disconnectLocked(s.conn.Load())
	}
}

func (t *workerTable) withoutLocked(s *workerSlot) []*workerSlot {
	if i := slices.Index(t.live, s); i >= 0 {
		return slices.Delete(t.live, i, i+1)
	}
	return t.live
}

// workerConnected makes w the connection of the worker with a key, in place of
// one that was there before.
func (g *Gateway) workerConnected(w *innerConn, key string) {
	g.hub.Mu.Lock()
	evicted := g.workers.connectLocked(w, key)
	g.hub.Mu.Unlock()
	log := g.log.WithFields(logrus.Fields{"worker_key": key, "remote": w.remote})
	if evicted != nil && evicted != w {
		log.WithField("evicted", evicted.remote).Warn("worker key conflict: closing the older connection; give every worker on a host its own name")
		defer evicted.closeAfterFlush() // behind the callback: its own callback comes after that everywhere
	} else {
		log.Info("business worker connected")
	}
	if f := g.opts.OnBusinessWorkerConnected; f != nil {
		f(BusinessWorker{Key: key, Remote: w.remote})
	}
}
