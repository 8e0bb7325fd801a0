package gateway

import (
	"context"
	"sync"
	"time"
)

// handshakeQueue is which clients have yet to finish their handshakes, TLS and
// websocket, the oldest first. A client costs 16 bytes for HandshakeTimeout,
// also if it is gone sooner.
type handshakeQueue struct {
	mu      sync.Mutex // guards started
	started []startedHandshake
}

type startedHandshake struct {
	at time.Duration // since the gateway was made
	id uint32        // connection id
}

// add notes that a client has begun.
func (q *handshakeQueue) add(at time.Duration, id uint32) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.started = append(q.started, startedHandshake{at, id})
}

// before appends to ids who began up to a time, and forgets them. It also returns
// when the next one began, ok if there is any.
func (q *handshakeQueue) before(at time.Duration, ids []uint32) (_ []uint32, next time.Duration, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := 0
	for ; n < len(q.started) && q.started[n].at <= at; n++ {
		ids = append(ids, q.started[n].id)
	}
	q.started = q.started[n:]
	if len(q.started) == 0 {
		q.started = nil
		return ids, 0, false
	}
	return ids, q.started[0].at, true
}

// endHandshakes drops clients that do not finish their handshakes within
// HandshakeTimeout, until ctx ends.
func (g *Gateway) endHandshakes(ctx context.Context) {
	timeout := g.options().HandshakeTimeout
	if timeout <= 0 {
		return
	}
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	b := new(batch)
	var ids []uint32
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		g.standstill.RLock()
		now := time.Since(g.started)
		var next time.Duration
		var ok bool
		ids, next, ok = g.handshaking.before(now-timeout, ids[:0])
		for _, id := range ids {
			if c := g.unready(id); c != nil {
				g.clientLog(c).Debug("the client's handshake took too long, dropping it")
				g.destroyClient(b, c, ClosedBeforeHandshake)
			}
		}
		b.flush()
		g.standstill.RUnlock()
		if !ok { // who begins now has as long
			next = now
		}
		timer.Reset(next + timeout - now)
	}
}

// unready returns the client with a connection id, nil if it is gone or its
// handshakes are done.
func (g *Gateway) unready(id uint32) *client {
	g.hub.Mu.Lock()
	defer g.hub.Mu.Unlock()
	part := g.hub.ClientLocked(id)
	if part == nil {
		return nil
	}
	c := clientOf(part)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state.any(clientReady) && !c.transport.handshaking() {
		return nil
	}
	return c
}
