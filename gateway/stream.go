package gateway

import (
	"net"
	"net/netip"
)

// stream is the connection of a client that is served by goroutines instead of
// a poller: under TLS, and on systems without epoll. One goroutine reads for as
// long as the client is there; another writes while something waits.
type stream struct{ conn net.Conn }

// streamReadSize is the most that is read from a stream at once. It is kept
// small because each client of this kind has such a buffer.
const streamReadSize = 4 << 10

// serveStream reads a client until it is gone.
func (g *Gateway) serveStream(c *client) {
	b := new(batch)
	r := clientReader{gw: g, b: b}
	buf := make([]byte, streamReadSize)
	for {
		n, err := c.stream.conn.Read(buf)
		if n > 0 {
			r.received(c, buf[:n])
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

func (s *stream) close() { _ = s.conn.Close() }

func (s *stream) localPort() uint16 { return addrPortOf(s.conn.LocalAddr()).Port() }

// addrPortOf returns a net.Addr's address, the zero value if it has none.
func addrPortOf(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		ap := t.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	ap, _ := netip.ParseAddrPort(a.String())
	return ap
}
