//go:build unix

package main

import (
	"net"
	"syscall"
)

// listenPrivate opens a socket that nobody but this user can connect to, from its
// first moment on: who reaches it could have any program run.
func listenPrivate(path string) (net.Listener, error) {
	before := syscall.Umask(0o177)
	defer syscall.Umask(before)
	return net.Listen("unix", path)
}
