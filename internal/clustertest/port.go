package clustertest

import (
	"math/rand/v2"
	"net"
	"strconv"
)

// ReservePort returns a port of five digits below the range that outgoing
// connections use, until release is called. No other caller has the same one,
// nor has another run of tests at the same time: the UDP port of the same number
// stays taken.
func ReservePort() (port int, release func()) {
	for {
		port := 11000 + rand.IntN(20000)
		mark, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
		if err != nil {
			continue
		}
		l, err := net.Listen("tcp", net.JoinHostPort("0.0.0.0", strconv.Itoa(port)))
		if err != nil {
			mark.Close()
			continue
		}
		l.Close()
		return port, func() { mark.Close() }
	}
}
