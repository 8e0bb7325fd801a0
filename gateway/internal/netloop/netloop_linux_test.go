package netloop

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

func TestMain(m *testing.M) { os.Exit(testwait.Main(m)) }

// pair returns a non-blocking socket and its peer.
func pair(t *testing.T) (*FD, int) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	fd := new(FD)
	fd.Init(fds[0])
	t.Cleanup(func() {
		fd.Close()
		_ = unix.Close(fds[1])
	})
	return fd, fds[1]
}

func TestReadWrite(t *testing.T) {
	fd, peer := pair(t)
	buf := make([]byte, 16)
	if _, err := fd.Read(buf); err != ErrAgain {
		t.Errorf("reading nothing: %v", err)
	}
	if n, err := fd.Writev([][]byte{[]byte("ab"), nil, []byte("cd")}, new(Iovecs)); n != 4 || err != nil {
		t.Errorf("writev: %d, %v", n, err)
	}
	if n, _ := unix.Read(peer, buf); string(buf[:n]) != "abcd" {
		t.Errorf("got %q", buf[:n])
	}
	big := make([]byte, 16<<20)
	n, err := fd.Write(big)
	if err != ErrAgain || n <= 0 || n >= len(big) {
		t.Errorf("writing more than fits: %d, %v", n, err)
	}
	if n, err := fd.Writev([][]byte{big}, new(Iovecs)); n != 0 || err != ErrAgain {
		t.Errorf("writing to a full socket: %d, %v", n, err)
	}
	_ = unix.Shutdown(peer, unix.SHUT_WR)
	if _, err := fd.Read(buf); err != io.EOF {
		t.Errorf("reading the end: %v", err)
	}
	fd.Close()
	if _, err := fd.Write([]byte("x")); err != ErrClosed {
		t.Errorf("writing after Close: %v", err)
	}
	if fd.Sysfd() != -1 {
		t.Error("the number outlives Close")
	}
}

// TestCloseInUse closes descriptors while others use them: every number is
// closed once, after its last use.
func TestCloseInUse(t *testing.T) {
	for range 300 {
		fd, _ := pair(t)
		number := fd.Sysfd()
		var users sync.WaitGroup
		for range 4 {
			users.Go(func() {
				buf := make([]byte, 8)
				for range 20 {
					if _, err := fd.Read(buf); err == ErrClosed {
						return
					}
				}
			})
		}
		users.Go(fd.Close)
		users.Go(fd.Close)
		users.Wait()
		if fd.Sysfd() != -1 {
			t.Fatalf("descriptor %d is still open", number)
		}
	}
}

func TestPollerOrder(t *testing.T) {
	p, err := NewPoller(8)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	const n = 20
	var fds, peers []int
	for range n {
		fd, peer := pair(t)
		if err := p.Add(fd.Sysfd(), In|Edge); err != nil {
			t.Fatal(err)
		}
		fds, peers = append(fds, fd.Sysfd()), append(peers, peer)
	}
	// Bytes arrive in an order of their own; some of the sockets have been
	// reported and read before.
	buf := make([]byte, 8)
	for round := range 3 {
		var want, got []int
		for i := range n {
			k := (i*7 + round) % n
			_, _ = unix.Write(peers[k], []byte("x"))
			want = append(want, fds[k])
		}
		for len(got) < n {
			events, err := p.Wait(nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				got = append(got, int(e.FD))
				_, _ = unix.Read(int(e.FD), buf)
			}
		}
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("round %d: events came in order %v, bytes in order %v", round, got, want)
			}
		}
	}
}

func TestPollerWakeAndClose(t *testing.T) {
	p, err := NewPoller(8)
	if err != nil {
		t.Fatal(err)
	}
	woken := make(chan error)
	go func() {
		for {
			_, err := p.Wait(nil)
			woken <- err
			if err != nil {
				return
			}
		}
	}()
	for range 3 {
		p.Wake()
		if err := <-woken; err != nil {
			t.Fatal(err)
		}
	}
	_ = p.Close()
	if err := <-woken; !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
}

// TestPollerAfterClose: the numbers of a closed poller's descriptors may belong to
// other files, which no late call must reach.
func TestPollerAfterClose(t *testing.T) {
	p, err := NewPoller(8)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	other, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		t.Fatal(err)
	}
	if other != p.wakefd {
		if err := unix.Dup3(other, p.wakefd, unix.O_CLOEXEC); err != nil {
			t.Fatal(err)
		}
		_ = unix.Close(other)
	}
	defer unix.Close(p.wakefd)
	p.Wake()
	if n, err := unix.Read(p.wakefd, make([]byte, 8)); err != unix.EAGAIN {
		t.Errorf("Wake wrote to another's descriptor: read %d bytes, %v", n, err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if _, err := unix.FcntlInt(uintptr(p.wakefd), unix.F_GETFD, 0); err != nil {
		t.Errorf("Close closed another's descriptor: %v", err)
	}
	if err := p.Add(p.wakefd, In); !errors.Is(err, ErrClosed) {
		t.Errorf("Add: %v", err)
	}
	if _, _, err := p.Poll(nil); !errors.Is(err, ErrClosed) {
		t.Errorf("Poll: %v", err)
	}
	if _, err := p.Wait(nil); !errors.Is(err, ErrClosed) {
		t.Errorf("Wait: %v", err)
	}
}

// awaitConn waits until a connection can be accepted: the peer's kernel may have it
// sooner than the listener's.
func awaitConn(t *testing.T, l *Listener) {
	t.Helper()
	testwait.Until(t, "a connection can be accepted", func() bool {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(l.Sysfd()), Events: unix.POLLIN}}, 0)
		return n == 1 && err == nil
	})
}

func TestAccept(t *testing.T) {
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	l, err := NewListener(tcp.(*net.TCPListener))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, _, err := l.Accept(); err != ErrAgain {
		t.Errorf("accepting without a client: %v", err)
	}
	conn, err := net.Dial("tcp", tcp.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	awaitConn(t, l)
	fd, remote, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if remote.String() != conn.LocalAddr().String() {
		t.Errorf("the peer is %v, want %v", remote, conn.LocalAddr())
	}
}

// TestAcceptOutOfFiles: with no descriptor left, a connection is refused at
// once and the listener goes on afterwards.
func TestAcceptOutOfFiles(t *testing.T) {
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	l, err := NewListener(tcp.(*net.TCPListener))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	refused, err := net.Dial("tcp", tcp.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer refused.Close()
	_ = refused.SetDeadline(time.Now().Add(2 * time.Minute))
	awaitConn(t, l)
	probe, err := unix.Dup(0)
	if err != nil {
		t.Fatal(err)
	}
	_ = unix.Close(probe)
	var was unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	low := unix.Rlimit{Cur: uint64(probe), Max: was.Max}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &low); err != nil {
		t.Fatal(err)
	}
	// When another goroutine was quicker to take the spare descriptor's number, the
	// connection stays where it is: refusing it would be said for ever.
	spare := l.spare
	l.spare = -1
	_, _, withoutErr := l.Accept()
	l.spare = spare
	_, _, acceptErr := l.Accept()
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(withoutErr, unix.EMFILE) {
		t.Errorf("got %v without a spare descriptor, want EMFILE", withoutErr)
	}
	if !errors.Is(acceptErr, ErrRefused) {
		t.Fatalf("got %v, want ErrRefused", acceptErr)
	}
	if _, err := refused.Read(make([]byte, 1)); err == nil {
		t.Error("the refused connection is open")
	}
	conn, err := net.Dial("tcp", tcp.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	awaitConn(t, l)
	fd, _, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = unix.Close(fd)
}

func TestTable(t *testing.T) {
	var table Table[int]
	a, b := new(int), new(int)
	if table.Load(5) != nil || table.Load(-1) != nil {
		t.Error("an empty table has something")
	}
	table.Store(5, a)
	table.Store(5000, b)
	if table.Load(5) != a || table.Load(5000) != b {
		t.Error("lost")
	}
	table.Clear(5, b) // not what stands there
	if table.Load(5) != a {
		t.Error("cleared though another stands there")
	}
	table.Clear(5, a)
	if table.Load(5) != nil {
		t.Error("not cleared")
	}
}

func TestDiscard(t *testing.T) {
	fd, peer := pair(t)
	_, _ = unix.Write(peer, bytes.Repeat([]byte("x"), 10000))
	fd.Discard()
	if _, err := fd.Read(make([]byte, 1)); err != ErrAgain {
		t.Errorf("something is left: %v", err)
	}
}
