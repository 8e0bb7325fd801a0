//go:build linux && !race

package rawio

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Writev is [Write] for pieces that follow each other, at most 1024.
func Writev(fd int, pieces []unix.Iovec) (int, syscall.Errno) {
	for {
		n, _, errno := syscall.RawSyscall(syscall.SYS_WRITEV, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(pieces))), uintptr(len(pieces)))
		if errno != syscall.EINTR {
			return count(n, errno), errno
		}
	}
}
