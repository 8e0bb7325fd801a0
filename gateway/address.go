package gateway

import (
	"net"
	"net/netip"
)

// addrPortOf returns a net.Addr's address, the zero value if it has none.
func addrPortOf(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		ap := t.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	ap, _ := netip.ParseAddrPort(a.String())
	return ap
}

// phpIP is an address as PHP's stream functions print it, but for IPv4 clients
// of an IPv6 listener, which are IPv4 clients here.
func phpIP(a netip.Addr) string {
	if a.Is4() || a.Is4In6() {
		return a.Unmap().String()
	}
	// inet_ntop's form of what RFC 4291 calls an IPv4-compatible address.
	if b := a.As16(); [12]byte(b[:]) == [12]byte{} && (b[12] != 0 || b[13] != 0) {
		return "[::" + netip.AddrFrom4([4]byte(b[12:])).String() + "]"
	}
	return "[" + a.WithZone("").String() + "]"
}
