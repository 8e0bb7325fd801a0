package gateway

import (
	"math"
	"net/netip"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/outqueue"
	"github.com/go-gatewayworker/gatewayworker/internal/options"
)

// limits is what the limits need to know.
type limits struct {
	hits limitCounts

	mu        sync.Mutex // a leaf; guards what follows
	clients   map[netip.Addr]int
	second    int64 // at which connects began to count, since the gateway was made
	connects  int
	ofAddress map[netip.Addr]int // connects of addresses in that second
}

// limitKey is what counts as one address: of IPv6 the network of 64 bits that one
// customer has at least.
func limitKey(a netip.Addr) netip.Addr {
	a = a.Unmap()
	if a.Is4() {
		return a
	}
	p, err := a.WithZone("").Prefix(64)
	if err != nil {
		return a
	}
	return p.Addr()
}

// connect reports whether one more connection may come, and which limit it is over
// if not.
func (x *limits) connect(o *Options, a netip.Addr, now time.Duration) (Limit, bool) {
	if o.MaxConnectsPerSecond <= 0 && o.MaxConnectsPerSecondPerAddress <= 0 {
		return 0, true
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if second := int64(now / time.Second); second != x.second {
		x.second, x.connects = second, 0
		clear(x.ofAddress)
	}
	if limit := o.MaxConnectsPerSecondPerAddress; limit > 0 && a.IsValid() {
		key := limitKey(a)
		if x.ofAddress[key] >= limit {
			return LimitConnectsPerAddress, false
		}
		if x.ofAddress == nil {
			x.ofAddress = map[netip.Addr]int{}
		}
		x.ofAddress[key]++
	}
	if limit := o.MaxConnectsPerSecond; limit > 0 {
		if x.connects >= limit {
			return LimitConnects, false
		}
		x.connects++
	}
	return 0, true
}

// enter counts one more client of an address, unless it has limit already.
func (x *limits) enter(a netip.Addr, limit int) bool {
	key := limitKey(a)
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.clients[key] >= limit {
		return false
	}
	if x.clients == nil {
		x.clients = map[netip.Addr]int{}
	}
	x.clients[key]++
	return true
}

// leave counts one client less.
func (x *limits) leave(a netip.Addr) {
	key := limitKey(a)
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.clients[key]--; x.clients[key] <= 0 {
		delete(x.clients, key)
	}
}

// admit reports whether a new connection may become a client. If not, it has been
// counted, and the connection is to be closed. What a trusted proxy's connection
// is, is known with its request only.
func (g *Gateway) admit(c *client) bool {
	o := g.options()
	peer := c.peer.addr()
	if len(o.TrustedProxies) > 0 && options.InNetworks(o.TrustedProxies, peer) {
		peer = netip.Addr{}
	}
	l, ok := g.limits.connect(o, peer, time.Since(g.started))
	if ok && o.MaxClientsPerAddress > 0 && peer.IsValid() {
		if ok = g.limits.enter(peer, o.MaxClientsPerAddress); ok {
			c.state |= clientCounted // nobody else knows it yet
		} else {
			l = LimitClientsPerAddress
		}
	}
	if !ok {
		g.turnAway(c, l)
	}
	return ok
}

// admitFound is admit for a client whose address a proxy has passed on in its
// request. It ends a client that may not stay.
func (g *Gateway) admitFound(b *batch, c *client, a netip.Addr) bool {
	o := g.options()
	if limit := o.MaxConnectsPerSecondPerAddress; limit > 0 {
		per := Options{MaxConnectsPerSecondPerAddress: limit} // those over all were counted
		if l, ok := g.limits.connect(&per, a, time.Since(g.started)); !ok {
			g.overLimit(b, c, l)
			return false
		}
	}
	if limit := o.MaxClientsPerAddress; limit > 0 {
		if !g.limits.enter(a, limit) {
			g.overLimit(b, c, LimitClientsPerAddress)
			return false
		}
		c.mu.Lock()
		gone := c.state.any(clientClosed)
		if !gone {
			c.state |= clientCounted
		}
		c.mu.Unlock()
		if gone {
			g.limits.leave(a)
		}
	}
	return true
}

// turnAway tells a connection that is no client, and will not be one, why, if that
// can be done without waiting. The caller closes it.
func (g *Gateway) turnAway(c *client, l Limit) {
	g.limitHit(l, func() logrus.Fields { return logrus.Fields{"remote": c.remoteAddr()} })
	if c.listener.handshakes && !c.listener.secure() {
		q := outqueue.Get()
		q.Refer(httpRefusal(limitTexts[l].status))
		_, _ = c.transport.write(q, new(outqueue.Scratch))
		q.Release()
	}
}

// admitTaken counts a client that another process has passed on, over whatever
// limit it may be.
func (g *Gateway) admitTaken(c *client) {
	o := g.options()
	if o.MaxClientsPerAddress > 0 && g.limits.enter(c.remoteAddr().Addr(), math.MaxInt) {
		c.state |= clientCounted
	}
	if o.IdentifyTimeout > 0 {
		g.identifying.add(time.Since(g.started), c.ID())
	}
}
