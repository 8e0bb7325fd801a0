package gateway

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/clientproto"
	"github.com/go-gatewayworker/gatewayworker/internal/options"
)

// Whose a connection is that came by a proxy. A client may write any header, and
// any PROXY head, so only proxies that Options names are believed.

// DefaultProxyHeader is the header in which [Options].TrustedProxies pass on a
// client's address, unless ProxyHeader says otherwise.
const DefaultProxyHeader = "X-Forwarded-For"

// rare is what only few clients need. It does not change: another takes its
// place.
type rare struct {
	remote netip.AddrPort // that a proxy has passed on in a header; else invalid
	wait   *hookWait      // nil unless its request waits for ConnectHook

	inflation *inflation // nil unless its message is inflated by another goroutine
}

// setRare changes what a client has of rare. The goroutine that reads the client
// calls it.
func (c *client) setRare(change func(*rare)) {
	next := new(rare)
	if was := c.rare.Load(); was != nil {
		*next = *was
	}
	change(next)
	if *next == (rare{}) {
		next = nil
	}
	c.rare.Store(next)
}

// remoteAddr is the client's address: that of its socket, or the one that a
// trusted proxy has passed on. No lock is needed.
func (c *client) remoteAddr() netip.AddrPort {
	if r := c.rare.Load(); r != nil && r.remote.IsValid() {
		return r.remote
	}
	return c.peer.addrPort()
}

// findRemote looks for a client's address in its request, if that comes from a
// trusted proxy. It reports whether the client may stay.
func (g *Gateway) findRemote(b *batch, c *client, req *clientproto.Request) bool {
	o := g.options()
	if r := c.rare.Load(); r != nil && r.remote.IsValid() {
		return true // the process before has found it, and counted
	}
	if len(o.TrustedProxies) == 0 || !options.InNetworks(o.TrustedProxies, c.peer.addr()) {
		return true
	}
	value, ok := req.Header(cmp.Or(o.ProxyHeader, DefaultProxyHeader))
	if !ok {
		return true
	}
	if addr, ok := lastUntrusted(value, o.TrustedProxies); ok {
		// A proxy passes on no port, or one that means nothing here; that of its
		// own connection tells clients of one address apart.
		c.setRare(func(to *rare) { to.remote = netip.AddrPortFrom(addr, c.peer.port) })
		return g.admitFound(b, c, addr)
	}
	return true
}

// lastUntrusted returns the last address of a list, as X-Forwarded-For is one,
// that is not a trusted proxy's: what stands before it, the client may have
// written. If all are trusted it returns the first. Behind what is no address
// the list ends.
func lastUntrusted(list string, trusted []netip.Prefix) (found netip.Addr, ok bool) {
	for more := true; more; {
		var last string
		if i := strings.LastIndexByte(list, ','); i >= 0 {
			list, last = list[:i], list[i+1:]
		} else {
			last, more = list, false
		}
		a, good := forwardedAddr(strings.TrimSpace(last))
		if !good {
			break
		}
		found, ok = a, true
		if !options.InNetworks(trusted, a) {
			break
		}
	}
	return found, ok
}

// forwardedAddr reads an address, with or without a port: 192.0.2.7,
// 192.0.2.7:8080, 2001:db8::1, [2001:db8::1], [2001:db8::1]:8080.
func forwardedAddr(text string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(text)
	if err != nil {
		if inner, whole := strings.CutPrefix(text, "["); whole && strings.HasSuffix(inner, "]") {
			a, err = netip.ParseAddr(strings.TrimSuffix(inner, "]"))
		} else {
			var ap netip.AddrPort
			ap, err = netip.ParseAddrPort(text)
			a = ap.Addr()
		}
	}
	if err != nil {
		return netip.Addr{}, false
	}
	return a.Unmap().WithZone(""), true
}

// awaitsProxyHead reports whether a connection has to begin with a PROXY head.
func (g *Gateway) awaitsProxyHead(peer netip.AddrPort) bool {
	o := g.options()
	return o.ProxyProtocol && options.InNetworks(o.TrustedProxies, peer.Addr())
}

// checkProxies checks the options about proxies.
func (o *Options) checkProxies(check *options.Checker) {
	o.TrustedProxies = slices.Clone(o.TrustedProxies)
	check.Networks("TrustedProxies", o.TrustedProxies)
	switch {
	case o.ProxyHeader != "" && strings.ContainsAny(o.ProxyHeader, " \t\r\n:,"):
		check.Refuse("ProxyHeader", strconv.Quote(o.ProxyHeader), "not the name of a header; use X-Forwarded-For, X-Real-IP or CF-Connecting-IP")
	case len(o.TrustedProxies) > 0:
	case o.ProxyProtocol:
		check.Refuse("ProxyProtocol", true, "nobody is believed; set TrustedProxies to the networks of your proxies")
	case o.ProxyHeader != "":
		check.Refuse("ProxyHeader", strconv.Quote(o.ProxyHeader), "nobody is believed; set TrustedProxies to the networks of your proxies")
	}
}
