package gateway

import (
	"net/netip"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/netloop"
	"github.com/go-gatewayworker/gatewayworker/gateway/internal/outqueue"
)

// socket is a client that a poller serves, with or without TLS, and its
// connection.
type socket struct {
	client client
	poller *clientPoller
	fd     netloop.FD
}

// plainTransport is a client's socket without TLS.
type plainTransport struct{ socket }

func newPlainClient(l *clientListener, remote netip.AddrPort, poller *clientPoller, fd int) *client {
	t := new(plainTransport)
	t.init(l, remote, poller, fd)
	t.client.transport = t
	return &t.client
}

func (s *socket) init(l *clientListener, remote netip.AddrPort, poller *clientPoller, fd int) {
	s.client.gw, s.client.peer, s.poller = l.gw, endpointOf(remote), poller
	s.client.cameBy(l)
	s.fd.Init(fd)
}

func (t *plainTransport) startLocked() error { return t.poller.add(&t.socket, netloop.In) }

func (t *plainTransport) write(q *outqueue.Queue, s *outqueue.Scratch) (int, error) {
	return q.WriteTo(&t.fd, s)
}

func (t *plainTransport) heldLocked() int { return 0 }

// offeredLocked does nothing: the kernel was asked.
func (s *socket) offeredLocked(*outqueue.Queue) {}

func (t *plainTransport) watchLocked(out, in bool) { t.poller.watch(&t.socket, out, in) }

func (t *plainTransport) handshaking() bool { return false }

func (t *plainTransport) close(gracefully bool) { t.socket.close(gracefully) }

func (s *socket) resume() { s.poller.resume(s) }

// close closes the socket. Gracefully, what has arrived is read first: closing a
// socket with unread bytes makes the kernel reset the connection, and the peer
// may lose what was sent to it last.
func (s *socket) close(gracefully bool) {
	if gracefully {
		s.fd.Discard()
	}
	s.poller.forget(s)
}
