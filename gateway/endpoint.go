package gateway

import "net/netip"

// endpoint is a netip.AddrPort without its zone in 18 bytes, where that takes 32:
// every client has one.
type endpoint struct {
	ip   [16]byte
	port uint16
}

func endpointOf(a netip.AddrPort) endpoint { return endpoint{a.Addr().As16(), a.Port()} }

func (e *endpoint) addr() netip.Addr { return netip.AddrFrom16(e.ip).Unmap() }

func (e *endpoint) addrPort() netip.AddrPort { return netip.AddrPortFrom(e.addr(), e.port) }
