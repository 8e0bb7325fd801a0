package gateway

import (
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// userTimeout is TCP_USER_TIMEOUT of a listener's connections. They get it from the
// listener, which is cheaper than setting it on each. After a change those that the
// kernel has made already get it one by one.
type userTimeout struct {
	now   time.Duration
	mixed bool // there may be connections with another one that are not accepted yet
}

// begin is for a listener that nothing is known of: it may come from another process.
func (u *userTimeout) begin(listener int, t time.Duration) {
	u.now, u.mixed = t, true
	setUserTimeout(listener, t)
}

func (u *userTimeout) change(listener int, t time.Duration) {
	if t != u.now {
		u.begin(listener, t)
	}
}

func (u *userTimeout) accepted(fd int) {
	if u.mixed {
		setUserTimeout(fd, u.now)
	}
}

// allAccepted says that those that come now were made by the listener as it is.
func (u *userTimeout) allAccepted() { u.mixed = false }

// setUserTimeout sets TCP_USER_TIMEOUT; without a time the system decides.
func setUserTimeout(fd int, t time.Duration) {
	if t > 0 {
		t = max(t, time.Millisecond)
	}
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(t/time.Millisecond))
}

func setConnUserTimeout(conn net.Conn, t time.Duration) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return
	}
	if raw, err := tcp.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { setUserTimeout(int(fd), t) })
	}
}
