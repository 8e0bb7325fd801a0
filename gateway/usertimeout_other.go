//go:build !linux

package gateway

import (
	"net"
	"time"
)

// setConnUserTimeout does nothing where TCP_USER_TIMEOUT is not known.
func setConnUserTimeout(net.Conn, time.Duration) {}
