package netloop

import (
	"net"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// Listener accepts connections as bare descriptors.
type Listener struct {
	fd    int
	spare int // a descriptor to give up when there are no more; see refuse
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
// when there was one but no descriptor for it; the next call goes on.
func (l *Listener) Accept() (int, netip.AddrPort, error) {
	for {
		fd, sa, err := unix.Accept4(l.fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		switch err {
		case nil:
			_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
			return fd, addrPort(sa), nil
		case unix.EAGAIN:
			return -1, netip.AddrPort{}, ErrAgain
		case unix.EINTR, unix.ECONNABORTED:
			continue
		case unix.EMFILE, unix.ENFILE:
			return -1, netip.AddrPort{}, l.refuse()
		default:
			return -1, netip.AddrPort{}, os.NewSyscallError("accept", err)
		}
	}
}

// refuse takes a connection on the spare descriptor and closes it, so that its
// peer learns at once, and the listener does not report it for ever.
func (l *Listener) refuse() error {
	if l.spare >= 0 {
		_ = unix.Close(l.spare)
	}
	fd, _, err := unix.Accept4(l.fd, unix.SOCK_CLOEXEC)
	if err == nil {
		_ = unix.Close(fd)
	}
	l.spare, _ = openSpare()
	if err == unix.EAGAIN {
		return ErrAgain
	}
	return ErrRefused
}

// LocalPort returns the local port of a connected socket, 0 if it is gone.
func LocalPort(fd int) uint16 {
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return 0
	}
	return addrPort(sa).Port()
}

func addrPort(sa unix.Sockaddr) netip.AddrPort {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr).Unmap(), uint16(sa.Port))
	}
	return netip.AddrPort{}
}
