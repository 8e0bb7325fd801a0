package bench

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"golang.org/x/sys/unix"

	"github.com/go-gatewayworker/gatewayworker/internal/rawio"
)

// secure is TLS over a connection of the loop. Reading and writing never wait:
// what came is put into in, and a record that is not complete yet stays inside
// crypto/tls, which takes a temporary error for "later". Only the handshake
// waits, for one client at a time.
type secure struct {
	c    *conn
	tls  *tls.Conn
	in   []byte // came and is not yet taken by tls
	rest []byte // of an unfinished frame, in the clear

	handshaking bool
}

// secureTimeout bounds each wait of a handshake.
const secureTimeout = 10 * time.Second

// secureConfig trusts any certificate: it is the server's speed that matters.
var secureConfig = &tls.Config{InsecureSkipVerify: true}

// secureConn does the handshake and returns what carries the bytes from then on.
func secureConn(c *conn) (*secure, error) {
	s := &secure{c: c, handshaking: true}
	s.tls = tls.Client(tlsWire{s}, secureConfig)
	if err := s.tls.Handshake(); err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	s.handshaking = false
	return s, nil
}

// consume decrypts data into the loop's second buffer and gives whole frames to
// frames.
func (s *secure) consume(data []byte, frames func([]byte) (int, error)) (int, error) {
	s.in = data
	plain := s.c.l.plain
	for s.c.fd >= 0 {
		if len(s.rest) >= len(plain) { // a frame longer than the buffer
			plain = make([]byte, 2*len(plain))
			s.c.l.plain = plain
		}
		kept := copy(plain, s.rest)
		n, err := s.tls.Read(plain[kept:])
		if errors.Is(err, errLater) {
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
	return len(data), nil
}

// tlsWire is the connection as crypto/tls sees it.
type tlsWire struct{ s *secure }

func (w tlsWire) Read(p []byte) (int, error) {
	s := w.s
	if s.handshaking {
		return s.wait(p)
	}
	if len(s.in) == 0 {
		return 0, errLater
	}
	n := copy(p, s.in)
	s.in = s.in[n:]
	return n, nil
}

// wait reads from the socket, however long it takes.
func (s *secure) wait(p []byte) (int, error) {
	for {
		n, errno := rawio.Read(s.c.fd, p)
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
			return n, nil
		}
	}
}

func (w tlsWire) Write(p []byte) (int, error) {
	if w.s.c.fd < 0 {
		return 0, net.ErrClosed
	}
	w.s.c.write(p)
	return len(p), nil
}

func (w tlsWire) Close() error                     { return nil } // the loop closes it
func (w tlsWire) LocalAddr() net.Addr              { return nil }
func (w tlsWire) RemoteAddr() net.Addr             { return nil }
func (w tlsWire) SetDeadline(time.Time) error      { return nil }
func (w tlsWire) SetReadDeadline(time.Time) error  { return nil }
func (w tlsWire) SetWriteDeadline(time.Time) error { return nil }

// errLater is what crypto/tls gets when no more bytes are there: an error that
// is temporary leaves its connection usable.
var errLater net.Error = laterError{}

type laterError struct{}

func (laterError) Error() string   { return "nothing more for now" }
func (laterError) Timeout() bool   { return true }
func (laterError) Temporary() bool { return true }
