package gateway

import (
	"crypto/tls"
	"errors"
	"net/netip"
	"sync/atomic"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/netloop"
)

// tlsTransport is TLS for a client that a poller serves. crypto/tls wants a
// connection that it can wait for; it gets one that never waits (see tlsWire):
// what came is handed in, and when that is used up crypto/tls keeps the part of
// a record it has and goes on with the next bytes. So an idle client costs its
// keys and no goroutine. Only the handshake, which cannot be interrupted, has
// one (see handshake).
type tlsTransport struct {
	socket
	conn *tls.Conn

	// open is set, under c.mu, when the handshake is done. The handshake's
	// goroutine is the client's reader before, the poller's is afterwards.
	open atomic.Bool

	// The reader's.
	in      []byte // received, not yet taken by crypto/tls
	records recordSplitter
	wait    func() error // waits for more in the handshake, nil afterwards

	// Guarded by client.mu.
	sealed   []byte        // records that the kernel refused; they go before the client's queue
	draining bool          // a goroutine is writing what was in sealed
	wake     chan struct{} // tells the handshake that the socket is ready; nil before and afterwards
}

// maxSealed bounds sealed. Messages stay behind in the client's queue when
// anything is sealed, so it is reached only by a peer that demands answers of
// TLS itself (KeyUpdate) and does not read them.
const maxSealed = 64 << 10

// maxRecord is the most that one TLS record carries (RFC 8446 section 5.1).
const maxRecord = 16 << 10

var errSealedFull = errors.New("gateway: TLS peer does not read what it asks for")

func newTLSClient(g *Gateway, remote netip.AddrPort, poller *clientPoller, fd int) *client {
	t := new(tlsTransport)
	t.init(g, remote, poller, fd)
	t.client.transport = t
	t.client.state = clientBlocked // until the handshake is done
	t.conn = tls.Server(tlsWire{t}, g.opts.TLS)
	return &t.client
}

// startLocked watches for the first bytes once: the handshake reads and writes
// by itself.
func (t *tlsTransport) startLocked() error {
	return t.poller.add(&t.socket, netloop.In|netloop.OneShot)
}

func (t *tlsTransport) watchLocked(out, in bool) {
	if !t.handshaking() {
		t.poller.watch(&t.socket, out, in)
	}
}

func (t *tlsTransport) handshaking() bool { return !t.open.Load() }

// received decrypts in, with plain as scratch space, and gives what is in it to
// r. An error, which may be the peer's proper end, ends the connection.
func (t *tlsTransport) received(r *clientReader, in, plain []byte) error {
	t.in = in
	defer func() { t.in = nil }()
	for !t.client.ended.Load() {
		n, err := t.conn.Read(plain)
		if n > 0 {
			r.received(&t.client, plain[:n])
		}
		switch {
		case errors.Is(err, errLater):
			return nil
		case err != nil:
			return err
		}
	}
	return nil
}

// write encrypts q and offers it to the kernel, after what is sealed
// already. It returns how many bytes of q are encrypted; the error is
// netloop.ErrAgain when the kernel did not take all.
func (t *tlsTransport) write(q *outQueue, s *writeScratch) (n int, err error) {
	if err := t.drain(); err != nil {
		return 0, err
	}
	if len(q.pieces) == 0 {
		return t.seal(q.rest)
	}
	for pieces := q.pieces; len(pieces) > 0; {
		// Small pieces go into one record: each costs 22 bytes, a call of the
		// cipher and a system call.
		size, k := len(pieces[0]), 1
		for k < len(pieces) && size+len(pieces[k]) <= maxRecord {
			size += len(pieces[k])
			k++
		}
		p := pieces[0]
		if k > 1 {
			s.copied = s.copied[:0]
			for _, piece := range pieces[:k] {
				s.copied = append(s.copied, piece...)
			}
			p = s.copied
		}
		m, err := t.seal(p)
		n += m
		if err != nil {
			return n, err
		}
		pieces = pieces[k:]
	}
	return n, nil
}

// seal encrypts p record by record, as long as the kernel takes them.
func (t *tlsTransport) seal(p []byte) (n int, err error) {
	for n < len(p) {
		m, err := t.conn.Write(p[n:min(n+maxRecord, len(p))])
		n += m
		if err != nil {
			return n, err
		}
		if t.refused() {
			return n, netloop.ErrAgain
		}
	}
	return n, nil
}

func (t *tlsTransport) refused() bool {
	t.client.mu.Lock()
	defer t.client.mu.Unlock()
	return len(t.sealed) > 0
}

// heldLocked returns how many bytes of records wait.
func (t *tlsTransport) heldLocked() int { return len(t.sealed) }

// drain offers what is sealed to the kernel. Only one goroutine may call it at a
// time: the one that does the handshake or, later, the one that set
// clientWriting.
func (t *tlsTransport) drain() error {
	mu := &t.client.mu
	mu.Lock()
	defer mu.Unlock()
	for len(t.sealed) > 0 {
		p := t.sealed
		t.sealed, t.draining = nil, true
		mu.Unlock()
		n, err := t.fd.Write(p)
		mu.Lock()
		t.draining = false
		if n < len(p) {
			t.sealed = append(p[n:], t.sealed...)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// keepLocked keeps a record, or what the kernel did not take of it, until the
// kernel has room. The caller holds c.mu.
func (t *tlsTransport) keepLocked(p []byte) {
	t.sealed = append(t.sealed, p...)
	c := &t.client
	if c.state.any(clientWriting | clientBlocked | clientClosed) {
		return // the writer takes it along, or has waited for room before, or there is none any more
	}
	if c.out != nil {
		c.out.copyTail(0)
	}
	// With nothing left in the arena, the inner loop is not needed to flush it:
	// if that still kept others from it when the kernel has room again, new
	// messages would take the place of what was copied.
	c.state = c.state&^clientDirty | clientBlocked
	t.watchLocked(true, !c.state.any(clientClosing))
}

// close sends the alert that ends TLS, if there is room for it, and ends a
// handshake that is under way.
func (t *tlsTransport) close(gracefully bool) {
	t.client.mu.Lock()
	t.wakeLocked()
	t.client.mu.Unlock()
	_ = t.conn.CloseWrite() // Close sends no alert during a Write
	t.socket.close(gracefully)
}
