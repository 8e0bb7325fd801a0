package netloop

import (
	"fmt"
	"os"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Interest and event bits, as epoll has them.
const (
	In      = unix.EPOLLIN
	Out     = unix.EPOLLOUT
	RDHup   = unix.EPOLLRDHUP
	Hup     = unix.EPOLLHUP
	Err     = unix.EPOLLERR
	Edge    = unix.EPOLLET & 0xffffffff
	OneShot = unix.EPOLLONESHOT // one event, then none until Mod
)

// Event says what happened on a descriptor.
type Event struct {
	Bits uint32
	FD   int32
}

// Poller is an epoll instance whose waiting goroutine is parked by Go's own
// poller: an idle Poller holds no thread.
//
// With [Edge], events come in the order in which the sockets became ready since
// they were last reported, which is the order in which their bytes arrived.
type Poller struct {
	// mu is held for reading while epfd or wakefd is used, and for writing while
	// Close gives them back: their numbers may belong to other files afterwards.
	// Wait does without it, because raw keeps epfd open.
	mu     sync.RWMutex
	closed bool

	file   *os.File
	raw    syscall.RawConn
	epfd   int
	wakefd int
	buf    []unix.EpollEvent
	n      int
	err    error
	try    func(uintptr) bool // one attempt of Wait, made once to save an allocation a call
}

// NewPoller makes a Poller that reports at most max events a call.
func NewPoller(max int) (*Poller, error) {
	epfd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	wakefd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		_ = unix.Close(epfd)
		return nil, os.NewSyscallError("eventfd", err)
	}
	p := &Poller{epfd: epfd, wakefd: wakefd, buf: make([]unix.EpollEvent, max)}
	fail := func(err error) (*Poller, error) {
		_ = unix.Close(wakefd)
		if p.file != nil {
			_ = p.file.Close()
		} else {
			_ = unix.Close(epfd)
		}
		return nil, err
	}
	// A descriptor in non-blocking mode is one that os.NewFile gives to Go's
	// poller; an epoll descriptor becomes readable when it has events.
	if err := unix.SetNonblock(epfd, true); err != nil {
		return fail(os.NewSyscallError("fcntl", err))
	}
	p.file = os.NewFile(uintptr(epfd), "epoll")
	if p.raw, err = p.file.SyscallConn(); err != nil {
		return fail(err)
	}
	if err := p.Add(wakefd, In|Edge); err != nil {
		return fail(err)
	}
	p.try = func(uintptr) bool {
		p.n, p.err = p.poll()
		return p.n != 0 || p.err != nil
	}
	return p, nil
}

// poll never blocks, so it goes past the scheduler's bookkeeping: the first
// ordinary system call after an idle moment wakes the runtime's monitor thread,
// which made up half of the CPU time of a gateway with little to do.
func (p *Poller) poll() (int, error) {
	for {
		n, _, errno := syscall.RawSyscall6(syscall.SYS_EPOLL_PWAIT, uintptr(p.epfd),
			uintptr(unsafe.Pointer(unsafe.SliceData(p.buf))), uintptr(len(p.buf)), 0, 0, 0)
		switch errno {
		case 0:
			return int(n), nil
		case unix.EINTR:
		default:
			return 0, os.NewSyscallError("epoll_pwait", errno)
		}
	}
}

// Wait appends the events to dst, waiting for at least one. After Close it
// returns ErrClosed; any other error is for good. Only one goroutine may wait.
func (p *Poller) Wait(dst []Event) ([]Event, error) {
	if err := p.raw.Read(p.try); err != nil {
		p.mu.RLock()
		defer p.mu.RUnlock()
		if p.closed {
			return dst, ErrClosed
		}
		return dst, fmt.Errorf("netloop: cannot wait for events: %w", err)
	}
	if p.err != nil {
		return dst, p.err
	}
	return p.take(dst), nil
}

// Poll appends the events that are there now to dst, without waiting. more says
// that there may be others. After Close it returns ErrClosed.
func (p *Poller) Poll(dst []Event) (_ []Event, more bool, err error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.closed {
		return dst, false, ErrClosed
	}
	if p.n, err = p.poll(); err != nil {
		return dst, false, err
	}
	return p.take(dst), p.n == len(p.buf), nil
}

func (p *Poller) take(dst []Event) []Event {
	for i := range p.buf[:p.n] {
		e := &p.buf[i]
		if int(e.Fd) == p.wakefd {
			continue
		}
		dst = append(dst, Event{Bits: e.Events, FD: e.Fd})
	}
	return dst
}

// Sysfd returns the number of the epoll descriptor.
func (p *Poller) Sysfd() int { return p.epfd }

// Wake makes Wait return, perhaps without events. After Close it does nothing.
func (p *Poller) Wake() {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.closed {
		return
	}
	_, _ = unix.Write(p.wakefd, []byte{1, 0, 0, 0, 0, 0, 0, 0})
}

// Add starts watching a descriptor. Closing the descriptor ends it.
func (p *Poller) Add(fd int, bits uint32) error {
	return p.ctl(unix.EPOLL_CTL_ADD, fd, bits)
}

// Mod changes what a watched descriptor is watched for.
func (p *Poller) Mod(fd int, bits uint32) error {
	return p.ctl(unix.EPOLL_CTL_MOD, fd, bits)
}

// Del ends watching a descriptor without closing it.
func (p *Poller) Del(fd int) error { return p.ctl(unix.EPOLL_CTL_DEL, fd, 0) }

func (p *Poller) ctl(op, fd int, bits uint32) error {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.closed {
		return ErrClosed
	}
	ev := unix.EpollEvent{Events: bits, Fd: int32(fd)}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(p.epfd, op, fd, &ev))
}

// Close ends Wait with ErrClosed. Descriptors that are watched stay open. Calls
// after the first do nothing.
func (p *Poller) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	err := p.file.Close()
	_ = unix.Close(p.wakefd)
	return err
}
