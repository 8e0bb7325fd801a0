package tlsloop

import (
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"sync/atomic"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/netloop"
	"github.com/go-gatewayworker/gatewayworker/internal/tlswire"
)

// ErrLater is what [Conn.Read] returns when there is nothing more for now.
var ErrLater = tlswire.ErrLater

// MaxSealed bounds the records that wait, in bytes. The owner writes no message
// while any waits, so that only a peer reaches it that demands answers of TLS
// itself (KeyUpdate) and does not read them. Its connection ends.
const MaxSealed = 64 << 10

// MaxRecord is the most plain bytes that one record carries.
const MaxRecord = tlswire.MaxRecord

var errSealedFull = errors.New("tlsloop: the peer does not read the answers that it demands of TLS")

// Owner is what a [Conn] belongs to.
type Owner interface {
	// Lock and Unlock are the owner's mutex, which guards the records that wait
	// too. The owner holds it where it calls a method of Conn that ends in
	// Locked, and Conn where it calls one of the owner's.
	sync.Locker

	// SealedLocked tells that a record waits which the kernel has refused. If
	// it belongs to no Write under way, the owner has to call Drain when the
	// kernel has room again.
	SealedLocked()

	// WatchOnceLocked has Ready be called, once, when something has arrived or,
	// with out, the kernel has room again.
	WatchOnceLocked(out bool)

	// RemoteAddr is the peer's address.
	RemoteAddr() net.Addr
}

// Conn is the TLS side of one connection. An idle one costs its keys, and no
// goroutine.
type Conn struct {
	owner  Owner
	socket *netloop.FD
	conn   *tls.Conn
	wire   tlswire.Wire

	// open is set, under the owner's lock, when the handshake is done. The
	// handshake's goroutine is the connection's reader before, the owner's is
	// afterwards.
	open atomic.Bool

	// Guarded by the owner's lock.
	closed   bool          // Close was called
	draining bool          // a goroutine is writing what was in sealed
	sealed   []byte        // records that the kernel refused; they go out before all others
	wake     chan struct{} // tells the handshake that the socket is ready; nil before and afterwards
}

// Init makes c a server's connection on socket.
func (c *Conn) Init(owner Owner, socket *netloop.FD, cfg *tls.Config) {
	c.owner, c.socket = owner, socket
	c.wire.Peer = outlet{c}
	c.conn = tls.Server(&c.wire, cfg)
}

// Open reports whether the handshake is done.
func (c *Conn) Open() bool { return c.open.Load() }

// Hand sets the bytes that the owner has received. They are used up when Read
// returns ErrLater.
func (c *Conn) Hand(in []byte) { c.wire.Hand(in) }

// Left is what Read has not yet used of the bytes that were handed in.
func (c *Conn) Left() []byte { return c.wire.Left() }

// Read decrypts what was handed in, into p, a record at most. The error is
// ErrLater when all is used up, io.EOF at the peer's proper end.
func (c *Conn) Read(p []byte) (int, error) { return c.conn.Read(p) }

// WritePieces encrypts the pieces and offers them to the kernel, after the
// records that wait. It returns how many bytes are encrypted, which need not be
// written again; the error is netloop.ErrAgain when the kernel did not take all.
// Only one goroutine may write at a time. scratch is room for reuse.
func (c *Conn) WritePieces(pieces [][]byte, scratch *[]byte) (n int, err error) {
	if err := c.Drain(); err != nil {
		return 0, err
	}
	for len(pieces) > 0 {
		// Small pieces go into one record: each costs 22 bytes, a call of the
		// cipher and a system call.
		size, k := len(pieces[0]), 1
		for k < len(pieces) && size+len(pieces[k]) <= MaxRecord {
			size += len(pieces[k])
			k++
		}
		p := pieces[0]
		if k > 1 {
			joined := (*scratch)[:0]
			for _, piece := range pieces[:k] {
				joined = append(joined, piece...)
			}
			p, *scratch = joined, joined
		}
		m, err := c.seal(p)
		n += m
		if err != nil {
			return n, err
		}
		pieces = pieces[k:]
	}
	return n, nil
}

// Write is WritePieces for one piece.
func (c *Conn) Write(p []byte) (int, error) {
	if err := c.Drain(); err != nil {
		return 0, err
	}
	return c.seal(p)
}

// seal encrypts p record by record, as long as the kernel takes them.
func (c *Conn) seal(p []byte) (n int, err error) {
	for n < len(p) {
		m, err := c.conn.Write(p[n:min(n+MaxRecord, len(p))])
		n += m
		if err != nil {
			return n, err
		}
		if c.refused() {
			return n, netloop.ErrAgain
		}
	}
	return n, nil
}

func (c *Conn) refused() bool {
	c.owner.Lock()
	defer c.owner.Unlock()
	return len(c.sealed) > 0
}

// SealedLocked returns how many bytes of records wait.
func (c *Conn) SealedLocked() int { return len(c.sealed) }

// Drain offers the records that wait to the kernel. Only one goroutine may call
// it at a time: the one that does the handshake or, later, the one that writes.
func (c *Conn) Drain() error {
	c.owner.Lock()
	defer c.owner.Unlock()
	for len(c.sealed) > 0 {
		p := c.sealed
		c.sealed, c.draining = nil, true
		c.owner.Unlock()
		n, err := c.socket.Write(p)
		c.owner.Lock()
		c.draining = false
		if n < len(p) {
			c.sealed = append(p[n:], c.sealed...)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Close sends the alert that ends TLS, if the kernel has room for it, and ends a
// handshake that is under way. The socket is the owner's to close.
func (c *Conn) Close() {
	c.owner.Lock()
	c.closed = true
	c.wakeLocked()
	c.owner.Unlock()
	_ = c.conn.CloseWrite() // Close sends no alert during a Write
}
