package compattests

import (
	"net"
	"strconv"
)

// Clients of a gateway that listens on all IPv6 addresses, which on Linux are
// the IPv4 addresses as well.
func init() {
	client := func(name, host string, options ...func(*scenario)) {
		scene("handshake/"+name, func(s *stage) {
			gw := s.gateway(gatewayConfig{Host: "::"})
			w := s.worker()
			c := s.openAt(gw, net.JoinHostPort(host, strconv.Itoa(portOf(gw.clientAddress))))
			s.announce(c)
			c.raw(standardHandshake)
			w.expect()
			c.log("%s < %s", c.name, quote([]byte(c.readHead())))
			c.say("hello")
			c.close()
			w.expect()
		}, append(options, withIPv6)...)
	}
	client("ipv6-client", "::1")
	client("ipv4-client-of-an-ipv6-listener", "127.0.0.1", differs("ipv4-clients-on-ipv6"))
}
