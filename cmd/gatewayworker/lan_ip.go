package main

import (
	"net"
	"net/netip"
	"os"
	"strings"
	"time"
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

// testNetwork is an address that nobody has (RFC 5737): the way there is the
// default route.
const testNetwork = "198.51.100.1:1"

// autoLanIP returns this machine's address on the way to a Register on another
// machine; without one, that of the default route, if that is private, else the
// first private address that the machine has. Nothing is sent.
func autoLanIP(registers []string, isOwn func(host string) bool) (netip.Addr, error) {
	for _, addr := range registers {
		if host, _, err := net.SplitHostPort(addr); err == nil && !isOwn(host) {
			if ip, ok := sourceOf(addr); ok {
				return ip, nil
			}
		}
	}
	if ip, ok := sourceOf(testNetwork); ok && ip.IsPrivate() {
		return ip, nil
	}
	own, _ := net.InterfaceAddrs()
	for _, a := range own {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil && prefix.Addr().Is4() && prefix.Addr().IsPrivate() {
			return prefix.Addr(), nil
		}
	}
	return netip.Addr{}, &flagError{"lan-ip", "auto", "this machine has no private IPv4 address; set the one by which workers reach it"}
}

// sourceOf returns the IPv4 address from which this machine would send to addr.
func sourceOf(addr string) (netip.Addr, bool) {
	conn, err := net.DialTimeout("udp4", addr, 5*time.Second) // the time is for a name server
	if err != nil {
		return netip.Addr{}, false
	}
	defer conn.Close()
	ip := conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr()
	return ip, ip.Is4() && !ip.IsLoopback() && !ip.IsUnspecified()
}
