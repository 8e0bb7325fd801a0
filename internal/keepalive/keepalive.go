// Package keepalive ends TCP connections whose peer has vanished without a FIN: it
// lost power, or a router forgot it.
//
// Of silent connections the kernel takes care. Workerman sets SO_KEEPALIVE with 55 seconds, 55 seconds and one probe on every
// socket that listens, which what it accepts inherits, and on every connection
// that it opens (Worker::listen, AsyncTcpConnection::checkConnection): a silent
// connection is gone 110 seconds after its peer.
//
// A connection with bytes to be acknowledged has no keepalive: the kernel sends
// them again for a quarter of an hour. On Linux [Stall] ends it sooner, by what the
// kernel says of it. TCP_USER_TIMEOUT would too, but also ends connections whose
// peer is there and has read nothing for that long, such as a business worker in a
// slow handler.
package keepalive

import (
	"net"
	"time"
)

// Interval is how long a connection is silent before the peer is asked, and how
// long the peer has to answer (PHP: TcpConnection::TCP_KEEPALIVE_INTERVAL).
const Interval = 55 * time.Second

// Set has c end when its peer vanishes while the connection is silent. A
// connection that is none of TCP stays as it is.
func Set(c net.Conn) {
	if c, ok := c.(*net.TCPConn); ok {
		// It fails for a connection that has ended.
		_ = c.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: Interval, Interval: Interval, Count: 1})
	}
}
