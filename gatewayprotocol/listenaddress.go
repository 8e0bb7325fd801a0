package gatewayprotocol

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// The client protocols that a gateway can listen with, as PHP spells them in
// front of a listen address.
const (
	SchemeWebSocket = "websocket"
	SchemeText      = "text"
	SchemeFrame     = "frame"
	SchemeTCP       = "tcp"
)

// ListenAddress is where a gateway listens for clients and what it speaks
// there, the $socket_name of PHP's Gateway. TLS is not part of it: PHP sets it
// as transport = ssl.
type ListenAddress struct {
	Scheme string // in lower case
	Host   string // IPv6 without brackets; "" is every address
	Port   uint16 // 0 lets the system choose; PHP has no use for that
}

// HostPort returns the address for net.Listen.
func (a ListenAddress) HostPort() string {
	return net.JoinHostPort(a.Host, strconv.Itoa(int(a.Port)))
}

// Network returns the network for net.Listen: "tcp4" for an IPv4 address, as Go
// would open IPv6 as well for 0.0.0.0, which PHP does not; else "tcp".
func (a ListenAddress) Network() string {
	if ip, err := netip.ParseAddr(a.Host); err == nil && ip.Is4() {
		return "tcp4"
	}
	return "tcp"
}

// String returns the address in PHP's spelling, websocket://0.0.0.0:8282.
func (a ListenAddress) String() string { return a.Scheme + "://" + a.HostPort() }

// What can be wrong with a listen address; see [ListenAddressError].
var (
	ErrNoScheme      = errors.New("no protocol in front of it, as in websocket://0.0.0.0:8282")
	ErrUnknownScheme = errors.New("unknown protocol")
	ErrBadHost       = errors.New("invalid host (an IPv6 address needs brackets)")
	ErrNoPort        = errors.New("no port")
	ErrBadPort       = errors.New("invalid port: want 0 to 65535")
)

// ListenAddressError reports a text that is no listen address. It unwraps to
// one of the errors above.
type ListenAddressError struct {
	Text string
	Err  error
}

func (e *ListenAddressError) Error() string {
	return fmt.Sprintf("gatewayprotocol: listen address %q: %v", e.Text, e.Err)
}

func (e *ListenAddressError) Unwrap() error { return e.Err }

// ParseListenAddress parses a listen address in PHP's spelling:
// websocket://0.0.0.0:8282, text://[::]:8283. The scheme is one of the four
// that the project has, or one of custom, in upper or lower case. http, udp
// and unix, which Workerman has, are unknown here as they are no use to PHP's
// Gateway.
func ParseListenAddress(s string, custom ...string) (ListenAddress, error) {
	fail := func(err error) (ListenAddress, error) {
		return ListenAddress{}, &ListenAddressError{Text: s, Err: err}
	}
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok || scheme == "" {
		return fail(ErrNoScheme)
	}
	scheme = strings.ToLower(scheme)
	switch scheme {
	case SchemeWebSocket, SchemeText, SchemeFrame, SchemeTCP:
	default:
		if !slices.ContainsFunc(custom, func(c string) bool { return strings.EqualFold(c, scheme) }) {
			return fail(fmt.Errorf("%w %q", ErrUnknownScheme, scheme))
		}
	}
	colon := strings.LastIndexByte(rest, ':')
	if colon < 0 || strings.HasSuffix(rest, "]") {
		return fail(ErrNoPort)
	}
	host, portText := rest[:colon], strings.TrimSuffix(rest[colon+1:], "/")
	if portText == "" {
		return fail(ErrNoPort)
	}
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
		if !strings.Contains(host, ":") {
			return fail(ErrBadHost)
		}
	} else if strings.Contains(host, ":") {
		return fail(ErrBadHost)
	}
	if strings.ContainsAny(host, "[]/ ") {
		return fail(ErrBadHost)
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil || portText[0] == '+' {
		return fail(ErrBadPort)
	}
	return ListenAddress{Scheme: scheme, Host: host, Port: uint16(port)}, nil
}
