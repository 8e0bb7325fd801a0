//go:build unix

package workerman

import (
	"os"
	"syscall"
)

// lock locks a file against other processes, as PHP's LOCK_EX does.
func lock(f *os.File) (unlock func(), err error) {
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return nil, err
	}
	return func() { _ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }, nil
}
