package gatewayprotocol

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// GatewayAddress is the inner address of a gateway, lanIp:lanPort. It is IPv4
// only: the protocol has four bytes for it.
type GatewayAddress struct {
	IP   uint32
	Port uint16
}

// String returns "ip:port".
func (a GatewayAddress) String() string { return a.AddrPort().String() }

// AddrPort returns the address as a netip.AddrPort.
func (a GatewayAddress) AddrPort() netip.AddrPort {
	return netip.AddrPortFrom(Uint32ToAddr(a.IP), a.Port)
}

// GatewayAddressError reports a text that is no gateway address.
type GatewayAddressError struct{ Text string }

func (e *GatewayAddressError) Error() string {
	return fmt.Sprintf("gatewayprotocol: gateway address %q is not ipv4:port", e.Text)
}

// ParseGatewayAddress parses "ip:port" with an IPv4 address and a port in
// decimal. Anything else is a [*GatewayAddressError].
func ParseGatewayAddress(s string) (GatewayAddress, error) {
	ap, err := netip.ParseAddrPort(s)
	if err != nil || !ap.Addr().Is4() {
		return GatewayAddress{}, &GatewayAddressError{Text: s}
	}
	return GatewayAddress{IP: AddrToUint32(ap.Addr()), Port: ap.Port()}, nil
}

// AddrToUint32 returns an IPv4 address (also one mapped into IPv6) as PHP's
// ip2long does, and 0 for any other address.
func AddrToUint32(a netip.Addr) uint32 {
	a = a.Unmap()
	if !a.Is4() {
		return 0
	}
	b := a.As4()
	return binary.BigEndian.Uint32(b[:])
}

// Uint32ToAddr is PHP's long2ip.
func Uint32ToAddr(ip uint32) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], ip)
	return netip.AddrFrom4(b)
}
