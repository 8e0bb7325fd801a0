//go:build unix

package workerman

import (
	"fmt"
	"net"
	"os"
	"syscall"
)

// maxFiles is the number of descriptors that are looked at: a master has few files
// open. A daemon of PHP's has closed its stderr, so that the socket may have any
// number.
const maxFiles = 4096

// Listen returns the socket that listens at a TCP port and that the process got
// from the master, who opened it when it was root and keeps it open: while the
// program is started again, clients wait in its queue.
func (m *Master) Listen(port uint16) (net.Listener, error) {
	for fd := range maxFiles {
		if !listensAt(fd, port) {
			continue
		}
		syscall.CloseOnExec(fd)
		f := os.NewFile(uintptr(fd), "listener")
		l, err := net.FileListener(f) // a copy of f
		_ = f.Close()
		return l, err
	}
	return nil, fmt.Errorf("the master of Workerman has handed over no socket that listens at port %d", port)
}

func listensAt(fd int, port uint16) bool {
	if n, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_ACCEPTCONN); err != nil || n == 0 {
		return false
	}
	switch sa, _ := syscall.Getsockname(fd); sa := sa.(type) {
	case *syscall.SockaddrInet4:
		return sa.Port == int(port)
	case *syscall.SockaddrInet6:
		return sa.Port == int(port)
	}
	return false
}
