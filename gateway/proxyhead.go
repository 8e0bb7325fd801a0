package gateway

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/proxyproto"
)

// proxyHeadTime is how long a trusted proxy may take for its PROXY head where
// HandshakeTimeout is without limit.
const proxyHeadTime = 10 * time.Second

var errProxyHeadLate = errors.New("no PROXY head in time")

func (g *Gateway) proxyHeadTimeout() time.Duration {
	if t := g.options().HandshakeTimeout; t > 0 {
		return t
	}
	return proxyHeadTime
}

// badProxyHead logs that a trusted proxy's connection is closed for its head.
func (g *Gateway) badProxyHead(peer netip.AddrPort, err error) {
	g.warn(g.log.WithField("remote", peer).WithError(err), "a trusted proxy's connection has no good PROXY head, closing it")
}

// proxiedConn is a connection behind whose PROXY head is what rest holds.
type proxiedConn struct {
	net.Conn
	rest []byte
}

func (c *proxiedConn) Read(p []byte) (int, error) {
	if len(c.rest) > 0 {
		n := copy(p, c.rest)
		c.rest = c.rest[n:]
		return n, nil
	}
	return c.Conn.Read(p)
}

// readProxyHead reads the PROXY head of a connection that a goroutine serves.
func (g *Gateway) readProxyHead(conn net.Conn) (_ net.Conn, remote netip.AddrPort, err error) {
	_ = conn.SetReadDeadline(time.Now().Add(g.proxyHeadTimeout()))
	buf := make([]byte, 0, 512)
	for {
		if len(buf) == cap(buf) {
			buf = append(make([]byte, 0, 2*proxyproto.MaxHead), buf...)
		}
		n, err := conn.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		head, remote, bad := proxyproto.Parse(buf)
		switch {
		case bad != nil:
			return nil, remote, bad
		case head > 0:
			_ = conn.SetReadDeadline(time.Time{})
			if !remote.IsValid() {
				remote = addrPortOf(conn.RemoteAddr())
			}
			return &proxiedConn{conn, buf[head:]}, remote, nil
		case err != nil:
			return nil, remote, err
		}
	}
}

// awaitedHeads are the connections that wait for their PROXY heads.
type awaitedHeads struct {
	mu     sync.Mutex // guards what follows
	conns  map[net.Conn]bool
	closed bool
}

func (h *awaitedHeads) add(conn net.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		_ = conn.Close()
		return
	}
	if h.conns == nil {
		h.conns = map[net.Conn]bool{}
	}
	h.conns[conn] = true
}

func (h *awaitedHeads) remove(conn net.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.conns, conn)
}

// close ends the waiting of all.
func (h *awaitedHeads) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for conn := range h.conns {
		_ = conn.Close()
	}
}
