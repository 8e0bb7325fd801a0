package gateway

import (
	"errors"
	"net"
	"net/netip"
	"sync"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/netloop"
	"github.com/go-gatewayworker/gatewayworker/gateway/internal/outqueue"
	"github.com/go-gatewayworker/gatewayworker/gateway/internal/tlsloop"
)

// tlsTransport is a client on a poller under TLS. Only during the handshake it
// has a goroutine.
type tlsTransport struct {
	socket
	conn tlsloop.Conn
}

func newTLSClient(l *clientListener, remote netip.AddrPort, poller *clientPoller, fd int) *client {
	t := new(tlsTransport)
	t.init(l, remote, poller, fd)
	t.client.transport = t
	t.client.state = clientBlocked // until the handshake is done
	t.conn.Init(tlsOwner{t}, &t.fd, l.looped.Load())
	return &t.client
}

// startLocked watches for the first bytes once: the handshake reads and writes
// by itself.
func (t *tlsTransport) startLocked() error {
	return t.poller.add(&t.socket, netloop.In|netloop.OneShot)
}

func (t *tlsTransport) watchLocked(out, in bool) {
	if t.conn.Open() {
		t.poller.watch(&t.socket, out, in)
	}
}

func (t *tlsTransport) handshaking() bool { return !t.conn.Open() }

func (t *tlsTransport) heldLocked() int { return t.conn.SealedLocked() }

func (t *tlsTransport) write(q *outqueue.Queue, s *outqueue.Scratch) (int, error) {
	return t.conn.WritePieces(q.Pieces(), s.Copied())
}

func (t *tlsTransport) close(gracefully bool) {
	t.conn.Close()
	t.socket.close(gracefully)
}

// received decrypts in, with plain as scratch space, and gives what is in it to
// r. An error, which may be the peer's proper end, ends the connection.
func (t *tlsTransport) received(r *clientReader, in, plain []byte) error {
	t.conn.Hand(in)
	defer t.conn.Hand(nil)
	for !t.client.ended() {
		n, err := t.conn.Read(plain)
		if n > 0 {
			r.received(&t.client, plain[:n])
		}
		switch {
		case errors.Is(err, tlsloop.ErrLater):
			return nil
		case err != nil:
			return err
		}
	}
	return nil
}

// handshakeBuffers are for what is received in TLS handshakes.
var handshakeBuffers = sync.Pool{New: func() any { return new([4 << 10]byte) }}

// ready is called by the poller while the handshake is not done. The first bytes
// have the handshake begun when it is its turn, in a goroutine that ends with it.
func (t *tlsTransport) ready() {
	c := &t.client
	c.mu.Lock()
	begin := t.conn.ReadyLocked()
	c.mu.Unlock()
	if begin {
		shaking := &c.gw.shaking
		shaking.Add(1)
		tlsloop.Begin(func() {
			defer shaking.Done()
			t.handshake()
		})
	}
}

// handshake does the handshake and then makes the poller the reader.
func (t *tlsTransport) handshake() {
	c, g := &t.client, t.client.gw
	b := new(batch)
	buf := handshakeBuffers.Get().(*[4 << 10]byte)
	defer handshakeBuffers.Put(buf)
	err := t.conn.Handshake(buf[:])
	g.standstill.RLock()
	defer g.standstill.RUnlock()
	defer b.flush()
	if r := t.poller.relay.Load(); r != nil {
		if p := r.of(t); p != nil {
			p.opened(err, append([]byte(nil), t.conn.Left()...))
		}
		return
	}
	g.handshaken.Add(1)
	if err != nil {
		if !c.ended() {
			g.handshakeFailed(c, err)
		}
		// Unread bytes would make the kernel reset the connection, and the peer
		// may lose the alert that says why.
		t.fd.Discard()
		g.destroyClient(b, c, ClosedInHandshake)
		return
	}
	if in := t.conn.Left(); len(in) > 0 { // came together with the end of the handshake
		r := clientReader{gw: g, b: b}
		err := t.received(&r, in, make([]byte, len(in)))
		r.tally.tell(&g.traffic.fromClients)
		if err != nil {
			g.destroyClient(b, c, ClosedByClient)
			return
		}
	}
	c.mu.Lock()
	t.conn.OpenLocked()
	c.securedLocked()
	waits := c.state.any(clientHeld)
	c.writableAndUnlock(b)
	if waits { // its answer may have come too early for the poller
		t.resume()
	}
}

// tlsOwner is a tlsTransport as its tlsloop.Conn sees it. Its lock is client.mu.
type tlsOwner struct{ t *tlsTransport }

func (o tlsOwner) Lock() { o.t.client.mu.Lock() }

func (o tlsOwner) Unlock() { o.t.client.mu.Unlock() }

func (o tlsOwner) WatchOnceLocked(out bool) {
	if r := o.t.poller.relay.Load(); r != nil {
		if p := r.of(o.t); p != nil {
			p.watchOnceLocked(out)
		}
		return
	}
	o.t.poller.watchOnce(&o.t.socket, out)
}

func (o tlsOwner) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(o.t.client.peer.addrPort()) }

// SealedLocked has the poller tell when the kernel has room for a record that is
// not a message's, or for the rest of one.
func (o tlsOwner) SealedLocked() {
	c := &o.t.client
	if c.state.any(clientWriting | clientBlocked | clientClosed) {
		return // the goroutine that writes takes it along, or the poller tells already, or it is too late
	}
	if c.out != nil {
		c.out.Own(0)
	}
	// With nothing left in the arena, the inner loop is not needed to flush it:
	// if that still kept others from it when the kernel has room again, new
	// messages would take the place of what was copied.
	c.state = c.state&^clientDirty | clientBlocked
	o.t.watchLocked(true, c.readLocked())
}
