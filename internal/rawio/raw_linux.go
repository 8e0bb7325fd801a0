//go:build linux && !race

package rawio

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Read reads at most len(p) bytes from a socket. At the end it returns 0 and no
// error, with nothing there yet syscall.EAGAIN.
func Read(fd int, p []byte) (int, syscall.Errno) {
	for {
		// recvfrom spares what read does for files.
		n, _, errno := syscall.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), 0, 0, 0)
		if errno != syscall.EINTR {
			return count(n, errno), errno
		}
	}
}

// Write writes as much of p as the kernel takes, and returns how much that is;
// syscall.EAGAIN if it takes nothing.
func Write(fd int, p []byte) (int, syscall.Errno) {
	for {
		n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
		if errno != syscall.EINTR {
			return count(n, errno), errno
		}
	}
}

func count(n uintptr, errno syscall.Errno) int {
	if errno != 0 {
		return 0
	}
	return int(n)
}
