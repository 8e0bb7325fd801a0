//go:build unix

package workerman

import (
	"io"
	"net"
	"runtime"
	"syscall"
	"testing"
)

func TestAsks(t *testing.T) {
	for signal, want := range map[syscall.Signal][3]Request{ // Workerman 5, 4, and 5 with a reloadable worker
		syscall.SIGINT:  {Stop, Stop, Stop},
		syscall.SIGTERM: {Stop, Nothing, Stop},
		syscall.SIGHUP:  {Stop, Stop, Stop},
		syscall.SIGTSTP: {Stop, Stop, Stop},
		syscall.SIGQUIT: {StopGracefully, StopGracefully, StopGracefully},
		syscall.SIGUSR1: {Reload, Reload, Stop},
		syscall.SIGUSR2: {Reload, Reload, StopGracefully},
		syscall.SIGABRT: {Status, Status, Status},
		syscall.SIGIO:   {Connections, Connections, Connections},
		syscall.SIGURG:  {Nothing, Nothing, Nothing},
	} {
		got := [3]Request{(&Master{Version: "5.2.2"}).Asks(signal), (&Master{Version: "4.2.1"}).Asks(signal), (&Master{Version: "5.2.2", Reloadable: true}).Asks(signal)}
		if got != want {
			t.Errorf("%v: %v, want %v", signal, got, want)
		}
	}
}

func TestListen(t *testing.T) {
	given, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer given.Close()
	port := given.Addr().(*net.TCPAddr).AddrPort().Port()
	l, err := new(Master).Listen(port)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if l.Addr().String() != given.Addr().String() {
		t.Errorf("address %v, want %v", l.Addr(), given.Addr())
	}
}

func TestListenFindsNothing(t *testing.T) {
	if l, err := new(Master).Listen(1); err == nil {
		t.Errorf("port 1 is at %v", l.Addr())
	}
}

func TestSockets(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("SKIPPED: Linux only")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := c.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(s, make([]byte, 3)); err != nil {
		t.Fatal(err)
	}
	all, err := Sockets()
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, socket := range all {
		if !socket.Remote.IsValid() {
			t.Errorf("a socket without a peer: %+v", socket)
		}
		if socket.Local.String() == s.LocalAddr().String() && socket.Remote.String() == c.LocalAddr().String() {
			found++
			if socket.Read != 5 || socket.Unread != 2 {
				t.Errorf("%+v, want 5 bytes read and 2 unread", socket)
			}
		}
	}
	if found != 1 {
		t.Errorf("found %d times in %+v", found, all)
	}
}
