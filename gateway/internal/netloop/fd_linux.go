package netloop

import (
	"io"
	"math"
	"net/netip"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/go-gatewayworker/gatewayworker/internal/keepalive"
	"github.com/go-gatewayworker/gatewayworker/internal/rawio"
)

// closedBit is set in FD.state when Close was called; the other bits count the
// calls under way.
const closedBit = math.MinInt32

// FD is a non-blocking socket. Its methods may be called from any goroutine at
// any time; the descriptor is closed when Close was called and no call is under
// way, so that no call ever reaches a number the kernel has given to another
// socket. Two writers at once are the caller's to prevent.
type FD struct {
	fd    int32
	state atomic.Int32
}

// Init sets the descriptor, which must be in non-blocking mode.
func (f *FD) Init(fd int) { f.fd = int32(fd) }

// Sysfd returns the number of the descriptor, -1 when it is closed.
func (f *FD) Sysfd() int { return int(atomic.LoadInt32(&f.fd)) }

func (f *FD) acquire() bool {
	if f.state.Add(1) < 0 {
		f.release()
		return false
	}
	return true
}

func (f *FD) release() {
	if f.state.Add(-1) == closedBit {
		// Close has set the bit, and this was the last call under way. An
		// acquire that fails later moves the count up and down again and comes
		// here too: closeOnce swaps the number out, so that it is closed once.
		f.closeOnce()
	}
}

func (f *FD) closeOnce() {
	if fd := atomic.SwapInt32(&f.fd, -1); fd >= 0 {
		_ = unix.Close(int(fd))
	}
}

// Close closes the descriptor as soon as no call is under way. Calls after the
// first do nothing.
func (f *FD) Close() {
	for {
		s := f.state.Load()
		if s < 0 {
			return
		}
		if f.state.CompareAndSwap(s, s|closedBit) {
			if s == 0 {
				f.closeOnce()
			}
			return
		}
	}
}

// Read reads at most len(p) bytes. It returns io.EOF at the end, ErrAgain when
// nothing is there.
func (f *FD) Read(p []byte) (int, error) {
	if !f.acquire() {
		return 0, ErrClosed
	}
	n, errno := rawio.Read(int(atomic.LoadInt32(&f.fd)), p)
	f.release()
	switch {
	case errno == 0 && n == 0:
		return 0, io.EOF
	case errno == 0:
		return n, nil
	case errno == unix.EAGAIN:
		return 0, ErrAgain
	}
	return 0, errno
}

// Write writes as much of p as the kernel takes now. When it takes less, the
// error is ErrAgain.
func (f *FD) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if !f.acquire() {
		return 0, ErrClosed
	}
	n, errno := rawio.Write(int(atomic.LoadInt32(&f.fd)), p)
	f.release()
	switch {
	case errno == 0 && n < len(p):
		return n, ErrAgain
	case errno == 0:
		return n, nil
	case errno == unix.EAGAIN:
		return 0, ErrAgain
	}
	return 0, errno
}

// Iovecs is scratch space for Writev, reused from call to call.
type Iovecs struct{ vec []unix.Iovec }

// Writev writes the pieces in order, at most MaxPieces of them, as far as the
// kernel takes them now. When it takes less, the error is ErrAgain.
func (f *FD) Writev(pieces [][]byte, scratch *Iovecs) (int, error) {
	vec := scratch.vec[:0]
	want := 0
	for _, p := range pieces {
		if len(p) == 0 {
			continue
		}
		v := unix.Iovec{Base: &p[0]}
		v.SetLen(len(p))
		vec = append(vec, v)
		want += len(p)
	}
	scratch.vec = vec
	if want == 0 {
		return 0, nil
	}
	if !f.acquire() {
		return 0, ErrClosed
	}
	n, errno := rawio.Writev(int(atomic.LoadInt32(&f.fd)), vec)
	f.release()
	clear(vec)
	switch {
	case errno == 0 && n < want:
		return n, ErrAgain
	case errno == 0:
		return n, nil
	case errno == unix.EAGAIN:
		return 0, ErrAgain
	}
	return 0, errno
}

// Discard reads and forgets what has arrived, within a bound.
func (f *FD) Discard() {
	var p [4096]byte
	for range 64 {
		if n, err := f.Read(p[:]); err != nil || n < len(p) {
			return
		}
	}
}

// Unsent returns how many of the bytes written the peer's system has not yet
// confirmed to have.
func (f *FD) Unsent() int {
	if !f.acquire() {
		return 0
	}
	defer f.release()
	n, err := unix.IoctlGetInt(int(atomic.LoadInt32(&f.fd)), unix.TIOCOUTQ)
	if err != nil {
		return 0
	}
	return n
}

// Broken reports whether the connection has ended in both directions, such as by
// the peer's reset. Bytes that have come before may be there still.
func (f *FD) Broken() bool {
	if !f.acquire() {
		return true
	}
	defer f.release()
	p := []unix.PollFd{{Fd: atomic.LoadInt32(&f.fd)}}
	n, err := unix.Poll(p, 0)
	return err == nil && n > 0 && p[0].Revents&(unix.POLLHUP|unix.POLLERR) != 0
}

// Flight returns what the kernel says about the bytes on their way to the peer.
func (f *FD) Flight() (keepalive.Flight, error) {
	if !f.acquire() {
		return keepalive.Flight{}, ErrClosed
	}
	defer f.release()
	return keepalive.FlightOf(int(atomic.LoadInt32(&f.fd)))
}

// LocalAddr returns the address that the peer connected to, the zero value if
// there is none.
func (f *FD) LocalAddr() netip.AddrPort {
	if !f.acquire() {
		return netip.AddrPort{}
	}
	defer f.release()
	sa, err := unix.Getsockname(int(atomic.LoadInt32(&f.fd)))
	if err != nil {
		return netip.AddrPort{}
	}
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr).Unmap(), uint16(sa.Port))
	}
	return netip.AddrPort{}
}

// Shutdown ends both directions, so that a poller that watches the socket sees
// its end; the descriptor stays open.
func (f *FD) Shutdown() {
	if f.acquire() {
		_ = unix.Shutdown(int(atomic.LoadInt32(&f.fd)), unix.SHUT_RDWR)
		f.release()
	}
}

// Peek is Read without taking the bytes out.
func (f *FD) Peek(p []byte) (int, error) {
	if !f.acquire() {
		return 0, ErrClosed
	}
	n, _, err := unix.Recvfrom(int(atomic.LoadInt32(&f.fd)), p, unix.MSG_PEEK)
	f.release()
	switch {
	case err == nil && n == 0:
		return 0, io.EOF
	case err == unix.EAGAIN || err == unix.EINTR:
		return 0, ErrAgain
	}
	return n, err
}
