// Package sdnotify tells systemd how its service is (sd_notify(3)): ready,
// reloading, stopping, alive. Without systemd it does nothing.
package sdnotify

import (
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

// States of a service.
const (
	Ready    = "READY=1"
	Stopping = "STOPPING=1"
	Alive    = "WATCHDOG=1"
	// Reloading is followed by Ready when the reload is over.
	Reloading = "RELOADING=1"
)

// patience is for a systemd whose socket is full. It has to outlast a machine that
// stands still between the deadline's setting and the write, which would not be
// tried at all: a service whose READY=1 is lost is killed.
const patience = 5 * time.Second

// relay is set by Via.
var relay atomic.Pointer[relayed]

type relayed struct {
	send func(state string)
	main int
}

// Via has states go through another process, whose pid systemd knows as the
// service's: it listens to no other one by default.
func Via(send func(state string), main int) { relay.Store(&relayed{send, main}) }

// Send tells systemd a state. Nothing can be done about an error: a service that
// systemd does not hear of is treated as its unit says.
func Send(state string) {
	switch r := relay.Load(); {
	case os.Getenv("NOTIFY_SOCKET") == "":
	case r != nil:
		r.send(state)
	default:
		Relay(state)
	}
}

// Relay tells systemd a state in the name of this process, whose state it may be
// or that of one that uses Via.
func Relay(state string) {
	address := os.Getenv("NOTIFY_SOCKET")
	if address == "" {
		return
	}
	if address[0] == '@' { // abstract
		address = "\x00" + address[1:]
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: address, Net: "unixgram"})
	if err != nil {
		return
	}
	defer conn.Close()
	_ = conn.SetWriteDeadline(time.Now().Add(patience))
	_, _ = conn.Write([]byte(state))
}

// WatchdogInterval is how often systemd has to hear Alive, so that there is room
// for one that is late: half of WatchdogSec=; 0 if it does not wait for any.
func WatchdogInterval() time.Duration {
	main := os.Getpid()
	if r := relay.Load(); r != nil {
		main = r.main
	}
	if pid := os.Getenv("WATCHDOG_PID"); pid != "" && pid != strconv.Itoa(main) {
		return 0
	}
	usec, err := strconv.ParseInt(os.Getenv("WATCHDOG_USEC"), 10, 64)
	if err != nil || usec <= 0 {
		return 0
	}
	return time.Duration(usec) * time.Microsecond / 2
}
