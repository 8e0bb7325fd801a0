package bench

import (
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/go-gatewayworker/gatewayworker/internal/rawio"
)

// floorServer is the least that a server can do: one thread with epoll and
// plain system calls, without a protocol, a worker or any bookkeeping.
type floorServer struct {
	epfd   int
	events [256]unix.EpollEvent
	buf    [4096]byte
}

// floorEchoClients is how many connections the echo's floor has, as many as the
// echo scenario.
const floorEchoClients = 100

func newFloorServer(fds []int) (*floorServer, error) {
	epfd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("bench: epoll_create1: %w", err)
	}
	for _, fd := range fds {
		ev := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}
		if err := unix.EpollCtl(epfd, unix.EPOLL_CTL_ADD, fd, &ev); err != nil {
			_ = unix.Close(epfd)
			return nil, fmt.Errorf("bench: epoll_ctl: %w", err)
		}
	}
	return &floorServer{epfd: epfd}, nil
}

// serve looks which sockets have something to read, calls handle for each and
// then after, again and again until stop. It returns the CPU time of its thread.
func (s *floorServer) serve(stop <-chan struct{}, handle func(fd int) error, after func() error) (used time.Duration, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer unix.Close(s.epfd)
	began := threadClock()
	defer func() { used = threadClock() - began }()
	for {
		select {
		case <-stop:
			return 0, nil
		default:
		}
		n, err := unix.EpollWait(s.epfd, s.events[:], 10)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return 0, fmt.Errorf("bench: epoll_wait: %w", err)
		}
		for i := range max(n, 0) {
			if err := handle(int(s.events[i].Fd)); err != nil {
				return 0, err
			}
		}
		if err := after(); err != nil {
			return 0, err
		}
	}
}

// floorEcho has one message under way on each connection.
func (b *bench) floorEcho(fds []int, clients []*floorReader) error {
	s, err := newFloorServer(fds)
	if err != nil {
		return err
	}
	var ready []int
	handle := func(fd int) error {
		n, errno := rawio.Read(fd, s.buf[:])
		if errno == unix.EAGAIN {
			return nil
		}
		if errno != 0 || n == 0 {
			return fmt.Errorf("bench: read: %d, %w", n, errno)
		}
		ready = append(ready, fd)
		return nil
	}
	answer := func() error {
		for _, fd := range ready {
			if n, errno := rawio.Write(fd, s.buf[:b.plan.Size]); errno != 0 || n < b.plan.Size {
				return fmt.Errorf("bench: write of %d bytes: %d, %w", b.plan.Size, n, errno)
			}
		}
		ready = ready[:0]
		return nil
	}

	m, err := b.begin(fmt.Sprintf("echo to %d connections, one under way for each", len(fds)), "round trip")
	if err != nil {
		return err
	}
	b.floorBytes = 0
	message := make([]byte, b.plan.Size)
	until, sent := m.began+int64(b.plan.Duration), int64(0)
	send := func(r *floorReader, _ []byte) {
		if b.loop.now < until {
			sent += int64(len(message))
			r.write(message)
		}
	}
	cpu, err := b.floorServed(s, handle, answer, func(<-chan struct{}) error {
		for _, c := range clients {
			c.back = send
			send(c, nil)
		}
		return b.pump(func() bool { return b.loop.now >= until && b.floorBytes >= sent })
	})
	if err != nil {
		return err
	}
	m.count(b.floorBytes/int64(len(message)), sent/int64(len(message)))
	if err := m.end(); err != nil {
		return err
	}
	b.divideCPU("server", cpu, "client")
	return nil
}

// floorClose closes all connections from the loop's side at once; the server
// reads the end of each and closes its own. It returns what is still open.
func (b *bench) floorClose(fds []int, clients []*floorReader) (open []int, err error) {
	s, err := newFloorServer(fds)
	if err != nil {
		return fds, err
	}
	left, all := make(map[int]bool, len(fds)), make(chan struct{})
	for _, fd := range fds {
		left[fd] = true
	}
	handle := func(fd int) error {
		if n, errno := rawio.Read(fd, s.buf[:]); errno != 0 || n != 0 {
			return fmt.Errorf("bench: read at the end: %d, %w", n, errno)
		}
		_ = unix.Close(fd)
		if delete(left, fd); len(left) == 0 {
			close(all)
		}
		return nil
	}
	m, err := b.begin("closing after the other side", "connection")
	if err != nil {
		return fds, err
	}
	cpu, err := b.floorServed(s, handle, func() error { return nil }, func(failed <-chan struct{}) error {
		for _, c := range clients {
			c.close()
		}
		select {
		case <-all:
		case <-failed:
		case <-b.ctx.Done():
		}
		return b.ctx.Err()
	})
	if err != nil {
		return slices.Collect(maps.Keys(left)), err
	}
	m.count(int64(len(fds)), int64(len(fds)))
	if err := m.end(); err != nil {
		return nil, err
	}
	b.divideCPU("server", cpu, "client")
	return nil, nil
}

// floorServed runs the server while load runs and returns the server's CPU time.
// The channel failed is closed when the server fails.
func (b *bench) floorServed(s *floorServer, handle func(int) error, after func() error, load func(failed <-chan struct{}) error) (time.Duration, error) {
	var cpu time.Duration
	var failed error
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		cpu, failed = s.serve(stop, handle, after)
	}()
	err := load(done)
	close(stop)
	<-done
	return cpu, errors.Join(err, failed)
}
