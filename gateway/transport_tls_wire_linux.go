package gateway

import (
	"encoding/binary"
	"net"
	"os"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/netloop"
)

// tlsWire is a client's socket as crypto/tls sees it.
type tlsWire struct{ t *tlsTransport }

// Read gives what was handed in, never more than the rest of a record.
func (w tlsWire) Read(p []byte) (int, error) {
	t := w.t
	for len(t.in) == 0 {
		if t.wait == nil {
			return 0, errLater
		}
		if err := t.wait(); err != nil {
			return 0, err
		}
	}
	n := copy(p, t.in[:t.records.next(t.in, len(p))])
	t.in = t.in[n:]
	return n, nil
}

// Write offers a record to the kernel. It does not wait: what is not taken goes
// out later. crypto/tls calls it for one record at a time, whose order it is
// therefore.
func (w tlsWire) Write(p []byte) (int, error) {
	t := w.t
	t.client.mu.Lock()
	waits, full := len(t.sealed) > 0 || t.draining, len(t.sealed) >= maxSealed
	if waits && !full {
		t.keepLocked(p)
	}
	t.client.mu.Unlock()
	switch {
	case full:
		// crypto/tls would go on reading.
		t.fd.Shutdown()
		return 0, errSealedFull
	case waits:
		return len(p), nil
	}
	n, err := t.fd.Write(p)
	if err == netloop.ErrAgain {
		t.client.mu.Lock()
		t.keepLocked(p[n:])
		t.client.mu.Unlock()
		return len(p), nil
	}
	return n, err
}

// Close does nothing: the gateway closes the socket when crypto/tls is through.
func (w tlsWire) Close() error { return nil }

// The addresses are for the functions of a user's tls.Config.

func (w tlsWire) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(w.t.client.remote) }

func (w tlsWire) LocalAddr() net.Addr {
	return net.TCPAddrFromAddrPort(w.t.fd.LocalAddr())
}

// Nothing waits here that a deadline could end.

func (w tlsWire) SetDeadline(time.Time) error      { return os.ErrNoDeadline }
func (w tlsWire) SetReadDeadline(time.Time) error  { return os.ErrNoDeadline }
func (w tlsWire) SetWriteDeadline(time.Time) error { return os.ErrNoDeadline }

// errLater tells crypto/tls that there is nothing more for now. It goes on after
// an error that says it is temporary.
var errLater net.Error = laterError{}

type laterError struct{}

func (laterError) Error() string   { return "nothing more for now" }
func (laterError) Timeout() bool   { return true }
func (laterError) Temporary() bool { return true }

// recordSplitter finds the ends of TLS records in what is received. crypto/tls
// keeps the buffer that it reads a client's records into for as long as the
// client is there, and doubles it when it is given more than it asked for.
type recordSplitter struct {
	header [recordHeader]byte
	got    uint8  // bytes of the header that were given out
	left   uint16 // bytes of the record behind it that were not
}

const (
	recordHeader = 5
	// recordRoom is how much room bytes.Buffer wants behind what it reads
	// (bytes.MinRead).
	recordRoom = 512
)

// next returns how many bytes of in to give to crypto/tls, which has room for
// some: a whole record if it fits, else its header, else what is left of it. in
// must not be empty.
func (s *recordSplitter) next(in []byte, room int) int {
	switch {
	case s.left > 0:
		n := min(int(s.left), len(in), room)
		s.left -= uint16(n)
		return n
	case s.got == 0 && len(in) >= recordHeader:
		n := recordHeader + int(binary.BigEndian.Uint16(in[3:]))
		if n <= len(in) && n+recordRoom <= room {
			return n
		}
	}
	n := min(copy(s.header[s.got:], in), room)
	if s.got += uint8(n); s.got == recordHeader {
		s.got, s.left = 0, binary.BigEndian.Uint16(s.header[3:])
	}
	return n
}
