//go:build unix

package clustertest

import (
	"os/exec"
	"syscall"
)

// ownSession makes cmd start in a session of its own, with its children.
func ownSession(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

// killSession kills a cmd of ownSession and its children.
func killSession(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
