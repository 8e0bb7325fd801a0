//go:build unix && (!linux || race)

package rawio

import (
	"errors"
	"syscall"
)

// Read reads at most len(p) bytes from a socket. At the end it returns 0 and no
// error, with nothing there yet syscall.EAGAIN.
func Read(fd int, p []byte) (int, syscall.Errno) { return repeat(syscall.Read, fd, p) }

// Write writes as much of p as the kernel takes, and returns how much that is;
// syscall.EAGAIN if it takes nothing.
func Write(fd int, p []byte) (int, syscall.Errno) { return repeat(syscall.Write, fd, p) }

func repeat(call func(fd int, p []byte) (int, error), fd int, p []byte) (int, syscall.Errno) {
	for {
		n, err := call(fd, p)
		if err == nil {
			return n, 0
		}
		if errno := number(err); errno != syscall.EINTR {
			return 0, errno
		}
	}
}

// number returns the error number that a system call's error is.
func number(err error) syscall.Errno {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return syscall.EIO
	}
	return errno
}
