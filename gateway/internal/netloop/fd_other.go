//go:build !linux

package netloop

import (
	"net/netip"
	"syscall"
)

// Control does nothing: each connection is set by itself.
func Control(string, string, syscall.RawConn) error { return nil }

// FD is there for the compiler: nothing makes one on this system.
type FD struct{}

// Iovecs is scratch space for Writev.
type Iovecs struct{}

func (*FD) LocalAddr() netip.AddrPort             { return netip.AddrPort{} }
func (*FD) Read([]byte) (int, error)              { return 0, ErrClosed }
func (*FD) Write([]byte) (int, error)             { return 0, ErrClosed }
func (*FD) Writev([][]byte, *Iovecs) (int, error) { return 0, ErrClosed }
func (*FD) Sysfd() int                            { return -1 }
func (*FD) Broken() bool                          { return true }
func (*FD) Discard()                              {}
func (*FD) Unsent() int                           { return 0 }
func (*FD) Shutdown()                             {}
func (*FD) Close()                                {}
