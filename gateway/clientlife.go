package gateway

import (
	"errors"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// How clients come and go.

var (
	errNoConnectionID = errors.New("all connection ids are in use")
	errTooManyClients = errors.New("MaxClients are connected")
)

// addClient makes a new client known, tells a worker and starts reading the
// client. All this is one step for commands and for the reader. With no worker
// there the connection is closed, and the client's connection id is used up.
func (g *Gateway) addClient(b *batch, c *client) {
	c.Owner = c
	c.silent.Store(-1)
	if !c.listener.handshakes {
		c.state |= clientReady
	}
	if !g.admit(c) {
		c.transport.close(true)
		return
	}
	g.hub.Mu.Lock()
	c.mu.Lock()
	w, err := g.addClientLocked(b, c)
	c.mu.Unlock()
	g.hub.Mu.Unlock()
	switch {
	case errors.Is(err, errTooManyClients):
		g.turnAway(c, LimitClients)
	case err != nil:
		g.warn(g.log.WithField("remote", c.remoteAddr()).WithError(err), "connection refused")
	case w == nil:
		g.noWorker(c)
	default:
		if g.options().HandshakeTimeout > 0 && (c.listener.handshakes || c.listener.secure()) {
			g.handshaking.add(time.Since(g.started), c.ID())
		}
		if g.options().IdentifyTimeout > 0 {
			g.identifying.add(time.Since(g.started), c.ID())
		}
		w.flushIfLarge()
		return
	}
	if c.state.any(clientCounted) { // nobody else knows it any more
		g.limits.leave(c.peer.addr())
	}
	c.transport.close(errors.Is(err, errTooManyClients))
}

func (g *Gateway) addClientLocked(b *batch, c *client) (*innerConn, error) {
	if g.stopped.Load() {
		return nil, ErrServerClosed
	}
	if limit := g.options().MaxClients; limit > 0 && g.hub.ClientsLocked().Len() >= limit {
		return nil, errTooManyClients
	}
	if !g.hub.AddLocked(&c.Client) {
		return nil, errNoConnectionID
	}
	g.lives.connects++
	if len(g.workers.live) == 0 {
		g.lives.closes[ClosedWithoutWorker]++
		g.hub.RemoveLocked(&c.Client)
		return nil, nil
	}
	if err := c.transport.startLocked(); err != nil {
		g.lives.closes[ClosedByClient]++
		g.hub.RemoveLocked(&c.Client)
		return nil, err
	}
	m := c.head(gatewayprotocol.CmdOnConnect, gatewayprotocol.FlagBodyIsScalar)
	w := g.routeLocked(b, c, &m, nil)
	if w == nil { // the only ones left were ending
		c.state |= clientClosed
		c.flags.Or(flagEnded)
		g.lives.closes[ClosedWithoutWorker]++
		g.workers.releaseLocked(c)
		g.hub.RemoveLocked(&c.Client)
		return nil, nil
	}
	c.listener.clients++
	return w, nil
}

// destroyClient closes a client at once: unsent bytes are lost, all tables
// forget it, and its worker gets the event. Calls after the first do nothing. No lock
// may be held.
func (g *Gateway) destroyClient(b *batch, c *client, why CloseReason) {
	g.endClient(b, c, why, false)
}

// endClient is destroyClient, where offered says that what waited was offered to
// the kernel: the peer should get what that took.
func (g *Gateway) endClient(b *batch, c *client, why CloseReason, offered bool) {
	g.hub.Mu.Lock()
	c.mu.Lock()
	if c.state.any(clientClosed) {
		c.mu.Unlock()
		g.hub.Mu.Unlock()
		return
	}
	if !c.state.any(clientClosing) {
		c.why = why
	}
	g.lives.closes[c.why]++
	graceful := offered || c.state.any(clientClosing)
	if offered {
		c.transport.offeredLocked(c.out)
	}
	c.state |= clientClosed
	c.flags.Or(flagEnded)
	if q := c.out; q != nil {
		c.out = nil
		q.Release()
	}
	c.forgetEarlyLocked()
	c.securedLocked()
	if c.deflates() {
		g.compression.clients.Add(-1)
	}
	m := c.head(gatewayprotocol.CmdOnClose, gatewayprotocol.FlagBodyIsScalar)
	g.routeLocked(b, c, &m, nil)
	g.workers.releaseLocked(c)
	g.hub.RemoveLocked(&c.Client)
	c.listener.clients--
	counted, waits, inflating := c.state.any(clientCounted), c.state.any(clientHeld), c.state.any(clientInflating)
	c.mu.Unlock()
	g.hub.Mu.Unlock()
	if waits {
		g.hooks.drop(c.hookWait())
	}
	if inflating {
		g.inflations.drop(c.inflation())
	}
	if counted {
		g.limits.leave(c.remoteAddr().Addr())
	}
	c.transport.close(graceful)
	g.clientGone()
}
