package gateway

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// TestKeepAlive: connections of both ports have Workerman's keepalive.
func TestKeepAlive(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.Listen = "text://127.0.0.1:0"
		g := startGateway(t, opts)
		w := g.worker("w:0")
		g.dialRaw()
		w.event(gp.CmdOnConnect)
		c := g.allClients()[0]
		if !keepsAlive(t, clientFD(t, c)) {
			t.Error("the client has no keepalive")
		}

		g.hub.Mu.Lock()
		ic := g.workers.live[0].worker()
		g.hub.Mu.Unlock()
		fd := ic.sock.Sysfd()
		if opts.portable {
			fd = connFD(t, ic.stream)
		}
		if !keepsAlive(t, fd) {
			t.Error("the inner connection has no keepalive")
		}
	})
}

func keepsAlive(t *testing.T, fd int) bool {
	t.Helper()
	got := [4]int{}
	for i, o := range [4][2]int{
		{unix.SOL_SOCKET, unix.SO_KEEPALIVE}, {unix.IPPROTO_TCP, unix.TCP_KEEPIDLE}, {unix.IPPROTO_TCP, unix.TCP_KEEPINTVL},
		{unix.IPPROTO_TCP, unix.TCP_KEEPCNT},
	} {
		var err error
		if got[i], err = unix.GetsockoptInt(fd, o[0], o[1]); err != nil {
			t.Fatal(err)
		}
	}
	return got == [4]int{1, 55, 55, 1}
}

func clientFD(t *testing.T, c *client) int {
	if s, ok := c.transport.(*streamTransport); ok {
		return connFD(t, s.conn)
	}
	return socketOf(c).fd.Sysfd()
}

// connFD is the descriptor of a connection that stays open meanwhile.
func connFD(t *testing.T, c net.Conn) (n int) {
	t.Helper()
	if over, ok := c.(interface{ NetConn() net.Conn }); ok {
		c = over.NetConn()
	}
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	_ = raw.Control(func(fd uintptr) { n = int(fd) })
	return n
}
