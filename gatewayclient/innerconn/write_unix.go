//go:build unix

package innerconn

import (
	"net"
	"syscall"
)

// nonblockingWriter returns a function that writes as much of b as the socket
// takes at once. It must not be called concurrently. It is nil when conn is no
// socket.
func nonblockingWriter(conn net.Conn) func(b []byte) (int, error) {
	sc, ok := conn.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil
	}
	var (
		buf  []byte
		n    int
		werr error
	)
	write := func(fd uintptr) bool { // kept: a closure per call would be an allocation
		for {
			n, werr = syscall.Write(int(fd), buf)
			if werr != syscall.EINTR {
				return true
			}
		}
	}
	return func(b []byte) (int, error) {
		n, werr, buf = 0, nil, b
		err := raw.Write(write)
		buf = nil
		if err == nil {
			err = werr
		}
		if n < 0 {
			n = 0
		}
		if err == syscall.EAGAIN {
			err = nil
		}
		return n, err
	}
}
