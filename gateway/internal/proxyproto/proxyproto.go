package proxyproto

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// MaxHead is the longest head that [Parse] takes, in bytes. One of version 2 may
// have 65,551; what proxies send of certificates and the like stays far below.
const MaxHead = 4096

// maxLine is the longest head of version 1, its line end included.
const maxLine = 107

const (
	prefix1   = "PROXY "
	signature = "\r\n\r\n\x00\r\nQUIT\n"
	fixed2    = len(signature) + 4 // version and command, family, length
)

var (
	errNoHead = errors.New("proxyproto: the connection does not begin with a PROXY head")
	errLine   = errors.New("proxyproto: the PROXY line is malformed")
)

// Parse reads the head at the start of p. It returns the head's length and the
// address of the client, which is the zero value if the proxy speaks for itself
// (a health check) or does not know one. With 0 and no error, more bytes are
// needed; all of p is part of the head then.
func Parse(p []byte) (n int, client netip.AddrPort, err error) {
	switch {
	case begins(p, prefix1):
		return parseLine(p)
	case begins(p, signature):
		return parseBinary(p)
	}
	return 0, netip.AddrPort{}, errNoHead
}

// begins reports whether p begins with s, as far as p goes.
func begins(p []byte, s string) bool {
	n := min(len(p), len(s))
	return string(p[:n]) == s[:n]
}

// parseLine reads "PROXY TCP4 192.0.2.7 198.51.100.1 54321 443\r\n".
func parseLine(p []byte) (int, netip.AddrPort, error) {
	end := bytes.IndexByte(p[:min(len(p), maxLine)], '\n')
	switch {
	case end < 0 && len(p) >= maxLine:
		return 0, netip.AddrPort{}, fmt.Errorf("%w: no end within %d bytes", errLine, maxLine)
	case end < 0:
		return 0, netip.AddrPort{}, nil
	case p[end-1] != '\r':
		return 0, netip.AddrPort{}, errLine
	}
	fields := strings.Split(string(p[len(prefix1):end-1]), " ")
	if fields[0] == "UNKNOWN" {
		return end + 1, netip.AddrPort{}, nil
	}
	if len(fields) != 5 || fields[0] != "TCP4" && fields[0] != "TCP6" {
		return 0, netip.AddrPort{}, errLine
	}
	source, err1 := netip.ParseAddr(fields[1])
	target, err2 := netip.ParseAddr(fields[2])
	port, err3 := strconv.ParseUint(fields[3], 10, 16)
	_, err4 := strconv.ParseUint(fields[4], 10, 16)
	is4 := fields[0] == "TCP4"
	if errors.Join(err1, err2, err3, err4) != nil || source.Is4() != is4 || target.Is4() != is4 || source.Zone() != "" {
		return 0, netip.AddrPort{}, errLine
	}
	return end + 1, netip.AddrPortFrom(source.Unmap(), uint16(port)), nil
}

// parseBinary reads a head of version 2.
func parseBinary(p []byte) (int, netip.AddrPort, error) {
	if len(p) < fixed2 {
		return 0, netip.AddrPort{}, nil
	}
	command, family := p[12], p[13]
	n := fixed2 + int(binary.BigEndian.Uint16(p[14:]))
	switch {
	case command>>4 != 2 || command&0xf > 1:
		return 0, netip.AddrPort{}, fmt.Errorf("proxyproto: version and command are %#x, want 0x20 or 0x21", command)
	case n > MaxHead:
		return 0, netip.AddrPort{}, fmt.Errorf("proxyproto: a head of %d bytes, at most %d are taken", n, MaxHead)
	case len(p) < n:
		return 0, netip.AddrPort{}, nil
	case command&0xf == 0: // LOCAL
		return n, netip.AddrPort{}, nil
	}
	addresses := p[fixed2:n]
	switch family {
	case 0x11: // TCP over IPv4
		if len(addresses) < 12 {
			return 0, netip.AddrPort{}, errShort
		}
		return n, netip.AddrPortFrom(netip.AddrFrom4([4]byte(addresses)), binary.BigEndian.Uint16(addresses[8:])), nil
	case 0x21: // TCP over IPv6
		if len(addresses) < 36 {
			return 0, netip.AddrPort{}, errShort
		}
		return n, netip.AddrPortFrom(netip.AddrFrom16([16]byte(addresses)).Unmap(), binary.BigEndian.Uint16(addresses[32:])), nil
	}
	return n, netip.AddrPort{}, nil // unix sockets, and what has no address
}

var errShort = errors.New("proxyproto: the head is too short for its addresses")
