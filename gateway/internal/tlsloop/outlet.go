package tlsloop

import (
	"net"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/netloop"
)

// outlet is where a Conn's wire writes records to.
type outlet struct{ c *Conn }

// Write offers a record to the kernel. It does not wait: what is not taken goes
// out later. crypto/tls calls it for one record at a time, and so decides their
// order.
func (o outlet) Write(p []byte) (int, error) {
	c := o.c
	c.owner.Lock()
	waits, full := len(c.sealed) > 0 || c.draining, len(c.sealed) >= MaxSealed
	if waits && !full {
		c.keepLocked(p)
	}
	c.owner.Unlock()
	switch {
	case full:
		// crypto/tls would go on reading.
		c.socket.Shutdown()
		return 0, errSealedFull
	case waits:
		return len(p), nil
	}
	n, err := c.socket.Write(p)
	if err == netloop.ErrAgain {
		c.owner.Lock()
		c.keepLocked(p[n:])
		c.owner.Unlock()
		return len(p), nil
	}
	return n, err
}

// keepLocked keeps a record, or what the kernel did not take of it.
func (c *Conn) keepLocked(p []byte) {
	c.sealed = append(c.sealed, p...)
	c.owner.SealedLocked()
}

func (o outlet) RemoteAddr() net.Addr { return o.c.owner.RemoteAddr() }

func (o outlet) LocalAddr() net.Addr { return net.TCPAddrFromAddrPort(o.c.socket.LocalAddr()) }
