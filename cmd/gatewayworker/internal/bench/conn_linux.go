package bench

import (
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/go-gatewayworker/gatewayworker/internal/rawio"
)

// conn is one non-blocking TCP connection in the loop: unsent bytes wait in
// out, bytes of an unfinished frame in rest.
type conn struct {
	l         *loop
	fd        int // -1 when closed
	connected bool
	out, rest []byte
	local     netip.AddrPort
	// consume takes whole frames off data and returns how many bytes they had.
	consume func(data []byte) (int, error)
	// opened is called when the connection is established, drained when all
	// waiting bytes are out, closed once, with nil for an end of file.
	opened  func()
	drained func()
	closed  func(err error)
}

// dial starts connecting from source (the zero value leaves it to the kernel).
func (c *conn) dial(l *loop, to netip.AddrPort, source netip.Addr, h handler) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("bench: socket: %w", err)
	}
	c.l, c.fd = l, fd
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if source.IsValid() {
		// Without this a port is taken for all destinations at once.
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
		if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: source.As4()}); err != nil {
			_ = unix.Close(fd)
			return fmt.Errorf("bench: bind to %s: %w", source, err)
		}
	}
	err = unix.Connect(fd, &unix.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())})
	if err != nil && err != unix.EINPROGRESS {
		_ = unix.Close(fd)
		return fmt.Errorf("bench: connect to %s: %w", to, err)
	}
	if sa, err := unix.Getsockname(fd); err == nil {
		if in, ok := sa.(*unix.SockaddrInet4); ok {
			c.local = netip.AddrPortFrom(netip.AddrFrom4(in.Addr), uint16(in.Port))
		}
	}
	if err := l.add(fd, h); err != nil {
		_ = unix.Close(fd)
		return err
	}
	return nil
}

func (c *conn) ready(events uint32) {
	if !c.connected {
		if events&(unix.EPOLLOUT|unix.EPOLLERR|unix.EPOLLHUP) == 0 {
			return
		}
		if code, err := unix.GetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_ERROR); err != nil || code != 0 {
			c.end(fmt.Errorf("connect: %w", unix.Errno(code)))
			return
		}
		c.connected = true
		c.opened()
	}
	if c.fd >= 0 && events&unix.EPOLLOUT != 0 && len(c.out) > 0 {
		c.flush()
	}
	if c.fd >= 0 && events&(unix.EPOLLIN|unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		c.read(events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0)
	}
}

// read reads until a read comes back short; with eof it goes on to the end.
func (c *conn) read(eof bool) {
	for c.fd >= 0 {
		buf := c.l.buf
		kept := copy(buf, c.rest)
		if kept == len(buf) { // a frame longer than the buffer
			buf = append(buf, make([]byte, len(buf))...)
			c.l.buf = buf
		}
		n, errno := rawio.Read(c.fd, buf[kept:])
		switch {
		case errno == unix.EAGAIN:
			return
		case errno != 0:
			c.end(errno)
			return
		case n == 0:
			c.end(nil)
			return
		}
		c.l.clock()
		data := buf[:kept+n]
		short := len(data) < len(buf)
		used, err := c.consume(data)
		if err != nil {
			c.end(err)
			return
		}
		if c.rest = append(c.rest[:0], data[used:]...); len(c.rest) == 0 && cap(c.rest) > 4096 {
			c.rest = nil
		}
		if short && !eof {
			return
		}
	}
}

// write sends p or keeps what the socket does not take.
func (c *conn) write(p []byte) {
	if c.fd < 0 {
		return
	}
	if len(c.out) > 0 || !c.connected {
		c.out = append(c.out, p...)
		return
	}
	for len(p) > 0 {
		n, errno := rawio.Write(c.fd, p)
		if errno == unix.EAGAIN {
			c.out = append(c.out, p...)
			return
		}
		if errno != 0 {
			c.end(errno)
			return
		}
		p = p[n:]
	}
}

func (c *conn) flush() {
	for len(c.out) > 0 {
		n, errno := rawio.Write(c.fd, c.out)
		if errno == unix.EAGAIN {
			return
		}
		if errno != 0 {
			c.end(errno)
			return
		}
		c.out = c.out[:copy(c.out, c.out[n:])]
	}
	if c.drained != nil {
		c.drained()
	}
}

// end closes the connection and says so.
func (c *conn) end(err error) {
	if c.fd < 0 {
		return
	}
	c.close()
	if c.closed != nil {
		c.closed(err)
	}
}

// close closes the connection and sends no close frame.
func (c *conn) close() {
	if c.fd >= 0 {
		c.l.remove(c.fd)
		c.fd, c.out, c.rest = -1, nil, nil
	}
}
