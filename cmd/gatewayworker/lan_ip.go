package main

import (
	"net"
	"net/netip"
	"os"
	"strings"
)

// unreachableLanIP returns a warning if the gateway announces a loopback address
// at a Register on another machine, whose workers would connect to themselves;
// else "".
func unreachableLanIP(lanIP string, registers []string, isOwn func(host string) bool) string {
	if !isLoopback(lanIP) {
		return ""
	}
	for _, addr := range registers {
		if host, _, err := net.SplitHostPort(addr); err == nil && !isOwn(host) {
			return "--lan-ip " + lanIP + " is this machine alone, but the Register " + addr + " is not: workers on other machines cannot reach this gateway; set --lan-ip to an address by which they can"
		}
	}
	return ""
}

// isOwnHost reports whether a host is this machine, as far as that is known
// without asking a name server.
func isOwnHost(host string) bool {
	if name, err := os.Hostname(); err == nil && strings.EqualFold(host, name) || strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	if ip = ip.Unmap(); ip.IsLoopback() {
		return true
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return true // unknown is no reason to warn
	}
	for _, a := range own {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil && prefix.Addr().Unmap() == ip {
			return true
		}
	}
	return false
}
