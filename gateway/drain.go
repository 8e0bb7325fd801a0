package gateway

import (
	"context"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/clientproto"
)

// DrainOptions say how [Gateway.Drain] sends clients away.
type DrainOptions struct {
	// Time is over how long the clients are closed, evenly.
	Time time.Duration
	// Refuse closes the client ports first. Otherwise new clients are taken, and
	// sent away with the others: a load balancer has the time to notice.
	Refuse bool
	// Code is what websocket clients get as a close code; 0 is 1001, going away.
	// 1012 is "service restart".
	Code uint16
}

// drainTicks is how often a second Drain closes some clients.
const drainTicks = 20

// Draining reports whether [Gateway.Drain] was called: new clients are not welcome.
func (g *Gateway) Draining() bool { return g.draining.Load() || g.stopped.Load() }

// SetDraining has Ready say from now on that new clients are not welcome, as Drain
// does first.
func (g *Gateway) SetDraining() { g.draining.Store(true) }

// Drain sends all clients away, evenly over some time, so that those who come back
// elsewhere do not all do so at once: first those that have neither uid, session
// nor group, then the others, who came first goes first. It returns when no client
// is left, when the time is over, or with ctx's error when ctx ends. The gateway
// serves on meanwhile and afterwards; to end it call [Gateway.Shutdown].
func (g *Gateway) Drain(ctx context.Context, o DrainOptions) error {
	g.SetDraining()
	if o.Refuse {
		g.StopAccepting()
	}
	if o.Code == 0 {
		o.Code = clientproto.CloseGoingAway
	}
	goodbye := clientproto.AppendClose(nil, o.Code, "")
	left := int(max(o.Time, 1)*drainTicks/time.Second) + 1
	ticker := time.NewTicker(time.Second / drainTicks)
	defer ticker.Stop()
	b := new(batch)
	due := 0.0 // clients to be closed by now
	for ; left > 0; left-- {
		all := g.drainOrder()
		if len(all) == 0 {
			return nil
		}
		g.standstill.RLock()
		due += float64(len(all)) / float64(left)
		n := min(int(due), len(all))
		due -= float64(n)
		if left == 1 {
			n = len(all)
		}
		for _, c := range all[:n] {
			var frame []byte
			if c.listener.handshakes && c.ready() {
				frame = goodbye
			}
			c.closeAfter(b, frame, true, immortal, ClosedByShutdown)
		}
		b.flush()
		g.standstill.RUnlock()
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// drainOrder returns the clients that are not closing yet, in the order in which
// they are sent away.
func (g *Gateway) drainOrder() []*client {
	g.hub.Mu.Lock()
	defer g.hub.Mu.Unlock()
	var first, then []*client
	for part := range g.hub.ClientsLocked().All() {
		c := clientOf(part)
		switch {
		case c.ended():
		case anonymousLocked(part):
			first = append(first, c)
		default:
			then = append(then, c)
		}
	}
	return append(first, then...)
}
