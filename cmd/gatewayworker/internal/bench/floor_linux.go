package bench

import (
	"fmt"
	"net/netip"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/go-gatewayworker/gatewayworker/internal/rawio"
)

// floor measures what the kernel charges for small writes to many sockets on
// loopback: a bare loop of write(2), with this loop (epoll, read) as the reader;
// then for answering a message and for closing a connection that the other side
// has closed, see floorServer. No server can do these one by one for less.
func (b *bench) floor() error {
	b.phase = "connect"
	fds, clients, err := b.floorSockets()
	defer func() {
		for _, fd := range fds {
			_ = unix.Close(fd)
		}
	}()
	if err != nil {
		return err
	}
	rounds := b.plan.Messages
	for _, f := range []struct {
		name     string
		rounds   int
		perWrite int
		interval time.Duration
	}{
		{"writes of one message, back to back", rounds, 1, 0},
		{"writes of one message, a round every " + b.plan.Interval.String(), max(int(b.plan.Duration/b.plan.Interval), 5), 1, b.plan.Interval},
		{"writes of ten messages, back to back", max(rounds/10, 1), 10, 0},
	} {
		if err := b.floorPhase(f.name, fds, f.rounds, f.perWrite, f.interval); err != nil {
			return err
		}
	}
	few := min(len(fds), floorEchoClients)
	if err := b.floorEcho(fds[:few], clients[:few]); err != nil {
		return err
	}
	fds, err = b.floorClose(fds, clients)
	return err
}

// floorReader is the other end of one connection: it counts what arrives, and
// sends it back where it is asked to.
type floorReader struct {
	conn
	got  *int64
	back func(r *floorReader, p []byte)
}

// floorSockets returns the server's ends of the connections and the loop's.
func (b *bench) floorSockets() (fds []int, clients []*floorReader, err error) {
	listener, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("bench: socket: %w", err)
	}
	defer unix.Close(listener)
	if err := unix.Bind(listener, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return nil, nil, fmt.Errorf("bench: bind: %w", err)
	}
	if err := unix.Listen(listener, 128); err != nil {
		return nil, nil, fmt.Errorf("bench: listen: %w", err)
	}
	sa, err := unix.Getsockname(listener)
	if err != nil {
		return nil, nil, fmt.Errorf("bench: getsockname: %w", err)
	}
	to := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(sa.(*unix.SockaddrInet4).Port))
	for range b.plan.Clients {
		r := &floorReader{got: &b.floorBytes}
		r.opened = func() {}
		r.consume = func(p []byte) (int, error) {
			*r.got += int64(len(p))
			if r.back != nil {
				r.back(r, p)
			}
			return len(p), nil
		}
		if err := r.dial(b.loop, to, netip.Addr{}, r); err != nil {
			return fds, clients, err
		}
		fd, _, err := unix.Accept4(listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if err != nil {
			return fds, clients, fmt.Errorf("bench: accept: %w", err)
		}
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
		fds, clients = append(fds, fd), append(clients, r)
	}
	return fds, clients, nil
}

func (b *bench) floorPhase(name string, fds []int, rounds, perWrite int, interval time.Duration) error {
	type result struct {
		cpu time.Duration
		err error
	}
	m, err := b.begin(name, "message")
	if err != nil {
		return err
	}
	message := make([]byte, b.plan.Size*perWrite)
	want := int64(rounds) * int64(len(fds)) * int64(len(message))
	b.floorBytes = 0
	b.progress = func() (int64, int64) { return b.floorBytes / int64(b.plan.Size), want / int64(b.plan.Size) }
	done := make(chan result, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		var r result
		for range rounds {
			if interval > 0 {
				time.Sleep(interval)
			}
			began := threadClock()
			for _, fd := range fds {
				n, errno := rawio.Write(fd, message)
				for errno == unix.EAGAIN {
					runtime.Gosched()
					n, errno = rawio.Write(fd, message)
				}
				if errno != 0 || n < len(message) {
					r.err = fmt.Errorf("bench: write of %d bytes: %d, %w", len(message), n, errno)
				}
			}
			r.cpu += threadClock() - began
		}
		done <- r
	}()
	err = b.pump(func() bool { return b.floorBytes >= want })
	r := <-done // the sender never waits for long
	if err != nil {
		return err
	}
	if r.err != nil {
		return r.err
	}
	m.count(b.floorBytes/int64(b.plan.Size), want/int64(b.plan.Size))
	if err := m.end(); err != nil {
		return err
	}
	b.divideCPU("sender", r.cpu, "reader")
	return nil
}

// divideCPU divides the last phase's CPU time among one role, which used so
// much, and the other, which used the rest.
func (b *bench) divideCPU(one string, used time.Duration, other string) {
	p := &b.report.Phases[len(b.report.Phases)-1]
	rest := p.CPU[len(p.CPU)-1].Total - used
	p.CPU = p.CPU[:0] // the generator, of which these are the two halves
	for _, u := range []CPUUse{{Role: one, Total: used}, {Role: other, Total: rest}} {
		u.PerUnit = u.Total.Seconds() * 1e6 / float64(p.Received)
		u.Cores = u.Total.Seconds() / p.Duration.Seconds()
		p.CPU = append(p.CPU, u)
	}
}
