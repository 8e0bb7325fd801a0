package gateway

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/go-gatewayworker/gatewayworker/internal/keepalive"
)

// clientGoroutines accepts clients that are served by a goroutine each, on
// systems without epoll.
type clientGoroutines struct {
	gw       *Gateway
	listener net.Listener
}

func (g *Gateway) newClientGoroutines(l net.Listener) *clientGoroutines {
	return &clientGoroutines{gw: g, listener: l}
}

func (s *clientGoroutines) serve() {
	for {
		conn, err := s.listener.Accept()
		switch {
		case err == nil:
			s.serveConn(conn)
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
func (s *clientGoroutines) serveConn(conn net.Conn) {
	keepalive.Set(conn)
	b := new(batch)
	s.gw.addClient(b, newStreamClient(s.gw, conn))
	b.flush()
}

// trim does nothing: no memory is kept.
func (s *clientGoroutines) trim(context.Context) {}

func (s *clientGoroutines) stopAccepting() { _ = s.listener.Close() }

func (s *clientGoroutines) stop() { _ = s.listener.Close() }
