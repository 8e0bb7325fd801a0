//go:build linux && race

package rawio

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestRaceIsSeen: the race detector sees a buffer that is used again while it is
// written or read into. Each case is a process of its own, which must end with
// the detector's report.
func TestRaceIsSeen(t *testing.T) {
	const which = "RAWIO_RACE"
	calls := map[string]func(in, out int, p []byte){
		"Read":  func(in, _ int, p []byte) { Read(in, p) },
		"Write": func(_, out int, p []byte) { Write(out, p) },
		"Writev": func(_, out int, p []byte) {
			vec := []unix.Iovec{{Base: &p[0]}}
			vec[0].SetLen(len(p))
			Writev(out, vec)
		},
	}
	if call := calls[os.Getenv(which)]; call != nil {
		fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		Write(fds[0], []byte("hello"))
		p := make([]byte, 5)
		done := make(chan struct{})
		go func() {
			call(fds[1], fds[0], p)
			close(done)
		}()
		p[0] = 'x'
		<-done
		return
	}
	for name := range calls {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestRaceIsSeen$")
			cmd.Env = append(os.Environ(), which+"="+name)
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "DATA RACE") {
				t.Errorf("no race is reported: %v\n%s", err, out)
			}
		})
	}
}
