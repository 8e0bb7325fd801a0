package holder

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/go-gatewayworker/gatewayworker/internal/handover"
)

// Link is what a successor has of the holder: one end of its socket.
type Link struct {
	holder int // pid
	fd     int
	conn   *handover.Conn // of a copy of fd
	closed atomic.Bool
}

// NewLink makes a Link of the descriptor that came from the process before, and
// the pid that came with it. It owns the descriptor.
func NewLink(fd, holder int) (*Link, error) {
	second, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		_ = unix.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	c, err := handover.UnixConn(os.NewFile(uintptr(second), "holder's link"))
	if err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return &Link{holder: holder, fd: fd, conn: handover.NewConn(c)}, nil
}

// Holder is the holder's pid, which to everybody else is the program's.
func (l *Link) Holder() int { return l.holder }

// Sysfd is the socket, to be passed to the next successor.
func (l *Link) Sysfd() int { return l.fd }

// Watch calls signal for each signal that the holder passes on, until Close, and
// gone when the holder has ended.
func (l *Link) Watch(signal func(os.Signal), gone func()) {
	buf := make([]byte, maxMessage)
	for {
		n, err := l.conn.Read(buf)
		if err != nil {
			if !l.closed.Load() {
				gone()
			}
			return
		}
		kind, value, _ := strings.Cut(string(buf[:n]), " ")
		if number, err := strconv.Atoi(value); err == nil && kind == messageSignal {
			signal(syscall.Signal(number))
		}
	}
}

// Hold has Watch take no more signals: they wait for who goes on, this process
// after Release or its successor.
func (l *Link) Hold(ctx context.Context) error { return l.conn.Hold(ctx) }

// Release ends Hold.
func (l *Link) Release() { l.conn.Release() }

// Serving tells the holder which process serves from now on.
func (l *Link) Serving(pid int) { l.say(messageServing, strconv.Itoa(pid)) }

// Notify has the holder tell systemd a state.
func (l *Link) Notify(state string) { l.say(messageNotify, state) }

// say sends a message past Hold, which is about what comes. Nothing can be done
// about an error: a holder that has ended ends Watch.
func (l *Link) say(kind, value string) {
	_ = unix.Sendto(l.fd, fmt.Appendf(nil, "%s %s", kind, value), unix.MSG_NOSIGNAL, nil)
}

// Close gives the Link back: another process has it, and serves.
func (l *Link) Close() {
	l.closed.Store(true)
	l.conn.Leave()
	_ = unix.Close(l.fd)
}
