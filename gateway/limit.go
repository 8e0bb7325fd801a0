package gateway

import (
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"slices"
	"sync/atomic"

	"github.com/sirupsen/logrus"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/clientproto"
	"github.com/go-gatewayworker/gatewayworker/internal/options"
)

// Limit is something that Options bound, and that PHP's gateway does not. Each is
// off unless an option is set.
type Limit uint8

// The limits, with the options that set them.
const (
	LimitClients            Limit = iota // MaxClients
	LimitClientsPerAddress               // MaxClientsPerAddress
	LimitConnects                        // MaxConnectsPerSecond
	LimitConnectsPerAddress              // MaxConnectsPerSecondPerAddress
	LimitMessages                        // MaxMessagesPerSecond
	LimitBytes                           // MaxBytesPerSecond
	LimitMessageSize                     // MaxMessageSize
	LimitIdentify                        // IdentifyTimeout
	LimitOrigin                          // Origins
	LimitInnerAddress                    // InnerAllow
	LimitConnectHook                     // ConnectHookQueue
	limitCount              = iota
)

// limitTexts says of each limit what metrics call it, what the log says when it
// acts, and what the client gets: a close code, or before the handshake a status.
// Without either its connection is closed.
var limitTexts = [limitCount]struct {
	name, log string
	code      uint16
	status    int
}{
	LimitClients:            {"clients", "too many clients, connection refused", 0, http.StatusServiceUnavailable},
	LimitClientsPerAddress:  {"clients_per_address", "too many clients of one address, connection refused", 0, http.StatusTooManyRequests},
	LimitConnects:           {"connects", "too many new connections, connection refused", 0, http.StatusServiceUnavailable},
	LimitConnectsPerAddress: {"connects_per_address", "too many new connections of one address, connection refused", 0, http.StatusTooManyRequests},
	LimitMessages:           {"messages", "client sent too many messages, closing its connection", clientproto.ClosePolicy, 0},
	LimitBytes:              {"bytes", "client sent too many bytes, closing its connection", clientproto.ClosePolicy, http.StatusTooManyRequests},
	LimitMessageSize:        {"message_size", "client sent too long a message, closing its connection", clientproto.CloseTooBig, 0},
	LimitIdentify:           {"identify", "client was given neither uid, session nor group in time, closing its connection", clientproto.ClosePolicy, http.StatusRequestTimeout},
	LimitOrigin:             {"origin", "a websocket of a page that is not allowed, refused", 0, http.StatusForbidden},
	LimitConnectHook:        {"connect_hook", "too many clients wait for the connect hook, refused", 0, http.StatusServiceUnavailable},
	LimitInnerAddress:       {"inner_address", "inner connection from an address that is not allowed, refused", 0, 0},
}

// String returns a short name, as metrics have it: "clients", "messages".
func (l Limit) String() string {
	if int(l) < len(limitTexts) {
		return limitTexts[l].name
	}
	return "unknown"
}

// limitCounts counts how often each limit acted.
type limitCounts [limitCount]atomic.Uint64

func (n *limitCounts) read() map[Limit]uint64 {
	m := make(map[Limit]uint64, limitCount)
	for l := range n {
		m[Limit(l)] = n[l].Load()
	}
	return m
}

// limitHit counts and logs that a limit acts. fields are made only for lines that
// are logged.
func (g *Gateway) limitHit(l Limit, fields func() logrus.Fields) {
	g.limits.hits[l].Add(1)
	text := &limitTexts[l]
	g.limited.WarnFunc(text.log, text.log, func() logrus.FieldLogger {
		return g.log.WithField("limit", text.name).WithFields(fields())
	})
}

func clientFields(c *client) func() logrus.Fields {
	return func() logrus.Fields {
		return logrus.Fields{"client_id": c.clientID(), "remote": c.remoteAddr()}
	}
}

// overLimit ends a client that is over a limit. A websocket client gets the
// limit's close code, or before the handshake its status, if the kernel takes that
// at once: who floods the gateway need not read.
func (g *Gateway) overLimit(b *batch, c *client, l Limit) {
	g.limitHit(l, clientFields(c))
	if c.listener.handshakes {
		if c.ready() {
			if code := limitTexts[l].code; code != 0 {
				c.send(b, clientproto.AppendClose(nil, code, l.String()), true, immortal)
			}
		} else if status := limitTexts[l].status; status != 0 {
			c.send(b, httpRefusal(status), true, immortal)
		}
	}
	c.offer(b)
	g.endClient(b, c, ClosedByLimit, true)
}

// endWith ends a client after a last frame, if the kernel takes that at once.
func (g *Gateway) endWith(b *batch, c *client, frame []byte, why CloseReason) {
	c.send(b, frame, true, immortal)
	c.offer(b)
	g.endClient(b, c, why, true)
}

// httpRefusal is the answer to a request for a websocket that is refused.
func httpRefusal(status int) []byte { return httpAnswer(status, nil, "") }

// httpAnswer is a refusal with headers and a body.
func httpAnswer(status int, headers []HeaderLine, body string) []byte {
	answer := fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Length: %d\r\n", status, http.StatusText(status), len(body))
	for _, h := range headers {
		answer = fmt.Appendf(answer, "%s: %s\r\n", h.Name, h.Value)
	}
	return append(append(answer, "\r\n"...), body...)
}

// maxMessage is the longest message of a client.
func (o *Options) maxMessage() int {
	if o.MaxMessageSize > 0 {
		return min(o.MaxMessageSize, o.MaxPackageSize)
	}
	return o.MaxPackageSize
}

// checkLimits checks the options about limits.
func (o *Options) checkLimits(check *options.Checker) {
	for _, l := range []struct {
		name    string
		v, most int
	}{
		{"MaxClients", o.MaxClients, math.MaxInt32},
		{"MaxClientsPerAddress", o.MaxClientsPerAddress, math.MaxInt32},
		{"MaxConnectsPerSecond", o.MaxConnectsPerSecond, math.MaxInt32},
		{"MaxConnectsPerSecondPerAddress", o.MaxConnectsPerSecondPerAddress, math.MaxInt32},
		{"MaxMessagesPerSecond", o.MaxMessagesPerSecond, maxMessagesPerSecond},
		{"MaxBytesPerSecond", o.MaxBytesPerSecond, maxBytesPerSecond},
		{"MaxMessageSize", o.MaxMessageSize, math.MaxInt32},
	} {
		if l.v < 0 || l.v > l.most {
			check.Refuse(l.name, l.v, fmt.Sprintf("out of range; use 1 to %d, or 0 for no limit", l.most))
		}
	}
	check.NotNegative("IdentifyTimeout", o.IdentifyTimeout)
	check.NotNegative("UserTimeout", o.UserTimeout)
	o.Origins = slices.Clone(o.Origins)
	checkOrigins(check, o.Origins)
	o.InnerAllow = slices.Clone(o.InnerAllow)
	check.Networks("InnerAllow", o.InnerAllow)
}

// innerAllowed reports whether the inner port accepts a connection.
func (g *Gateway) innerAllowed(remote netip.AddrPort) bool {
	allow := g.options().InnerAllow
	if len(allow) == 0 || options.InNetworks(allow, remote.Addr()) {
		return true
	}
	g.limitHit(LimitInnerAddress, func() logrus.Fields { return logrus.Fields{"remote": remote} })
	return false
}
