package gateway

import (
	"slices"
	"strconv"
	"strings"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/clientproto"
	"github.com/go-gatewayworker/gatewayworker/internal/options"
)

// protocolHeader is the header in which a client offers subprotocols, and in which
// the 101 names the one that was chosen. A browser that has offered some closes the
// connection unless the 101 names one of them.
const protocolHeader = "Sec-WebSocket-Protocol"

// offeredProtocols are the subprotocols that a request offers, in its order.
func offeredProtocols(header string) []string {
	var offered []string
	for p := range strings.SplitSeq(header, ",") {
		if p = strings.Trim(p, " \t"); p != "" {
			offered = append(offered, p)
		}
	}
	return offered
}

// chooseProtocol has the 101 name the first subprotocol that the client offers and
// Options.WebsocketProtocols has. Without one it names none, as PHP's.
func (g *Gateway) chooseProtocol(req *clientproto.Request) {
	known := g.options().WebsocketProtocols
	if len(known) == 0 {
		return
	}
	for _, p := range offeredProtocols(headerOf(req, protocolHeader)) {
		if slices.Contains(known, p) {
			req.AddHeader(protocolHeader, p)
			return
		}
	}
}

// checkWebsocketProtocols refuses names that no client could offer.
func (o *Options) checkWebsocketProtocols(check *options.Checker) {
	o.WebsocketProtocols = slices.Clone(o.WebsocketProtocols)
	for _, p := range o.WebsocketProtocols {
		if !isToken(p) {
			check.Refuse("WebsocketProtocols", strconv.Quote(p), "not the name of a subprotocol; use letters, digits and !#$%&'*+-.^_`|~")
		}
	}
}

// isToken reports whether s is a token of HTTP (RFC 9110 section 5.6.2): the name of
// a header or of a subprotocol.
func isToken(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		case strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0:
			return false
		}
	}
	return s != ""
}
