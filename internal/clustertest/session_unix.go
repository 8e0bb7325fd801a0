//go:build unix

package clustertest

import (
	"os/exec"
	"syscall"
)

// OwnSession makes cmd start in a session of its own, with its children.
func OwnSession(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

// KillSession kills a cmd of OwnSession and its children.
func KillSession(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
