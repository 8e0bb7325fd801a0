package gateway

import (
	"context"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/hub"
)

// anonymousLocked reports whether nobody has said who a client is: it has neither
// uid, session nor group. The caller holds hub.Mu.
func anonymousLocked(c *hub.Client) bool {
	return c.UIDLocked() == "" && len(c.Session()) == 0 && !c.InGroupsLocked()
}

// endAnonymous drops clients that are given neither uid, session nor group within
// IdentifyTimeout, until ctx ends.
func (g *Gateway) endAnonymous(ctx context.Context) {
	g.endLate(ctx, &g.identifying, g.options().IdentifyTimeout, func(b *batch, id uint32) {
		g.hub.Mu.Lock()
		var late *client
		if c := g.hub.ClientLocked(id); c != nil && anonymousLocked(c) {
			late = clientOf(c)
		}
		g.hub.Mu.Unlock()
		if late != nil {
			g.overLimit(b, late, LimitIdentify)
		}
	})
}
