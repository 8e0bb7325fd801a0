package gateway

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/go-gatewayworker/gatewayworker/internal/keepalive"
)

// clientGoroutines accepts clients that are served by a goroutine each, on
// systems without epoll.
type clientGoroutines struct {
	gw        *Gateway
	listeners []net.Listener // in the order of gw.listeners
	heads     awaitedHeads
}

func (g *Gateway) newClientGoroutines(ls []net.Listener) *clientGoroutines {
	return &clientGoroutines{gw: g, listeners: ls}
}

func (s *clientGoroutines) serve() {
	var all sync.WaitGroup
	for i, l := range s.listeners {
		all.Go(func() { s.acceptFrom(l, s.gw.listeners[i]) })
	}
	all.Wait()
}

func (s *clientGoroutines) acceptFrom(from net.Listener, l *clientListener) {
	for {
		conn, err := from.Accept()
		switch {
		case err == nil:
			s.serveConn(l, conn)
		case errors.Is(err, net.ErrClosed):
			return
		default:
			s.gw.acceptFailed("client", err)
			time.Sleep(acceptRetry)
		}
	}
}

// acceptRetry is the pause after a failed accept, usually for want of
// descriptors.
const acceptRetry = 10 * time.Millisecond

// serveConn tells a worker of the client at once, before any TLS handshake, as
// PHP does.
func (s *clientGoroutines) serveConn(l *clientListener, conn net.Conn) {
	keepalive.Set(conn)
	if t := s.gw.options().UserTimeout; t > 0 {
		setConnUserTimeout(conn, t)
	}
	remote := addrPortOf(conn.RemoteAddr())
	if !s.gw.awaitsProxyHead(remote) {
		take(l, conn, remote)
		return
	}
	s.heads.add(conn)
	s.gw.goRun(func() {
		behind, client, err := s.gw.readProxyHead(conn)
		s.heads.remove(conn)
		if err != nil {
			if !s.gw.stopped.Load() {
				s.gw.badProxyHead(remote, err)
			}
			_ = conn.Close()
			return
		}
		take(l, behind, client)
	})
}

// take makes a client of a connection.
func take(l *clientListener, conn net.Conn, remote netip.AddrPort) {
	b := new(batch)
	l.gw.addClient(b, newStreamClient(l, conn, remote))
	b.flush()
}

// trim does nothing: no memory is kept.
func (s *clientGoroutines) trim(context.Context) {}

func (s *clientGoroutines) stopAccepting() {
	for _, l := range s.listeners {
		_ = l.Close()
	}
	s.heads.close()
}

func (s *clientGoroutines) stop() { s.stopAccepting() }
