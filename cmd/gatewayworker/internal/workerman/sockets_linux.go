package workerman

import (
	"net/netip"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Socket is a TCP connection of the process as the kernel sees it.
type Socket struct {
	Local, Remote netip.AddrPort
	Unread        int    // bytes that have arrived and were not read
	Read, Written uint64 // bytes
}

// Sockets returns the established TCP connections of the process. It asks the
// kernel, which counts for every connection already; a connection that closes
// meanwhile may be missing.
func Sockets() ([]Socket, error) {
	dir, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return nil, err
	}
	var all []Socket
	for _, entry := range dir {
		if fd, err := strconv.Atoi(entry.Name()); err == nil {
			if s, ok := socket(fd); ok {
				all = append(all, s)
			}
		}
	}
	return all, nil
}

func socket(fd int) (s Socket, ok bool) {
	info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil || info.State != unix.BPF_TCP_ESTABLISHED {
		return s, false
	}
	local, err := unix.Getsockname(fd)
	if err != nil {
		return s, false
	}
	remote, err := unix.Getpeername(fd)
	if err != nil {
		return s, false
	}
	s.Local, s.Remote = addrPort(local), addrPort(remote)
	s.Read, s.Written = info.Bytes_received, info.Bytes_acked
	if s.Written > 0 && info.Bytes_sent < s.Written {
		s.Written = info.Bytes_sent // the SYN counts as a byte that was acknowledged
	}
	s.Unread, _ = unix.IoctlGetInt(fd, unix.TIOCINQ)
	return s, s.Remote.IsValid()
}

func addrPort(sa unix.Sockaddr) netip.AddrPort {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr), uint16(sa.Port))
	}
	return netip.AddrPort{}
}
