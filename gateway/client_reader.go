package gateway

import (
	"errors"
	"net/netip"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/clientproto"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// clientReader runs received bytes through the client protocol. Each goroutine
// that reads clients has one; it is the codec's handler for the client at hand.
type clientReader struct {
	gw *Gateway
	b  *batch
	c  *client

	tally tally // of what was read since flush
}

// flush writes out what the bytes received led to, and tells how many they were.
func (r *clientReader) flush() {
	r.b.flush()
	r.tally.tell(&r.gw.traffic.fromClients)
}

// keepUnread is the largest buffer that stays with a client for what follows.
const keepUnread = 64 << 10

// received handles bytes that arrived from c. It may change p.
func (r *clientReader) received(c *client, p []byte) {
	r.c = c
	defer func() { r.c = nil }()
	r.tally.add(0, len(p))
	own := len(c.unread) > 0
	if own {
		c.unread = append(c.unread, p...)
		p = c.unread
	}
	if len(p) < c.proto.Need() {
		if !own {
			c.unread = append(c.unread, p...)
		}
		return
	}
	n, err := r.gw.codec.Decode(&c.proto, p, r)
	switch {
	case err != nil:
		if !r.Closing() {
			r.gw.warn(r.gw.clientLog(c).WithError(err), "client sent bad data, closing its connection")
			c.closeAfter(r.b, nil, true, shortLived)
		}
		c.unread = nil
	case n == len(p):
		c.unread = nil
	case own && n == 0: // p is c.unread: a long line that comes in pieces is not copied for each
	case own && cap(c.unread) <= keepUnread:
		c.unread = append(c.unread[:0], p[n:]...)
	default:
		c.unread = append([]byte(nil), p[n:]...)
	}
}

// The methods that follow make clientReader a clientproto.Handler.

func (r *clientReader) Request(req *clientproto.Request) {
	if refusal := r.gw.refusal(r.c, req); refusal != nil {
		r.Close(refusal)
		return
	}
	r.gw.hintAtCookie(req)
	r.gw.sendToWorker(r.b, r.c, gatewayprotocol.CmdOnWebSocketConnect, req.AppendEvent(nil), 0)
}

func (r *clientReader) Handshaken(response []byte) { r.c.handshakeDone(r.b, response) }

func (r *clientReader) Message(payload []byte) {
	r.tally.add(1, 0)
	r.c.silent.Store(-1)
	r.gw.sendToWorker(r.b, r.c, gatewayprotocol.CmdOnMessage, payload, gatewayprotocol.FlagBodyIsScalar)
}

func (r *clientReader) Reply(raw []byte) { r.c.send(r.b, raw, true, shortLived) }

func (r *clientReader) Close(raw []byte) { r.c.closeAfter(r.b, raw, true, shortLived) }

func (r *clientReader) Closing() bool { return r.c.ended.Load() }

func (r *clientReader) RemoteAddr() netip.AddrPort { return r.c.remote }

func (r *clientReader) RemoteIP() string { return phpIP(r.c.remote.Addr()) }

func (r *clientReader) LocalPort() uint16 { return r.gw.gatewayPort }

// phpIP is an address as PHP's stream functions print it, but for IPv4 clients
// of an IPv6 listener, which are IPv4 clients here.
func phpIP(a netip.Addr) string {
	if a.Is4() || a.Is4In6() {
		return a.Unmap().String()
	}
	// inet_ntop's form of what RFC 4291 calls an IPv4-compatible address.
	if b := a.As16(); [12]byte(b[:]) == [12]byte{} && (b[12] != 0 || b[13] != 0) {
		return "[::" + netip.AddrFrom4([4]byte(b[12:])).String() + "]"
	}
	return "[" + a.WithZone("").String() + "]"
}

// noWorkerGrace is how long after the start it is normal that no worker has
// connected yet.
const noWorkerGrace = 2 * time.Second

var (
	errNoWorker       = errors.New("no business worker is connected")
	errNoConnectionID = errors.New("all connection ids are in use")
	errServeTwice     = errors.New("gateway: Serve was called before")
)

// sendToWorker sends an event of c to the worker that c is bound to, and binds
// it to one if need be. With no worker there, c is dropped. No lock may be held.
func (g *Gateway) sendToWorker(b *batch, c *client, cmd gatewayprotocol.Command, body []byte, flag gatewayprotocol.Flag) {
	m := c.head(cmd, flag)
	c.mu.Lock()
	if c.state.any(clientClosed) {
		c.mu.Unlock()
		return
	}
	w := c.slot.worker()
	sent := w != nil && w.event(b, &m, c.Session(), body)
	c.mu.Unlock()
	if !sent {
		if w = g.reroute(b, c, &m, body); w == nil {
			return
		}
	}
	w.flushIfLarge()
}

// reroute sends an event of a client whose worker is gone or was never there,
// and returns the worker that got it.
func (g *Gateway) reroute(b *batch, c *client, m *gatewayprotocol.Message, body []byte) *innerConn {
	g.hub.Mu.Lock()
	c.mu.Lock()
	var w *innerConn
	dropped := false
	if !c.state.any(clientClosed) {
		w = g.routeLocked(b, c, m, body)
		dropped = w == nil
	}
	c.mu.Unlock()
	g.hub.Mu.Unlock()
	if dropped {
		g.noWorker(c)
		g.destroyClient(b, c)
	}
	return w
}

// routeLocked sends an event of c to the worker that c is bound to, or binds it
// to another one that takes it, and returns which; nil when there is none. The
// caller holds hub.Mu and c.mu.
func (g *Gateway) routeLocked(b *batch, c *client, m *gatewayprotocol.Message, body []byte) *innerConn {
	for {
		w := g.workers.routeLocked(c)
		if w == nil || w.event(b, m, c.Session(), body) {
			return w
		}
		// Its connection is ending, which the inner loop does not know yet.
		g.workers.disconnectLocked(w)
	}
}

// noWorker logs that a client is dropped for want of a worker. Right after the
// start, before workers had a chance to connect, and at the end that is normal.
func (g *Gateway) noWorker(c *client) {
	if !g.stopped.Load() && time.Since(g.started) >= noWorkerGrace {
		g.warn(g.clientLog(c).WithError(errNoWorker), "client dropped")
	}
}

// addClient makes a new client known, tells a worker and starts reading the
// client. All this is one step for commands and for the reader. With no worker
// there the connection is closed, and the client's connection id is used up.
func (g *Gateway) addClient(b *batch, c *client) {
	c.Owner = c
	c.silent.Store(-1)
	if !g.handshakes {
		c.state |= clientReady
	}
	g.hub.Mu.Lock()
	c.mu.Lock()
	w, err := g.addClientLocked(b, c)
	c.mu.Unlock()
	g.hub.Mu.Unlock()
	switch {
	case err != nil:
		g.warn(g.log.WithField("remote", c.remote).WithError(err), "connection refused")
	case w == nil:
		g.noWorker(c)
	default:
		if g.opts.HandshakeTimeout > 0 && (g.handshakes || g.opts.TLS != nil) {
			g.handshaking.add(time.Since(g.started), c.ID())
		}
		w.flushIfLarge()
		return
	}
	c.transport.close(false)
}

func (g *Gateway) addClientLocked(b *batch, c *client) (*innerConn, error) {
	if g.stopped.Load() {
		return nil, ErrServerClosed
	}
	if !g.hub.AddLocked(&c.Client) {
		return nil, errNoConnectionID
	}
	if len(g.workers.live) == 0 {
		g.hub.RemoveLocked(&c.Client)
		return nil, nil
	}
	if err := c.transport.startLocked(); err != nil {
		g.hub.RemoveLocked(&c.Client)
		return nil, err
	}
	m := c.head(gatewayprotocol.CmdOnConnect, gatewayprotocol.FlagBodyIsScalar)
	w := g.routeLocked(b, c, &m, nil)
	if w == nil { // the only ones left were ending
		c.state |= clientClosed
		c.ended.Store(true)
		g.workers.releaseLocked(c)
		g.hub.RemoveLocked(&c.Client)
	}
	return w, nil
}

// destroyClient closes a client at once: unsent bytes are lost, all tables
// forget it, and its worker gets the event. Calls after the first do nothing. No lock
// may be held.
func (g *Gateway) destroyClient(b *batch, c *client) {
	g.hub.Mu.Lock()
	c.mu.Lock()
	if c.state.any(clientClosed) {
		c.mu.Unlock()
		g.hub.Mu.Unlock()
		return
	}
	graceful := c.state.any(clientClosing)
	c.state |= clientClosed
	c.ended.Store(true)
	if q := c.out; q != nil {
		c.out = nil
		q.release()
	}
	c.early = nil
	m := c.head(gatewayprotocol.CmdOnClose, gatewayprotocol.FlagBodyIsScalar)
	g.routeLocked(b, c, &m, nil)
	g.workers.releaseLocked(c)
	g.hub.RemoveLocked(&c.Client)
	c.mu.Unlock()
	g.hub.Mu.Unlock()
	c.transport.close(graceful)
	g.clientGone()
}
