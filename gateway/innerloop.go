package gateway

import (
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// commands runs the frames of inner connections. Whoever calls it sees to it
// that only one call is under way at a time.
type commands struct {
	gw   *Gateway
	b    batch
	exec *executor
	msg  gatewayprotocol.Message
}

func newCommands(g *Gateway) *commands {
	x := &commands{gw: g, b: batch{inner: true, helpers: g.helpers}}
	x.exec = g.newExecutor(&innerSink{gw: g, b: &x.b})
	return x
}

// run executes the whole frames at the start of p and returns the rest. It stops
// in front of a query that does not start within the first upTo bytes and then
// reports it as waiting.
func (x *commands) run(ic *innerConn, p []byte, upTo int) (rest []byte, waiting bool) {
	defer func() { x.msg = gatewayprotocol.Message{} }() // it refers to p
	for at := 0; len(p) > 0; {
		n, err := gatewayprotocol.DecodeMessage(p, &x.msg, gatewayprotocol.MaxPackageSize)
		if err != nil {
			x.exec.sink.closeInner(ic, err)
			return nil, false
		}
		if n == 0 {
			break
		}
		if at >= upTo && x.msg.Cmd.IsQuery() {
			return p, true
		}
		x.exec.execute(ic, &x.msg)
		if ic.finished() {
			return nil, false
		}
		p, at = p[n:], at+n
	}
	return p, false
}

// keep stores what could not be executed yet behind the connection. With own it
// is what is left of unread.
func (ic *innerConn) keep(rest []byte, own bool) {
	switch {
	case len(rest) == 0:
		ic.unread = nil
	case own && len(rest) == len(ic.unread): // a long frame that comes in pieces is not copied for each
	case own && cap(ic.unread) <= innerKeep:
		ic.unread = append(ic.unread[:0], rest...)
	default:
		ic.unread = append([]byte(nil), rest...)
	}
}
