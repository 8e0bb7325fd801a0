package netloop

import (
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/go-gatewayworker/gatewayworker/internal/keepalive"
)

// Listener accepts connections as bare descriptors.
type Listener struct {
	fd    int
	spare int // a descriptor to give up when there are no more; see refuse
}

// Control is for [net.ListenConfig.Control]: what is accepted inherits
// TCP_NODELAY and the keepalive from the socket that listens, which saves the calls
// for each. Clients that connect before NewListener is called have them only so.
func Control(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) { setInherited(int(fd)) })
}

// setInherited sets what connections inherit. (PHP: Worker::listen.)
func setInherited(fd int) {
	const seconds = int(keepalive.Interval / time.Second)
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1)
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, seconds)
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, seconds)
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 1)
}

// NewListener takes over accepting from a TCP listener, which stays open and
// owns the address: close both.
func NewListener(l *net.TCPListener) (*Listener, error) {
	raw, err := l.SyscallConn()
	if err != nil {
		return nil, err
	}
	fd := -1
	var dupErr error
	if err := raw.Control(func(s uintptr) {
		fd, dupErr = unix.FcntlInt(s, unix.F_DUPFD_CLOEXEC, 0)
	}); err != nil {
		return nil, err
	}
	if dupErr != nil {
		return nil, os.NewSyscallError("fcntl", dupErr)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	setInherited(fd)
	spare, err := openSpare()
	if err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return &Listener{fd: fd, spare: spare}, nil
}

func openSpare() (int, error) {
	fd, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	return fd, os.NewSyscallError("open", err)
}

// Sysfd returns the descriptor to watch for In.
func (l *Listener) Sysfd() int { return l.fd }

// Close closes the descriptor.
func (l *Listener) Close() error {
	if l.spare >= 0 {
		_ = unix.Close(l.spare)
	}
	return unix.Close(l.fd)
}

// Accept returns the next connection, non-blocking, with TCP_NODELAY set, and
// the peer's address. It returns ErrAgain when there is none, and ErrRefused
// when there was one but no descriptor for it; the next call takes the next
// connection. After any other error the connection may still be there.
func (l *Listener) Accept() (int, netip.AddrPort, error) {
	for {
		fd, peer, errno := accept4(l.fd)
		switch errno {
		case 0:
			return fd, peer, nil
		case unix.EAGAIN:
			return -1, netip.AddrPort{}, ErrAgain
		case unix.EINTR, unix.ECONNABORTED:
			continue
		case unix.EMFILE, unix.ENFILE:
			return -1, netip.AddrPort{}, l.refuse()
		default:
			return -1, netip.AddrPort{}, os.NewSyscallError("accept", errno)
		}
	}
}

// accept4 is the system call without the questions that x/sys/unix asks about
// the socket to tell protocols apart.
func accept4(listener int) (int, netip.AddrPort, unix.Errno) {
	var raw unix.RawSockaddrAny
	size := uint32(unix.SizeofSockaddrAny)
	fd, _, errno := unix.RawSyscall6(unix.SYS_ACCEPT4, uintptr(listener),
		uintptr(unsafe.Pointer(&raw)), uintptr(unsafe.Pointer(&size)),
		unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
	if errno != 0 {
		return -1, netip.AddrPort{}, errno
	}
	var peer netip.AddrPort
	switch raw.Addr.Family {
	case unix.AF_INET:
		sa := (*unix.RawSockaddrInet4)(unsafe.Pointer(&raw))
		peer = netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), networkOrder(sa.Port))
	case unix.AF_INET6:
		sa := (*unix.RawSockaddrInet6)(unsafe.Pointer(&raw))
		peer = netip.AddrPortFrom(netip.AddrFrom16(sa.Addr).Unmap(), networkOrder(sa.Port))
	}
	return int(fd), peer, 0
}

// networkOrder returns the number that stands in memory big-endian.
func networkOrder(n uint16) uint16 {
	var b [2]byte
	binary.NativeEndian.PutUint16(b[:], n)
	return binary.BigEndian.Uint16(b[:])
}

// refuse takes a connection on the spare descriptor and closes it, so that its
// peer learns at once, and the listener reports it no more.
func (l *Listener) refuse() error {
	if l.spare >= 0 {
		_ = unix.Close(l.spare)
	}
	fd, _, err := unix.Accept4(l.fd, unix.SOCK_CLOEXEC)
	if err == nil {
		_ = unix.Close(fd)
	}
	l.spare, _ = openSpare()
	switch err {
	case nil, unix.ECONNABORTED:
		return ErrRefused
	case unix.EAGAIN:
		return ErrAgain
	}
	return os.NewSyscallError("accept", err)
}
