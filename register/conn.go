package register

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/handover"
	"github.com/go-gatewayworker/gatewayworker/internal/innerconn"
	"github.com/go-gatewayworker/gatewayworker/internal/keepalive"
	"github.com/sirupsen/logrus"
)

// conn is one connection of a Server.
type conn struct {
	srv    *Server
	remote string // the peer's address
	log    logrus.FieldLogger
	in     *handover.Conn    // read by serve
	out    *innerconn.Sender // owns all writes, past in

	// The reader's.
	lines      *lineReader
	authorized bool // a line carried the key
	ending     bool // nothing more is read; what waits is sent

	// Guarded by srv.mu.
	announced  bool
	address    gatewayprotocol.RegisterAddress
	behind     bool // the latest list found no room
	catchingUp bool // a goroutine waits until there is room for all
}

// newConn makes a connection that has not said anything.
func newConn(s *Server, nc net.Conn) *conn {
	c := makeConn(s, nc, nc.RemoteAddr().String())
	c.lines.max = s.opts.firstLines()
	_ = c.in.SetReadDeadline(time.Now().Add(s.opts.AuthTimeout))
	return c
}

func makeConn(s *Server, nc net.Conn, remote string) *conn {
	in := handover.NewConn(nc)
	return &conn{
		srv:    s,
		remote: remote,
		log:    s.opts.Logger.WithField("remote", remote),
		in:     in,
		out:    innerconn.NewSender(nc, s.opts.SendToWorkerBufferSize),
		lines:  newLineReader(in, s.opts.MaxPackageSize),
	}
}

// serve reads lines until the connection ends.
func (c *conn) serve() {
	if !c.ending {
		c.read()
		c.ending = true
		c.in.End()
	}
	c.finish()
}

// finish sends what waits, closes the socket and then takes the connection off
// the lists: the last line, if there is one, goes out before workers get a list
// without this gateway. A peer that does not read is given farewellTimeout.
func (c *conn) finish() {
	ctx, cancel := context.WithTimeout(context.Background(), farewellTimeout)
	defer cancel()
	c.out.Seal()
	_ = c.out.Drain(ctx) // the peer may be gone
	c.srv.standstill.RLock()
	defer c.srv.standstill.RUnlock()
	if c.srv.hasLeft() {
		return
	}
	_ = c.out.CloseWrite(ctx)
	c.out.Close()
	c.srv.remove(c)
}

func (c *conn) read() {
	for {
		line, err := c.lines.next()
		if err != nil {
			c.logEnd(err, c.lines.max)
			return
		}
		c.srv.requests.Add(1)
		was := c.authorized
		if !c.handle(line) {
			return
		}
		if !was && c.authorized {
			_ = c.in.SetReadDeadline(time.Time{})
			c.lines.max = c.srv.opts.MaxPackageSize
		}
	}
}

// handle does what a line asks and reports whether the connection goes on.
func (c *conn) handle(line []byte) bool {
	req, err := gatewayprotocol.ParseRegisterRequest(line)
	switch {
	case errors.Is(err, gatewayprotocol.ErrBadRegisterRequest):
		// The line itself is not logged: it may hold a key.
		c.refuse(RefusedLine, "a line of %d bytes is not JSON or has no event (in a PHP peer, a quote or a backslash in its secret key does this)", len(line))
		_ = c.out.AppendBytes(gatewayprotocol.AppendBadRegisterRequest(nil, remoteIP(c.remote), line)) // finish sends it
		return false
	case err != nil:
		c.refuse(RefusedAnnouncement, "gateway_connect refused: %v", err)
		return false
	}
	switch req.Event {
	case gatewayprotocol.EventPing:
		return true
	case gatewayprotocol.EventUnknown:
		c.refuse(RefusedEvent, "unknown event")
		return false
	case gatewayprotocol.EventGatewayConnect:
		if !req.HasAddress {
			c.refuse(RefusedAnnouncement, "gateway_connect without an address")
			return false
		}
	}
	if !req.KeyMatches(c.srv.opts.SecretKey) {
		c.refuse(RefusedKey, "%v with a wrong secret key", req.Event)
		return false
	}
	c.authorized = true
	if req.Event == gatewayprotocol.EventGatewayConnect {
		c.log.Infof("register: gateway %q announced", clip(req.Address.String()))
		c.srv.announce(c, req.Address)
	} else {
		c.log.Debug("register: worker connected")
		c.srv.addWorker(c)
	}
	return true
}

// refuse counts and logs why the connection is closed. Lines of a kind are limited: a
// peer can cause as many as it opens connections.
func (c *conn) refuse(why Refusal, format string, args ...any) {
	c.srv.refused[why].Add(1)
	c.srv.peers.Warn(why.String(), c.log, "register: closing: "+fmt.Sprintf(format, args...))
}

// logEnd logs why reading ended. Peers that connect and send nothing, such as
// port probes, are not worth a warning.
func (c *conn) logEnd(err error, limit int) {
	var ne net.Error
	switch {
	case errors.Is(err, ErrLineTooLong):
		c.refuse(RefusedLongLine, "a line reached the limit of %d bytes", limit)
	case !c.authorized && errors.As(err, &ne) && ne.Timeout():
		c.refuse(RefusedSilence, "no request within %v", c.srv.opts.AuthTimeout)
	case errors.Is(c.out.Err(), keepalive.ErrVanished): // that is why it was closed
		c.srv.peers.Warn("vanished", c.log.WithError(keepalive.ErrVanished), "register: closing")
	case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
		c.log.Debug("register: connection closed")
	default:
		c.log.WithError(err).Debug("register: connection lost")
	}
}

// clip bounds a text for a log line.
func clip(s string) string {
	if len(s) > 100 {
		return s[:100] + "..."
	}
	return s
}

// remoteIP is PHP's getRemoteIp: an IPv6 address stands in brackets.
func remoteIP(remote string) string {
	ap, err := netip.ParseAddrPort(remote)
	if err != nil {
		return ""
	}
	if ip := ap.Addr().Unmap(); ip.Is4() {
		return ip.String()
	}
	return "[" + ap.Addr().String() + "]"
}
