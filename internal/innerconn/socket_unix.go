//go:build unix

package innerconn

import (
	"net"
	"syscall"

	"github.com/go-gatewayworker/gatewayworker/internal/rawio"
)

// rawConn returns nil when conn is no socket. What merely has one inside, and
// may have reads and writes of its own, is none.
func rawConn(conn net.Conn) syscall.RawConn {
	var raw syscall.RawConn
	var err error
	switch conn := conn.(type) {
	case *net.TCPConn:
		raw, err = conn.SyscallConn()
	case *net.UnixConn:
		raw, err = conn.SyscallConn()
	}
	if err != nil {
		return nil
	}
	return raw
}

// nonblockingWriter returns a function that writes as much of b as the socket
// takes at once. It must not be called concurrently. It is nil when conn is no
// socket.
func nonblockingWriter(conn net.Conn) func(b []byte) (int, error) {
	raw := rawConn(conn)
	if raw == nil {
		return nil
	}
	return socketCall(raw.Write, rawio.Write, false)
}

// socketReader returns a function that reads what is there, and waits while
// nothing is. It must not be called concurrently. It is nil when conn is no
// socket.
func socketReader(conn net.Conn) func(b []byte) (int, error) {
	raw := rawConn(conn)
	if raw == nil {
		return nil
	}
	return socketCall(raw.Read, rawio.Read, true)
}

// socketCall returns a function that makes a system call on a socket, through its
// RawConn's Read or Write. With wait it does not return before the socket is
// ready; without, it has done nothing then.
func socketCall(through func(func(fd uintptr) bool) error, call func(fd int, b []byte) (int, syscall.Errno), wait bool) func(b []byte) (int, error) {
	var (
		buf   []byte
		n     int
		errno syscall.Errno
	)
	try := func(fd uintptr) bool { // kept: a closure per call would be an allocation
		n, errno = call(int(fd), buf)
		return !wait || errno != syscall.EAGAIN
	}
	return func(b []byte) (int, error) {
		n, errno, buf = 0, 0, b
		err := through(try)
		buf = nil
		if err == nil && errno != 0 && errno != syscall.EAGAIN {
			err = errno
		}
		return n, err
	}
}
