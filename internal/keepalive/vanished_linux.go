package keepalive

import (
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// FlightOf returns what the kernel says about a socket.
func FlightOf(fd int) (Flight, error) {
	info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil {
		return Flight{}, err
	}
	return Flight{
		Outstanding: info.Unacked > 0 || info.Notsent_bytes > 0,
		Unacked:     info.Unacked > 0,
		Resent:      int(info.Retransmits),
		Probes:      int(info.Probes),
		LastAck:     time.Duration(info.Last_ack_recv) * time.Millisecond,
	}, nil
}

// Flights returns what looks at a connection; nil for one that is none of TCP, and
// on systems that do not tell.
func Flights(c net.Conn) func() (Flight, error) {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	return func() (f Flight, err error) {
		if raw.Control(func(fd uintptr) { f, err = FlightOf(int(fd)) }) != nil {
			err = errNoFlight
		}
		return f, err
	}
}
