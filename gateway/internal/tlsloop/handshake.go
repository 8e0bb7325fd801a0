package tlsloop

import (
	"net"
	"syscall"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/netloop"
)

// ReadyLocked is told that something has arrived before the handshake is done,
// or that the kernel takes what it has refused of it. It reports whether the
// handshake has to be begun: the owner then calls [Begin].
func (c *Conn) ReadyLocked() (begin bool) {
	if c.wake == nil && !c.open.Load() && !c.closed {
		c.wake = make(chan struct{}, 1)
		return true
	}
	c.wakeLocked()
	return false
}

// BegunLocked reports whether the handshake has been begun and is not done.
func (c *Conn) BegunLocked() bool { return c.wake != nil }

func (c *Conn) wakeLocked() {
	select {
	case c.wake <- struct{}{}:
	default: // the handshake has been told already, or there is none
	}
}

// Begin has a function call [Conn.Handshake], in a goroutine of its own, when it is
// the handshake's turn. That may be long after, and in any case comes.
func Begin(handshake func()) { computing.start(handshake) }

// Handshake does the handshake, in a function that was given to [Begin]. It takes
// much CPU time and a deep stack, and waits for the peer. Bytes that came together
// with its end are left ([Conn.Left]), in buf: who called Handshake has to read
// them before it calls [Conn.OpenLocked].
func (c *Conn) Handshake(buf []byte) error {
	c.owner.Lock()
	wake := c.wake
	c.owner.Unlock()
	c.wire.Wait = func(p []byte) (int, error) {
		if err := c.receive(buf, wake); err != nil {
			return 0, err
		}
		return c.wire.Read(p)
	}
	err := error(syscall.ECONNRESET)
	if !c.socket.Broken() { // a peer that has gone meanwhile is not computed for, whatever it has left
		err = c.conn.Handshake()
	}
	computing.give()
	c.wire.Wait = nil
	return err
}

// receive waits for more bytes of the peer. Meanwhile it writes what the kernel
// refused of the answers.
func (c *Conn) receive(buf []byte, wake chan struct{}) error {
	for {
		n, err := c.socket.Read(buf)
		switch err {
		case nil:
			c.wire.Hand(buf[:n])
			return nil
		case netloop.ErrAgain:
		default:
			return err
		}
		refused := c.Drain()
		if refused != nil && refused != netloop.ErrAgain {
			return refused
		}
		c.owner.Lock()
		if c.closed {
			c.owner.Unlock()
			return net.ErrClosed
		}
		c.owner.WatchOnceLocked(refused != nil)
		c.owner.Unlock()
		computing.give()
		<-wake
		computing.take()
	}
}

// OpenLocked makes the owner's goroutine the reader: the handshake is done.
func (c *Conn) OpenLocked() {
	c.wire.Hand(nil) // used up, but part of a buffer that others need
	c.wake = nil
	c.open.Store(true)
}
