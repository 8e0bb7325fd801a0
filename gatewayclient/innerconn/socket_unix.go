//go:build unix

package innerconn

import (
	"net"
	"syscall"
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
	var (
		buf  []byte
		n    int
		werr error
	)
	try := func(fd uintptr) bool { // kept: a closure per call would be an allocation
		for {
			n, werr = write(fd, buf)
			if werr != syscall.EINTR {
				return true
			}
		}
	}
	return func(b []byte) (int, error) {
		n, werr, buf = 0, nil, b
		err := raw.Write(try)
		buf = nil
		if err == nil {
			err = werr
		}
		if err == syscall.EAGAIN {
			err = nil
		}
		return max(n, 0), err
	}
}

// socketReader returns a function that reads what is there, and waits while
// nothing is. It must not be called concurrently. It is nil when conn is no
// socket.
func socketReader(conn net.Conn) func(b []byte) (int, error) {
	raw := rawConn(conn)
	if raw == nil {
		return nil
	}
	var (
		buf  []byte
		n    int
		rerr error
	)
	try := func(fd uintptr) bool { // kept: a closure per call would be an allocation
		for {
			n, rerr = read(fd, buf)
			if rerr != syscall.EINTR {
				return rerr != syscall.EAGAIN
			}
		}
	}
	return func(b []byte) (int, error) {
		n, rerr, buf = 0, nil, b
		err := raw.Read(try)
		buf = nil
		if err == nil {
			err = rerr
		}
		return max(n, 0), err
	}
}
