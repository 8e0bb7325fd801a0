package holder

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

// EndAs ends this process as another one has ended: with its exit code, or by the
// signal that ended it. Where that signal cannot end this process, because it is
// pid 1 of a container, it ends with the code that a shell would give.
func EndAs(status syscall.WaitStatus) {
	if status.Signaled() {
		// The other process has left its core already.
		_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
		signal.Reset(status.Signal())
		_ = syscall.Kill(os.Getpid(), status.Signal())
		time.Sleep(time.Second) // for the signal
		os.Exit(128 + int(status.Signal()))
	}
	os.Exit(status.ExitStatus())
}
