package gateway

import (
	"crypto/tls"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
)

// stream is the connection of a client that is served by goroutines instead of
// a poller, on systems without epoll. One goroutine reads for as long as the
// client is there; another writes while something waits.
type stream struct {
	conn net.Conn
	open atomic.Bool // the TLS handshake is done, or there is none
}

// streamIdleRead is the size of the buffer that an idle stream waits with. What
// does not fit is read with a pooled one.
const streamIdleRead = 512

var streamBuffers = sync.Pool{New: func() any { return new([16 << 10]byte) }}

// serveStream serves a client until it is gone. The TLS handshake needs a deep
// stack, which a goroutine keeps for long: reading is done in a fresh one.
func (g *Gateway) serveStream(c *client) {
	if t, ok := c.stream.conn.(*tls.Conn); ok {
		err := t.Handshake()
		g.handshaken.Add(1)
		if err != nil {
			g.limited.warn("tls "+c.remote.Addr().String(), g.clientLog(c).WithError(err), "TLS handshake failed")
			b := new(batch)
			g.destroyClient(b, c)
			b.flush()
			return
		}
		c.stream.open.Store(true)
	}
	g.goRun(func() { g.readStream(c) })
}

func (g *Gateway) readStream(c *client) {
	b := new(batch)
	r := clientReader{gw: g, b: b}
	buf := make([]byte, streamIdleRead)
	for {
		n, err := c.stream.conn.Read(buf)
		if n > 0 {
			r.received(c, buf[:n])
		}
		if n == len(buf) && err == nil {
			err = g.readMore(c, &r)
		}
		if err != nil {
			g.destroyClient(b, c)
		}
		b.flush()
		if err != nil {
			return
		}
	}
}

// readMore reads, with a large buffer, as long as there is much at once.
func (g *Gateway) readMore(c *client, r *clientReader) error {
	big := streamBuffers.Get().(*[16 << 10]byte)
	defer streamBuffers.Put(big)
	for {
		r.b.flush() // the next read may wait
		n, err := c.stream.conn.Read(big[:])
		if n > 0 {
			r.received(c, big[:n])
		}
		if err != nil || n < len(big) {
			return err
		}
	}
}

// takeLocked has the queue written by a goroutine of its own, which ends when
// nothing waits any more. Until then the client counts as blocked, so that
// whatever is queued is copied behind it. The caller holds c.mu.
func (s *stream) takeLocked(c *client, q *outQueue) {
	q.copyTail(0)
	c.state |= clientBlocked
	c.gw.running.Add(1)
	go s.drain(c)
}

func (s *stream) drain(c *client) {
	defer c.gw.running.Done()
	b := new(batch)
	defer b.flush()
	var p []byte
	for {
		c.mu.Lock()
		q := c.out
		if q == nil || len(q.rest) == 0 {
			if q != nil {
				c.out = nil
				q.release()
			}
			c.state &^= clientBlocked
			closing := c.state.any(clientClosing)
			c.mu.Unlock()
			if closing {
				c.gw.destroyClient(b, c)
			}
			return
		}
		p, q.rest = q.rest, p[:0]
		q.inFlight = len(p)
		c.mu.Unlock()
		if _, err := s.conn.Write(p); err != nil {
			c.gw.destroyClient(b, c)
			return
		}
		c.mu.Lock()
		if c.out == q {
			q.inFlight = 0
		}
		c.mu.Unlock()
	}
}

// close does not wait: the alert that ends TLS needs room in the kernel's buffer,
// for which crypto/tls gives a peer that does not read five seconds.
func (s *stream) close() {
	if _, ok := s.conn.(*tls.Conn); ok {
		go func() { _ = s.conn.Close() }()
		return
	}
	_ = s.conn.Close()
}

// addrPortOf returns a net.Addr's address, the zero value if it has none.
func addrPortOf(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		ap := t.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	ap, _ := netip.ParseAddrPort(a.String())
	return ap
}
