package gateway

import (
	"net"
	"sync"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/netloop"
)

// handshakeBuffers are for what is received in TLS handshakes.
var handshakeBuffers = sync.Pool{New: func() any { return new([4 << 10]byte) }}

// ready is called by the poller when something arrives before the handshake is
// done, or the socket takes what it refused of it. The first bytes start the
// handshake, in a goroutine that ends with it: it takes much CPU time and a deep
// stack, and waits for the peer.
func (t *tlsTransport) ready() {
	c := &t.client
	c.mu.Lock()
	// It may have become done since the poller asked.
	begin := t.wake == nil && t.handshaking() && !c.state.any(clientClosed)
	if begin {
		t.wake = make(chan struct{}, 1)
	} else {
		t.wakeLocked()
	}
	c.mu.Unlock()
	if begin {
		c.gw.goRun(t.handshake)
	}
}

func (t *tlsTransport) wakeLocked() {
	select {
	case t.wake <- struct{}{}:
	default: // it is going to look, or there is no handshake
	}
}

// handshake does the handshake and then makes the poller the reader.
func (t *tlsTransport) handshake() {
	c, g := &t.client, t.client.gw
	b := new(batch)
	defer b.flush()
	buf := handshakeBuffers.Get().(*[4 << 10]byte)
	defer handshakeBuffers.Put(buf)
	wake := t.wake
	t.wait = func() error { return t.receive(buf[:], wake) }
	err := t.conn.Handshake()
	t.wait = nil
	g.handshaken.Add(1)
	if err != nil {
		if !c.ended.Load() {
			g.handshakeFailed(c, err)
		}
		// Unread bytes would make the kernel reset the connection, and the peer
		// may lose the alert that says why.
		t.fd.Discard()
		g.destroyClient(b, c)
		return
	}
	if in := t.in; len(in) > 0 { // came together with the end of the handshake
		r := clientReader{gw: g, b: b}
		err := t.received(&r, in, make([]byte, len(in)))
		r.tally.tell(&g.traffic.fromClients)
		if err != nil {
			g.destroyClient(b, c)
			return
		}
	}
	t.in = nil // used up, but part of a buffer that others need
	c.mu.Lock()
	t.wake = nil
	t.open.Store(true)
	c.writableAndUnlock(b)
}

// receive waits for more bytes of the peer. Meanwhile it writes what the kernel
// refused of the answers.
func (t *tlsTransport) receive(buf []byte, wake chan struct{}) error {
	c := &t.client
	for {
		n, err := t.fd.Read(buf)
		switch err {
		case nil:
			t.in = buf[:n]
			return nil
		case netloop.ErrAgain:
		default:
			return err
		}
		refused := t.drain()
		if refused != nil && refused != netloop.ErrAgain {
			return refused
		}
		c.mu.Lock()
		if c.state.any(clientClosed) {
			c.mu.Unlock()
			return net.ErrClosed
		}
		t.poller.watchOnce(&t.socket, refused != nil)
		c.mu.Unlock()
		<-wake
	}
}
