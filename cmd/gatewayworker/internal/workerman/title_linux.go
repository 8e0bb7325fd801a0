package workerman

import (
	"os"
	"unsafe"
)

// SetTitle makes ps show the title that PHP's process had, in place of the
// command line: monitoring looks for "WorkerMan: worker process". It overwrites
// the kernel's copy of the arguments; what was read from os.Args before must
// have been copied (see OwnArgs).
func SetTitle(title string) {
	area := argumentArea()
	if len(area) < 2 {
		return
	}
	n := copy(area[:len(area)-1], title)
	clear(area[n:])
}

// arguments are os.Args as the system handed them over: they stand in memory one
// behind the other, each with a zero byte at its end.
var arguments = os.Args

// argumentArea is that memory.
func argumentArea() []byte {
	if len(arguments) == 0 || len(arguments[0]) == 0 {
		return nil
	}
	start := unsafe.StringData(arguments[0])
	end := uintptr(unsafe.Pointer(start))
	for _, a := range arguments {
		if len(a) > 0 && uintptr(unsafe.Pointer(unsafe.StringData(a))) != end {
			break
		}
		end += uintptr(len(a)) + 1
	}
	return unsafe.Slice(start, int(end-uintptr(unsafe.Pointer(start))))
}
