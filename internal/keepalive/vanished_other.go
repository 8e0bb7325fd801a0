//go:build !linux

package keepalive

import "net"

// Flights returns nil: this system does not tell.
func Flights(net.Conn) func() (Flight, error) { return nil }
