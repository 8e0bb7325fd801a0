package gateway

import (
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// TestUserTimeout: the clients' sockets have the option, with each value that it
// gets while the gateway serves.
func TestUserTimeout(t *testing.T) {
	for _, portable := range []bool{false, true} {
		opts := Options{Listen: "text://127.0.0.1:0", portable: portable}
		g := startGateway(t, opts)
		w := g.worker("w:0")
		for _, timeout := range []time.Duration{0, 20 * time.Second, time.Nanosecond, 0} {
			opts.UserTimeout = timeout
			if _, err := g.Reload(opts); err != nil {
				t.Fatal(err)
			}
			c := g.dialRaw()
			w.event(gp.CmdOnConnect)
			want := int(timeout / time.Millisecond)
			if timeout > 0 {
				want = max(want, 1)
			}
			if got, err := userTimeoutOf(t, g.allClients()[0]); got != want || err != nil {
				t.Errorf("portable %v, %v: TCP_USER_TIMEOUT is %d, %v", portable, timeout, got, err)
			}
			_ = c.conn.Close()
			w.event(gp.CmdOnClose)
		}
	}
}

func userTimeoutOf(t *testing.T, c *client) (int, error) {
	fd := -1
	switch tr := c.transport.(type) {
	case *plainTransport:
		fd = tr.fd.Sysfd()
	case *streamTransport:
		raw, err := tr.conn.(*net.TCPConn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		_ = raw.Control(func(n uintptr) { fd = int(n) })
	}
	return unix.GetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT)
}
