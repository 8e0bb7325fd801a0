//go:build race

package rawio

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Writev is [Write] for pieces that follow each other. It writes them one by one:
// the race detector then sees which memory is read.
func Writev(fd int, pieces []unix.Iovec) (int, syscall.Errno) {
	sent := 0
	for _, piece := range pieces {
		p := unsafe.Slice(piece.Base, int(piece.Len))
		if len(p) == 0 {
			continue
		}
		n, errno := Write(fd, p)
		sent += n
		switch {
		case errno != 0 && sent > 0:
			return sent, 0
		case errno != 0:
			return 0, errno
		case n < len(p):
			return sent, 0
		}
	}
	return sent, 0
}
