//go:build unix

package startfile

import (
	"os/exec"
	"syscall"
)

// ownGroup makes the end of the time limit reach what PHP has started, too.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
