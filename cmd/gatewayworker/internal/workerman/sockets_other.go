//go:build !linux

package workerman

import (
	"errors"
	"net/netip"
)

// Socket is a TCP connection of the process as the kernel sees it.
type Socket struct {
	Local, Remote netip.AddrPort
	Unread        int
	Read, Written uint64
}

// Sockets fails: the kernel of this system is not asked.
func Sockets() ([]Socket, error) { return nil, errors.New("connections are listed on Linux only") }
