package gateway

import (
	"errors"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// How events of clients get to workers.

// noWorkerGrace is how long after the start it is normal that no worker has
// connected yet.
const noWorkerGrace = 2 * time.Second

var errNoWorker = errors.New("no business worker is connected")

// sendToWorker sends an event of c to the worker that c is bound to, and binds
// it to one if need be. With no worker there, c is dropped. No lock may be held.
func (g *Gateway) sendToWorker(b *batch, c *client, cmd gatewayprotocol.Command, body []byte, flag gatewayprotocol.Flag) {
	m := c.head(cmd, flag)
	c.mu.Lock()
	if c.state.any(clientClosed) {
		c.mu.Unlock()
		return
	}
	w := c.slot.worker()
	sent := w != nil && w.event(b, &m, c.Session(), body)
	c.mu.Unlock()
	if !sent {
		if w = g.reroute(b, c, &m, body); w == nil {
			return
		}
	}
	w.flushIfLarge()
}

// reroute sends an event of a client whose worker is gone or was never there,
// and returns the worker that got it.
func (g *Gateway) reroute(b *batch, c *client, m *gatewayprotocol.Message, body []byte) *innerConn {
	g.hub.Mu.Lock()
	c.mu.Lock()
	var w *innerConn
	dropped := false
	if !c.state.any(clientClosed) {
		w = g.routeLocked(b, c, m, body)
		dropped = w == nil
	}
	c.mu.Unlock()
	g.hub.Mu.Unlock()
	if dropped {
		g.noWorker(c)
		g.destroyClient(b, c, ClosedWithoutWorker)
	}
	return w
}

// routeLocked sends an event of c to the worker that c is bound to, or binds it
// to another one that takes it, and returns which; nil when there is none. The
// caller holds hub.Mu and c.mu.
func (g *Gateway) routeLocked(b *batch, c *client, m *gatewayprotocol.Message, body []byte) *innerConn {
	for {
		w := g.workers.routeLocked(c)
		if w == nil || w.event(b, m, c.Session(), body) {
			return w
		}
		// Its connection is ending, which the inner loop does not know yet.
		g.workers.disconnectLocked(w)
	}
}

// noWorker logs that a client is dropped for want of a worker. Right after the
// start, before workers had a chance to connect, and at the end that is normal.
func (g *Gateway) noWorker(c *client) {
	if !g.stopped.Load() && time.Since(g.started) >= noWorkerGrace {
		g.warn(g.clientLog(c).WithError(errNoWorker), "client dropped")
	}
}
