package tlsloop

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/netloop"
)

// owner is a Conn with nothing but a socket. It waits for the socket with poll.
type owner struct {
	sync.Mutex
	t      *testing.T
	conn   Conn
	socket netloop.FD
	watch  chan int16 // what WatchOnceLocked asks for
	told   int        // calls of SealedLocked
}

func (o *owner) SealedLocked() { o.told++ }

func (o *owner) WatchOnceLocked(out bool) {
	events := int16(unix.POLLIN)
	if out {
		events |= unix.POLLOUT
	}
	o.watch <- events
}

func (o *owner) RemoteAddr() net.Addr { return &net.TCPAddr{} }

// await waits until the socket is ready.
func (o *owner) await(events int16) {
	o.t.Helper()
	fds := []unix.PollFd{{Fd: int32(o.socket.Sysfd()), Events: events}}
	for {
		n, err := unix.Poll(fds, 120_000)
		switch {
		case err == unix.EINTR:
		case err != nil || n == 0:
			o.t.Errorf("poll: %d, %v", n, err)
			return
		default:
			return
		}
	}
}

// serve tells the Conn of what it watches for, as a poller does.
func (o *owner) serve() {
	for events := range o.watch {
		o.await(events)
		o.Lock()
		o.conn.ReadyLocked()
		o.Unlock()
	}
}

// newPair returns a server's Conn, whose handshake has not begun, and the client's
// end of the socket.
func newPair(t *testing.T) (*owner, net.Conn) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(fds[1]), "client")
	client, err := net.FileConn(file)
	if err != nil {
		t.Fatal(err)
	}
	_ = file.Close()
	_ = client.SetDeadline(time.Now().Add(2 * time.Minute))
	o := &owner{t: t, watch: make(chan int16, 1)}
	o.socket.Init(fds[0])
	o.conn.Init(o, &o.socket, config())
	served := make(chan struct{})
	go func() {
		defer close(served)
		o.serve()
	}()
	t.Cleanup(func() {
		_ = client.Close() // makes the socket ready
		close(o.watch)
		<-served
		o.socket.Close()
	})
	return o, client
}

var config = sync.OnceValue(func() *tls.Config {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
})

// begin starts the handshake and returns how it ends.
func (o *owner) begin() <-chan error {
	o.Lock()
	defer o.Unlock()
	if !o.conn.ReadyLocked() {
		o.t.Error("the handshake is not to be begun")
	}
	done := make(chan error, 1)
	Begin(func() { done <- o.conn.Handshake(make([]byte, 4096)) })
	return done
}

// open does the handshake and returns the client's side.
func (o *owner) open(client net.Conn) *tls.Conn {
	o.t.Helper()
	done := o.begin()
	secure := tls.Client(client, &tls.Config{InsecureSkipVerify: true})
	if err := secure.Handshake(); err != nil {
		o.t.Fatal(err)
	}
	if err := <-done; err != nil {
		o.t.Fatal(err)
	}
	if left := o.conn.Left(); len(left) > 0 {
		o.t.Errorf("%d bytes are left, though the client has said nothing", len(left))
	}
	o.Lock()
	o.conn.OpenLocked()
	o.Unlock()
	return secure
}

// TestConn: a handshake, and a message each way.
func TestConn(t *testing.T) {
	o, client := newPair(t)
	secure := o.open(client)
	if _, err := secure.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	received, plain := make([]byte, 4096), make([]byte, MaxRecord)
	o.await(unix.POLLIN)
	n, err := o.socket.Read(received)
	if err != nil {
		t.Fatal(err)
	}
	o.conn.Hand(received[:n])
	if n, err := o.conn.Read(plain); string(plain[:n]) != "hello" || err != nil {
		t.Errorf("Read = %q, %v", plain[:n], err)
	}
	if n, err := o.conn.Read(plain); n != 0 || !errors.Is(err, ErrLater) {
		t.Errorf("Read = %d, %v when all is used up, want ErrLater", n, err)
	}
	var scratch []byte
	if n, err := o.conn.WritePieces([][]byte{[]byte("an "), []byte("answer")}, &scratch); n != 9 || err != nil {
		t.Errorf("WritePieces = %d, %v", n, err)
	}
	got := make([]byte, 9)
	if _, err := io.ReadFull(secure, got); string(got) != "an answer" || err != nil {
		t.Errorf("the client reads %q, %v", got, err)
	}
	if o.told != 0 {
		t.Errorf("the owner was told %d times of records that wait", o.told)
	}
}

// TestRefused: what the kernel does not take waits, goes out first, and all
// arrives in order.
func TestRefused(t *testing.T) {
	o, client := newPair(t)
	secure := o.open(client)
	message := make([]byte, 4<<20)
	for i := range message {
		message[i] = byte(i >> 8)
	}
	n, err := o.conn.Write(message)
	if !errors.Is(err, netloop.ErrAgain) || n == 0 || n == len(message) {
		t.Fatalf("Write = %d, %v, want a part and ErrAgain", n, err)
	}
	o.Lock()
	if o.conn.SealedLocked() == 0 || o.conn.SealedLocked() > MaxSealed || o.told == 0 {
		t.Errorf("%d bytes wait, the owner was told %d times", o.conn.SealedLocked(), o.told)
	}
	o.Unlock()
	read := make(chan []byte, 1)
	go func() {
		got := make([]byte, len(message))
		_, _ = io.ReadFull(secure, got)
		read <- got
	}()
	for n < len(message) {
		o.await(unix.POLLOUT)
		m, err := o.conn.Write(message[n:])
		if err != nil && !errors.Is(err, netloop.ErrAgain) {
			t.Fatal(err)
		}
		n += m
	}
	for err := netloop.ErrAgain; errors.Is(err, netloop.ErrAgain); {
		o.await(unix.POLLOUT)
		err = o.conn.Drain()
	}
	if !bytes.Equal(<-read, message) {
		t.Error("the client reads something else")
	}
}

// TestCloseEndsHandshake: a handshake whose peer says nothing ends with Close.
func TestCloseEndsHandshake(t *testing.T) {
	o, _ := newPair(t)
	done := o.begin()
	o.conn.Close()
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		t.Errorf("the handshake ends with %v, want net.ErrClosed", err)
	}
	o.Lock()
	defer o.Unlock()
	if o.conn.Open() {
		t.Error("it counts as done")
	}
	if o.conn.ReadyLocked() {
		t.Error("another one is to be begun")
	}
}
