package gateway

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/clientproto"
	"github.com/go-gatewayworker/gatewayworker/gateway/internal/hub"
	"github.com/go-gatewayworker/gatewayworker/gateway/internal/netloop"
	"github.com/go-gatewayworker/gatewayworker/gateway/internal/outqueue"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// client is one client connection. There may be very many of them, and most are
// idle: what an idle client does not need is kept behind a pointer.
type client struct {
	hub.Client

	gw        *Gateway
	listener  *clientListener // by which it came
	transport transport       // how its bytes get to it and from it
	peer      endpoint        // of the socket, or of its PROXY head; see remoteAddr
	meter     meter           // for the goroutine that reads the client

	// For the goroutine that reads the client only: the poller's, the TLS
	// handshake's or the stream's.
	proto  clientproto.State
	unread []byte               // received, not yet a whole message
	rare   atomic.Pointer[rare] // nil for most; set by that goroutine, read by any

	// mu guards what follows. It is taken after hub.Mu, and never held while
	// the client's socket is read or written.
	mu sync.Mutex
	// flags are what is asked for every message, without mu; set with it.
	flags atomic.Uint32
	state clientState
	why   CloseReason // set with clientClosing, else with clientClosed
	// secured is the number of bytes in the queue that wait for the TLS handshake
	// and count towards maxEarly.
	secured uint32
	// silent counts heartbeats since the client's last message, from -1 (PHP:
	// pingNotResponseCount). It needs no lock.
	silent atomic.Int32
	slot   *workerSlot     // worker that the client is bound to; written under hub.Mu too
	out    *outqueue.Queue // nil when nothing waits
	early  []byte          // encoded messages that wait for the websocket handshake
}

// clientOf returns the client that c is the hub's part of.
func clientOf(c *hub.Client) *client { return c.Owner.(*client) }

// lifetime says how long bytes given to a client stay as they are.
type lifetime uint8

const (
	shortLived lifetime = iota // during the call: they are copied
	arenaLived                 // until the inner loop's batch is flushed
	immortal                   // as long as they are used: nothing changes them
)

// send queues one message for the client, to go out with b's flush: frame is the
// message as the client's protocol encodes it, or the plain bytes of a raw one.
// What is sent before the websocket handshake waits for it, unless it is raw.
//
// The message is dropped if the client is closing, or if what the kernel refuses
// of earlier ones has reached SendToClientBufferSize. No lock may be held.
func (c *client) send(b *batch, frame []byte, raw bool, life lifetime) {
	c.mu.Lock()
	outcome := c.sendLocked(b, frame, raw, life)
	c.mu.Unlock()
	switch outcome {
	case droppedFull:
		c.gw.dropped(c, len(frame))
	case droppedEarly:
		c.gw.droppedEarly(c, len(frame))
	}
}

// sendOutcome says what becomes of a message.
type sendOutcome uint8

const (
	sent         sendOutcome = iota // or the client is closing
	droppedFull                     // too much waits for the client
	droppedEarly                    // too much waits for handshakes, over all clients
)

// maxEarly bounds the bytes that wait for handshakes, of websocket and TLS, over
// all clients. PHP has a bound for each client only.
const maxEarly = 64 << 20

// sendLocked gives c.mu up meanwhile where it has to ask the kernel first.
func (c *client) sendLocked(b *batch, frame []byte, raw bool, life lifetime) sendOutcome {
	switch {
	case len(frame) == 0 || c.state.any(clientClosing|clientClosed):
		return sent
	case !raw && !c.state.any(clientReady):
		// PHP takes one more message here while the size is not over the bound,
		// where the send buffer refuses at the bound.
		if len(c.early) > c.gw.options().SendToClientBufferSize {
			return droppedFull
		}
		if !c.gw.reserveEarly(len(frame)) {
			return droppedEarly
		}
		c.early = append(c.early, frame...)
		return sent
	}
	if c.fullLocked() && !c.state.any(clientBlocked|clientWriting) {
		// Only what the kernel refuses counts, and it was not asked yet.
		c.mu.Unlock()
		c.flush(b)
		c.mu.Lock()
	}
	if c.fullLocked() {
		return droppedFull
	}
	if c.listener.secure() && c.transport.handshaking() {
		if !c.gw.reserveEarly(len(frame)) {
			return droppedEarly
		}
		c.secured += uint32(len(frame))
	}
	c.queueLocked(b, frame, life)
	return sent
}

// reserveEarly counts n more bytes that wait for a handshake, unless that is too
// much.
func (g *Gateway) reserveEarly(n int) bool {
	if g.early.Add(int64(n)) > maxEarly {
		g.early.Add(-int64(n))
		return false
	}
	return true
}

// securedLocked is called when the TLS handshake is done, or will never be.
func (c *client) securedLocked() {
	if c.secured > 0 {
		c.gw.early.Add(-int64(c.secured))
		c.secured = 0
	}
}

// forgetEarlyLocked lets go of what waited for the websocket handshake.
func (c *client) forgetEarlyLocked() {
	if n := len(c.early); n > 0 {
		c.gw.early.Add(-int64(n))
		c.early = nil
	}
}

// fullLocked reports whether the bytes that wait have reached the bound.
func (c *client) fullLocked() bool {
	return c.waitsLocked() >= c.gw.options().SendToClientBufferSize
}

// waitsLocked returns how many bytes wait, those for the handshake apart.
func (c *client) waitsLocked() int {
	waits := 0
	if c.state.any(clientBlocked | clientWriting) {
		waits = c.transport.heldLocked()
	}
	if q := c.out; q != nil {
		waits += q.Len()
	}
	return waits
}

// queueLocked puts p into the queue.
func (c *client) queueLocked(b *batch, p []byte, life lifetime) {
	if c.state.any(clientClosed) {
		return
	}
	if c.out == nil {
		c.out = outqueue.Get()
	}
	if c.state.any(clientBlocked | clientWriting) {
		c.out.Append(p)
		return
	}
	if life == shortLived {
		p = append([]byte(nil), p...)
	}
	c.out.Refer(p)
	if !b.inner {
		if n := len(b.clients); n == 0 || b.clients[n-1] != c {
			b.clients = append(b.clients, c)
		}
	} else if !c.state.any(clientDirty) {
		c.state |= clientDirty
		b.clients = append(b.clients, c)
	}
}

// handshakeDone queues the 101 and what waited for it.
func (c *client) handshakeDone(b *batch, response []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.early) > 0 {
		response = append(response, c.early...)
		c.forgetEarlyLocked()
	}
	c.state |= clientReady
	c.queueLocked(b, response, immortal)
	if c.proto.Deflates() && !c.state.any(clientClosed) {
		c.flags.Or(flagDeflates)
		c.gw.compression.clients.Add(1)
	}
}

// flush offers the queue to the kernel. What it does not take goes out when the
// socket turns writable. Any goroutine may call it, without locks; a queue that
// refers to the inner loop's arena is left to the inner loop.
func (c *client) flush(b *batch) {
	c.mu.Lock()
	c.flushAndUnlock(b)
}

// offer is flush for the inner loop that is about to destroy the client: where
// another goroutine is writing, it lets that finish. Such a write waits neither
// for the peer nor for the inner loop.
func (c *client) offer(b *batch) {
	c.mu.Lock()
	for c.state.any(clientWriting) {
		c.mu.Unlock()
		runtime.Gosched()
		c.mu.Lock()
	}
	c.flushAndUnlock(b)
}

// flushAndUnlock is flush for a caller that holds c.mu.
func (c *client) flushAndUnlock(b *batch) {
	if c.state.any(clientDirty) {
		if !b.inner {
			c.mu.Unlock()
			return
		}
		c.state &^= clientDirty
	}
	for {
		if c.state.any(clientWriting | clientBlocked | clientClosed) {
			// A client that is sent nothing more need not finish its TLS
			// handshake.
			early := c.out == nil && c.state.any(clientClosing) && c.transport.handshaking()
			c.mu.Unlock()
			if early {
				c.gw.destroyClient(b, c, ClosedByClient)
			}
			return
		}
		q := c.out
		if (q == nil || q.Empty()) && c.transport.heldLocked() == 0 {
			if q != nil {
				c.out = nil
				q.Release()
			}
			closing := c.state.any(clientClosing)
			c.mu.Unlock()
			if closing {
				c.gw.destroyClient(b, c, ClosedByClient)
			}
			return
		}
		if q == nil { // only the transport has something to send
			q = outqueue.Get()
		}
		c.out = nil
		c.state |= clientWriting
		c.mu.Unlock()
		n, err := c.transport.write(q, &b.scratch)
		c.mu.Lock()
		c.state &^= clientWriting
		switch err {
		case nil:
			q.Release()
		case netloop.ErrAgain:
			c.keepLocked(q, n)
			c.mu.Unlock()
			return
		default:
			q.Release()
			c.mu.Unlock()
			c.gw.destroyClient(b, c, ClosedByClient)
			return
		}
	}
}

// keepLocked keeps q, of which n bytes are through, until the transport says that
// the kernel takes more.
func (c *client) keepLocked(q *outqueue.Queue, n int) {
	if c.state.any(clientClosed) {
		q.Release()
		return
	}
	q.Own(n)
	if c.out != nil { // queued while q was being written
		q.Join(c.out)
	}
	c.out = q
	c.state |= clientBlocked
	c.transport.watchLocked(true, c.readLocked())
}

// writable is called by the poller when the kernel takes bytes again.
func (c *client) writable(b *batch) {
	c.mu.Lock()
	c.writableAndUnlock(b)
}

// writableAndUnlock is writable for a caller that holds c.mu.
func (c *client) writableAndUnlock(b *batch) {
	// The number of a closed socket may be another client's by now.
	if c.state.any(clientBlocked) && !c.state.any(clientClosed) {
		c.state &^= clientBlocked
		c.transport.watchLocked(false, c.readLocked())
	}
	// c.mu is held from here to the flush: a message queued in between would
	// stand before the rest.
	c.flushAndUnlock(b)
}

// closeAfter queues frame, which may be nil, and closes the client when all has
// been sent. Nothing more is read or queued (PHP: TcpConnection::close).
func (c *client) closeAfter(b *batch, frame []byte, raw bool, life lifetime, why CloseReason) {
	if frame != nil {
		c.send(b, frame, raw, life)
	}
	c.mu.Lock()
	if c.state.any(clientClosing | clientClosed) {
		c.mu.Unlock()
		return
	}
	c.state |= clientClosing
	c.why = why
	c.flags.Or(flagEnded)
	c.forgetEarlyLocked()
	if c.state.any(clientBlocked) {
		c.transport.watchLocked(true, false)
	}
	c.mu.Unlock()
	c.flush(b)
}

// readLocked reports whether what the client sends is to be read now.
func (c *client) readLocked() bool {
	return !c.state.any(clientClosing | clientPaused | clientInflating)
}

// ready reports whether messages may go out: the handshake is done, or none needed.
func (c *client) ready() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.any(clientReady)
}

// head returns the fields of a frame about this client. (PHP: gatewayHeader.)
func (c *client) head(cmd gatewayprotocol.Command, flag gatewayprotocol.Flag) gatewayprotocol.Message {
	remote := c.remoteAddr()
	return gatewayprotocol.Message{
		Cmd:          cmd,
		LocalIP:      c.gw.lanIP,
		LocalPort:    c.gw.lanPort,
		ClientIP:     gatewayprotocol.AddrToUint32(remote.Addr()),
		ClientPort:   remote.Port(),
		ConnectionID: c.ID(),
		Flag:         flag,
		GatewayPort:  c.listener.port,
	}
}

// clientID returns the client's id in the cluster.
func (c *client) clientID() gatewayprotocol.ClientID {
	return gatewayprotocol.ClientID{LocalIP: c.gw.lanIP, LocalPort: c.gw.lanPort, ConnectionID: c.ID()}
}
