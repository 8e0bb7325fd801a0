package gateway

// batch collects who has to be flushed when a goroutine is through with what it
// read: the clients and the inner connections that it queued something for. One
// write then carries all that came together; with one message there it goes out
// at once. Nothing waits on a timer.
//
// A batch belongs to one goroutine.
type batch struct {
	inner   bool          // the inner loop's, or of one who flushes for it: queues may refer to its arena
	helpers *flushHelpers // nil flushes alone
	arena   arena
	clients []*client
	conns   []*innerConn
	scratch writeScratch
}

// addConn notes that c has to be flushed. The caller holds c.mu.
func (b *batch) addConnLocked(c *innerConn) {
	if c.lastBatch != b {
		c.lastBatch = b
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
	b.arena.reset()
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
