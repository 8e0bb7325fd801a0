package gateway

import "context"

// endHandshakes drops clients that do not finish their handshakes within
// HandshakeTimeout, until ctx ends.
func (g *Gateway) endHandshakes(ctx context.Context) {
	g.endLate(ctx, &g.handshaking, g.options().HandshakeTimeout, func(b *batch, id uint32) {
		if c := g.unready(id); c != nil {
			g.clientLog(c).Debug("the client's handshake took too long, dropping it")
			g.destroyClient(b, c, ClosedBeforeHandshake)
		}
	})
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
