package gateway

import (
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/netloop"
	"github.com/go-gatewayworker/gatewayworker/gateway/internal/outqueue"
)

// streamTransport is a client that is served by goroutines in place of a poller,
// and its connection, on systems without epoll. One goroutine reads for as
// long as the client is there; another one writes while something waits.
type streamTransport struct {
	client client
	conn   net.Conn
	open   atomic.Bool // the TLS handshake is done, or there is none

	// Guarded by client.mu.
	writing  bool // the writing goroutine runs
	inFlight int  // bytes that it has taken and not yet written
	parting  bool // it closes the connection when it has written last
	last     [][]byte
}

// newStreamClient makes a client on conn, with TLS if the listener speaks it.
func newStreamClient(l *clientListener, conn net.Conn, remote netip.AddrPort) *client {
	t := &streamTransport{conn: conn}
	c := &t.client
	c.gw, c.peer, c.transport = l.gw, endpointOf(remote), t
	c.cameBy(l)
	if cfg := l.tls.Load(); cfg != nil {
		t.conn = tls.Server(conn, cfg)
	} else {
		t.open.Store(true)
	}
	return c
}

func (t *streamTransport) startLocked() error {
	t.client.gw.goRun(t.serve)
	return nil
}

// write takes nothing, as a kernel without room: the client keeps the queue, and
// watchLocked starts the goroutine that writes it.
func (t *streamTransport) write(*outqueue.Queue, *outqueue.Scratch) (int, error) {
	return 0, netloop.ErrAgain
}

func (t *streamTransport) heldLocked() int { return t.inFlight }

// offeredLocked leaves q, and the end of the connection, to the writing
// goroutine, if it runs.
func (t *streamTransport) offeredLocked(q *outqueue.Queue) {
	if !t.writing || !t.open.Load() {
		return
	}
	t.parting = true
	if q != nil {
		t.last = q.Take(nil)
	}
}

// partingTime is how long the kernel may take over what is being written to a client
// that is destroyed, and then over its last messages. One attempt would do, which
// net.Conn does not offer: it writes nothing once a deadline has passed, however much
// room there is, and the goroutine that writes may get no processor for a while.
const partingTime = 5 * time.Second

// watchLocked starts the writing goroutine. The reading one always reads: of a
// client that is closing it drops what comes.
func (t *streamTransport) watchLocked(out, _ bool) {
	if out && !t.writing {
		t.writing = true
		t.client.gw.goRun(t.writeQueue)
	}
}

func (t *streamTransport) handshaking() bool { return !t.open.Load() }

// close does not wait: the alert that ends TLS needs room in the kernel's buffer,
// for which crypto/tls gives a peer that does not read five seconds.
func (t *streamTransport) close(bool) {
	if t.parting {
		_ = t.conn.SetWriteDeadline(time.Now().Add(partingTime))
		return // writeQueue ends it
	}
	t.end()
}

func (t *streamTransport) end() {
	if _, ok := t.conn.(*tls.Conn); ok {
		go func() { _ = t.conn.Close() }()
		return
	}
	_ = t.conn.Close()
}

// streamIdleRead is the size of the buffer that an idle stream waits with. What
// does not fit is read with a pooled one.
const streamIdleRead = 512

var streamBuffers = sync.Pool{New: func() any { return new([16 << 10]byte) }}

// serve serves the client until it is gone. The TLS handshake needs a deep
// stack, which a goroutine keeps for long: reading is done in a fresh one.
func (t *streamTransport) serve() {
	c, g := &t.client, t.client.gw
	if conn, ok := t.conn.(*tls.Conn); ok {
		err := conn.Handshake()
		g.handshaken.Add(1)
		if err != nil {
			g.handshakeFailed(c, err)
			b := new(batch)
			g.destroyClient(b, c, ClosedInHandshake)
			b.flush()
			return
		}
		c.mu.Lock()
		t.open.Store(true)
		c.securedLocked()
		c.mu.Unlock()
	}
	g.goRun(t.read)
}

func (t *streamTransport) read() {
	c, g := &t.client, t.client.gw
	b := new(batch)
	r := clientReader{gw: g, b: b}
	buf := make([]byte, streamIdleRead)
	for {
		n, err := t.conn.Read(buf)
		if n > 0 {
			r.received(c, buf[:n])
		}
		if n == len(buf) && err == nil {
			err = t.readMore(&r)
		}
		if t.resumes(err) {
			err = nil
			if c.proceed() {
				r.received(c, nil)
			}
		}
		if err != nil {
			g.letGo(c.unread)
			g.destroyClient(b, c, ClosedByClient)
		}
		r.flush()
		if err != nil {
			return
		}
	}
}

// resume ends the wait of a Read.
func (t *streamTransport) resume() { _ = t.conn.SetReadDeadline(time.Unix(1, 0)) }

// resumes reports whether an error of Read is resume's.
func (t *streamTransport) resumes(err error) bool {
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return false
	}
	_ = t.conn.SetReadDeadline(time.Time{})
	return true
}

// readMore reads, with a large buffer, as long as there is much at once.
func (t *streamTransport) readMore(r *clientReader) error {
	big := streamBuffers.Get().(*[16 << 10]byte)
	defer streamBuffers.Put(big)
	for {
		r.flush() // the next read may wait
		n, err := t.conn.Read(big[:])
		if n > 0 {
			r.received(&t.client, big[:n])
		}
		if err != nil || n < len(big) {
			return err
		}
	}
}

// writeQueue writes what waits, until nothing does. Meanwhile the client counts
// as blocked, so that what is queued is copied behind it.
func (t *streamTransport) writeQueue() {
	c := &t.client
	b := new(batch)
	defer b.flush()
	var pieces [][]byte
	for {
		c.mu.Lock()
		t.inFlight = 0
		if t.parting {
			last := t.last
			c.mu.Unlock()
			_ = t.conn.SetWriteDeadline(time.Now().Add(partingTime))
			_ = t.writeAll(last)
			t.end()
			return
		}
		q := c.out
		if q == nil || q.Empty() {
			if q != nil {
				c.out = nil
				q.Release()
			}
			t.writing = false
			c.state &^= clientBlocked
			closing := c.state.any(clientClosing)
			c.mu.Unlock()
			if closing {
				c.gw.destroyClient(b, c, ClosedByClient)
			}
			return
		}
		t.inFlight = q.Len()
		pieces = q.Take(pieces)
		c.mu.Unlock()
		if err := t.writeAll(pieces); err != nil {
			c.gw.destroyClient(b, c, ClosedByClient)
			c.mu.Lock()
			parting := t.parting
			c.mu.Unlock()
			if parting {
				t.end()
			}
			return
		}
	}
}

// writeAll writes pieces one after the other.
func (t *streamTransport) writeAll(pieces [][]byte) error {
	for _, p := range pieces {
		if _, err := t.conn.Write(p); err != nil {
			return err
		}
	}
	return nil
}
