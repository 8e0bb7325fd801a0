package bench

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"golang.org/x/sys/unix"

	"github.com/go-gatewayworker/gatewayworker/internal/rawio"
	"github.com/go-gatewayworker/gatewayworker/internal/tlswire"
)

// secure is TLS over a connection of the loop, which reads and writes without
// waiting (see tlswire). Only the handshake waits, for one client at a time.
type secure struct {
	c    *conn
	tls  *tls.Conn
	wire tlswire.Wire
	rest []byte // of an unfinished frame, in the clear
}

// secureTimeout bounds each wait of a handshake.
const secureTimeout = 10 * time.Second

// secureConfig trusts any certificate: it is the server's speed that matters.
var secureConfig = &tls.Config{InsecureSkipVerify: true}

// secureConn does the handshake and returns what carries the bytes from then on.
func secureConn(c *conn) (*secure, error) {
	s := &secure{c: c}
	s.wire.Peer, s.wire.Wait = outlet{c}, s.wait
	s.tls = tls.Client(&s.wire, secureConfig)
	if err := s.tls.Handshake(); err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	s.wire.Wait = nil
	s.wire.Hand(bytes.Clone(s.wire.Left())) // came together with the handshake's end
	return s, nil
}

// consume decrypts data into the loop's second buffer and gives whole frames to
// frames.
func (s *secure) consume(data []byte, frames func([]byte) (int, error)) (int, error) {
	size := len(data)
	if left := s.wire.Left(); len(left) > 0 {
		data = append(left, data...)
	}
	s.wire.Hand(data)
	plain := s.c.l.plain
	for s.c.fd >= 0 {
		if len(s.rest) >= len(plain) { // a frame longer than the buffer
			plain = make([]byte, 2*len(plain))
			s.c.l.plain = plain
		}
		kept := copy(plain, s.rest)
		n, err := s.tls.Read(plain[kept:])
		if errors.Is(err, tlswire.ErrLater) {
			break
		}
		if err != nil {
			return 0, err
		}
		used, err := frames(plain[:kept+n])
		if err != nil {
			return 0, err
		}
		s.rest = append(s.rest[:0], plain[used:kept+n]...)
	}
	return size, nil
}

// wait waits for bytes of the server, however long it takes.
func (s *secure) wait(p []byte) (int, error) {
	for {
		n, errno := rawio.Read(s.c.fd, s.c.l.plain)
		switch {
		case errno == unix.EAGAIN:
			fds := []unix.PollFd{{Fd: int32(s.c.fd), Events: unix.POLLIN}}
			ready, err := unix.Poll(fds, int(secureTimeout/time.Millisecond))
			if err != nil && err != unix.EINTR {
				return 0, err
			}
			if err == nil && ready == 0 {
				return 0, fmt.Errorf("no answer within %s", secureTimeout)
			}
		case errno != 0:
			return 0, errno
		case n == 0:
			return 0, io.EOF
		default:
			s.wire.Hand(s.c.l.plain[:n])
			return s.wire.Read(p)
		}
	}
}

// outlet is where records go.
type outlet struct{ c *conn }

func (o outlet) Write(p []byte) (int, error) {
	if o.c.fd < 0 {
		return 0, net.ErrClosed
	}
	o.c.write(p)
	return len(p), nil
}

func (outlet) LocalAddr() net.Addr  { return nil }
func (outlet) RemoteAddr() net.Addr { return nil }
