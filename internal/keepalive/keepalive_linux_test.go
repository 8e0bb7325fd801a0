package keepalive_test

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/go-gatewayworker/gatewayworker/internal/keepalive"
)

func TestSet(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	keepalive.Set(c)
	keepalive.Set(struct{ net.Conn }{}) // stays as it is
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	_ = raw.Control(func(fd uintptr) {
		for option, want := range map[int]int{unix.TCP_KEEPIDLE: 55, unix.TCP_KEEPINTVL: 55, unix.TCP_KEEPCNT: 1} {
			if got, err := unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, option); got != want || err != nil {
				t.Errorf("option %d is %d (%v), want %d", option, got, err, want)
			}
		}
	})
}
