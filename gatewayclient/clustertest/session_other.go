//go:build !unix

package clustertest

import "os/exec"

func ownSession(*exec.Cmd) {}

// killSession kills cmd alone: Workerman has one process without fork.
func killSession(cmd *exec.Cmd) { _ = cmd.Process.Kill() }
