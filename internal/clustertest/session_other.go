//go:build !unix

package clustertest

import "os/exec"

// OwnSession does nothing.
func OwnSession(*exec.Cmd) {}

// KillSession kills cmd alone: Workerman has one process without fork.
func KillSession(cmd *exec.Cmd) { _ = cmd.Process.Kill() }
