package gateway

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/outqueue"
)

// batch collects what has to be flushed when a goroutine is through with what it
// read: the clients and the inner connections that it queued something for. One
// write then carries all that came together; with one message there it goes out
// at once. Nothing waits on a timer.
//
// A batch belongs to one goroutine.
type batch struct {
	inner   bool          // the inner loop's or a helper's: queues may refer to the arena
	helpers *flushHelpers // nil flushes alone
	arena   outqueue.Arena
	clients []*client
	conns   []*innerConn
	scratch outqueue.Scratch
}

// addConnLocked notes that c has to be flushed. The caller holds c.mu. Several
// batches may have noted c at the same time; lastBatch spares the search to all
// but those that take turns.
func (b *batch) addConnLocked(c *innerConn) {
	if c.lastBatch == b {
		return
	}
	c.lastBatch = b
	if !slices.Contains(b.conns, c) {
		b.conns = append(b.conns, c)
	}
}

// flush writes everything out. No lock may be held.
func (b *batch) flush() {
	// Flushing a client may close it, which queues an event for a worker.
	if len(b.clients) > 0 {
		b.flushClients()
	}
	for i := 0; i < len(b.conns); i++ {
		c := b.conns[i]
		c.mu.Lock()
		if c.lastBatch == b {
			c.lastBatch = nil
		}
		c.mu.Unlock()
		c.flush()
	}
	clear(b.conns)
	b.conns = b.conns[:0]
	b.arena.Reset()
}

func (b *batch) flushClients() {
	if b.helpers != nil && len(b.clients) >= 2*flushShare {
		b.helpers.flush(b, b.clients)
	} else {
		for i := 0; i < len(b.clients); i++ {
			b.clients[i].flush(b)
		}
	}
	clear(b.clients)
	b.clients = b.clients[:0]
}

// trim forgets what the batch keeps, and what its helpers' do. It must be
// flushed.
func (b *batch) trim() {
	b.arena = outqueue.Arena{}
	b.scratch = outqueue.Scratch{}
	b.clients, b.conns = nil, nil
	if b.helpers != nil {
		for _, hb := range b.helpers.batches {
			hb.trim()
		}
	}
}

// flushHelpers let the inner loop flush many clients on all cores at once.
type flushHelpers struct {
	batches []*batch
}

// A list of clients is dealt out in shares of this size; below two shares it is
// not worth waking another goroutine.
const flushShare = 64

func newFlushHelpers() *flushHelpers {
	h := new(flushHelpers)
	for range runtime.GOMAXPROCS(0) - 1 {
		h.batches = append(h.batches, &batch{inner: true})
	}
	return h
}

// flush flushes the clients, with b on this goroutine and the helpers' batches
// on others, and returns when all are done.
func (h *flushHelpers) flush(b *batch, clients []*client) {
	var next atomic.Int64
	work := func(b *batch) {
		for {
			to := int(next.Add(flushShare))
			from := to - flushShare
			if from >= len(clients) {
				return
			}
			for _, c := range clients[from:min(to, len(clients))] {
				c.flush(b)
			}
		}
	}
	var helpers sync.WaitGroup
	for _, hb := range h.batches {
		helpers.Go(func() {
			work(hb)
			hb.flush()
		})
	}
	work(b)
	helpers.Wait()
}
