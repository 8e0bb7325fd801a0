package bench

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// loop is one edge-triggered epoll loop. Everything in a run happens on the
// goroutine that calls pump; nothing here is locked.
type loop struct {
	epfd   int
	wakefd int
	start  time.Time
	now    int64 // ns since start, read once per wake-up and per read
	slots  []slot
	events [256]unix.EpollEvent
	buf    []byte // shared by all reads
	plain  []byte // the same of TLS clients, decrypted
	timers timerHeap

	// activity counts what arrived; while it stands still a phase may stall.
	activity int64
	onTick   func() // every 100 ms, for the progress
	tickAt   int64
}

// slot is what a file descriptor belongs to. generation tells an event of a
// closed descriptor from one of its successor with the same number.
type slot struct {
	h          handler
	generation int32
}

type handler interface {
	// ready is called with EPOLL events; level is not repeated, so it reads
	// until a read comes back short.
	ready(events uint32)
}

// timer calls fire once the loop's clock has reached due; fire returns the next
// due time, or a negative number to end.
type timer struct {
	due  int64
	fire func(due int64) int64
}

type timerHeap []*timer

func (t timerHeap) Len() int           { return len(t) }
func (t timerHeap) Less(i, j int) bool { return t[i].due < t[j].due }
func (t timerHeap) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *timerHeap) Push(x any)        { *t = append(*t, x.(*timer)) }
func (t *timerHeap) Pop() any {
	old := *t
	x := old[len(old)-1]
	*t = old[:len(old)-1]
	return x
}

const (
	tickEvery  = int64(100 * time.Millisecond)
	readBuffer = 256 << 10
)

func newLoop() (*loop, error) {
	epfd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("bench: epoll_create1: %w", err)
	}
	l := &loop{epfd: epfd, wakefd: -1, start: time.Now(), buf: make([]byte, readBuffer), plain: make([]byte, 32<<10)}
	if l.wakefd, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err != nil {
		l.close()
		return nil, fmt.Errorf("bench: eventfd: %w", err)
	}
	if err := l.add(l.wakefd, wakeHandler{l}); err != nil {
		l.close()
		return nil, err
	}
	// Timers are due to the microsecond; the default slack is 50 of them.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	return l, nil
}

func (l *loop) close() {
	for fd, s := range l.slots {
		if s.h != nil && fd != l.wakefd {
			_ = unix.Close(fd)
		}
	}
	if l.wakefd >= 0 {
		_ = unix.Close(l.wakefd)
	}
	_ = unix.Close(l.epfd)
}

type wakeHandler struct{ l *loop }

func (w wakeHandler) ready(uint32) { _, _ = unix.Read(w.l.wakefd, w.l.buf[:8]) }

func (l *loop) clock() int64 {
	l.now = int64(time.Since(l.start))
	return l.now
}

// add registers fd for reading and writing, once: the kernel reports readiness
// again after each write that it refused.
func (l *loop) add(fd int, h handler) error {
	for len(l.slots) <= fd {
		l.slots = append(l.slots, slot{})
	}
	s := &l.slots[fd]
	s.h, s.generation = h, s.generation+1
	ev := unix.EpollEvent{
		Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | uint32(unix.EPOLLET&0xffffffff),
		Fd:     int32(fd), Pad: s.generation,
	}
	if err := unix.EpollCtl(l.epfd, unix.EPOLL_CTL_ADD, fd, &ev); err != nil {
		s.h = nil
		return fmt.Errorf("bench: epoll_ctl: %w", err)
	}
	return nil
}

// remove closes fd.
func (l *loop) remove(fd int) {
	l.slots[fd].h = nil
	_ = unix.Close(fd)
}

// at runs fire when the clock reaches due, see [timer].
func (l *loop) at(due int64, fire func(due int64) int64) {
	heap.Push(&l.timers, &timer{due, fire})
}

// after runs fire once.
func (l *loop) after(d time.Duration, fire func()) {
	l.at(l.clock()+int64(d), func(int64) int64 { fire(); return -1 })
}

// errStalled ends a pump in which nothing arrived for too long.
var errStalled = errors.New("bench: nothing arrived any more")

// pump runs the loop until done returns true, which is asked after every
// wake-up. It ends with errStalled when nothing arrived for stall (0: never),
// and with the context's error.
func (l *loop) pump(ctx context.Context, stall time.Duration, done func() bool) error {
	stop := context.AfterFunc(ctx, func() {
		var one [8]byte
		one[0] = 1
		_, _ = unix.Write(l.wakefd, one[:])
	})
	defer stop()
	seen, since := l.activity, l.clock()
	for !done() {
		if err := ctx.Err(); err != nil {
			return err
		}
		l.fireTimers()
		if done() {
			return nil
		}
		if err := l.wait(); err != nil {
			return err
		}
		if l.activity != seen {
			seen, since = l.activity, l.now
		} else if stall > 0 && l.now-since > int64(stall) {
			return errStalled
		}
	}
	return nil
}

func (l *loop) fireTimers() {
	l.clock()
	if l.now >= l.tickAt {
		l.tickAt = l.now + tickEvery
		if l.onTick != nil {
			l.onTick()
		}
	}
	for len(l.timers) > 0 && l.timers[0].due <= l.now {
		t := heap.Pop(&l.timers).(*timer)
		if next := t.fire(t.due); next >= 0 {
			t.due = next
			heap.Push(&l.timers, t)
		}
	}
}

// wait waits for events until the next timer and handles them.
func (l *loop) wait() error {
	next := l.tickAt
	if len(l.timers) > 0 {
		next = min(next, l.timers[0].due)
	}
	n, err := l.epollWait(max(next-l.now, 0))
	l.clock()
	if err != nil {
		return err
	}
	for i := range n {
		ev := &l.events[i]
		s := &l.slots[ev.Fd]
		if s.h != nil && s.generation == ev.Pad {
			s.h.ready(ev.Events)
		}
	}
	return nil
}

// epollWait is epoll_pwait2(2): a timeout in nanoseconds, without which paced
// messages would go out up to a millisecond late.
func (l *loop) epollWait(timeout int64) (int, error) {
	ts := [2]int64{timeout / 1e9, timeout % 1e9} // of 64 bits on every system
	var n uintptr
	var errno unix.Errno
	if timeout == 0 {
		n, _, errno = unix.RawSyscall6(unix.SYS_EPOLL_PWAIT2, uintptr(l.epfd), uintptr(unsafe.Pointer(&l.events[0])),
			uintptr(len(l.events)), uintptr(unsafe.Pointer(&ts)), 0, 0)
	} else {
		n, _, errno = unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(l.epfd), uintptr(unsafe.Pointer(&l.events[0])),
			uintptr(len(l.events)), uintptr(unsafe.Pointer(&ts)), 0, 0)
	}
	switch errno {
	case 0:
		return int(n), nil
	case unix.EINTR:
		return 0, nil
	case unix.ENOSYS: // before Linux 5.11
		k, err := unix.EpollWait(l.epfd, l.events[:], int((timeout+int64(time.Millisecond)-1)/int64(time.Millisecond)))
		if err == unix.EINTR {
			return 0, nil
		}
		return k, err
	}
	return 0, fmt.Errorf("bench: epoll_pwait2: %w", errno)
}
