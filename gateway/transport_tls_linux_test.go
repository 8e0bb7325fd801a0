package gateway

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

// dialTLS connects with a configuration of the test's own, over what wrap makes
// of the connection. The handshake is done by the first read or write.
func (g *testGateway) dialTLS(cfg *tls.Config, wrap func(net.Conn) net.Conn) *tls.Conn {
	g.t.Helper()
	conn, err := net.Dial("tcp", g.client)
	if err != nil {
		g.t.Fatal(err)
	}
	if wrap != nil {
		conn = wrap(conn)
	}
	return g.overTLS(conn, cfg)
}

func (g *testGateway) overTLS(conn net.Conn, cfg *tls.Config) *tls.Conn {
	_ = conn.SetDeadline(time.Now().Add(patience))
	g.t.Cleanup(func() { _ = conn.Close() })
	return tls.Client(conn, cfg)
}

// dialNarrow connects with a small receive buffer.
func (g *testGateway) dialNarrow() net.Conn {
	g.t.Helper()
	d := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) (err error) {
		_ = raw.Control(func(fd uintptr) {
			err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 4096)
		})
		return err
	}}
	conn, err := d.Dial("tcp", g.client)
	if err != nil {
		g.t.Fatal(err)
	}
	return conn
}

// bytewise writes each byte by itself.
type bytewise struct{ net.Conn }

func (c bytewise) Write(p []byte) (int, error) {
	for i := range p {
		if _, err := c.Conn.Write(p[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(p), nil
}

// TestTLSVersions has clients of both versions talk, in segments of one byte too.
func TestTLSVersions(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for name, wrap := range map[string]func(net.Conn) net.Conn{
			"whole":    nil,
			"bytewise": func(c net.Conn) net.Conn { return bytewise{c} },
		} {
			t.Run(tls.VersionName(version)+" "+name, func(t *testing.T) {
				g := startGateway(t, Options{Listen: "text://127.0.0.1:0", TLS: serverTLS()})
				w := g.worker("w:0")
				c := g.dialTLS(&tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version}, wrap)
				w.event(gp.CmdOnConnect)
				w.send(withBody(gp.CmdSendToOne, 1, "early"))
				wantRead(t, c, "early\n")
				for i := range 3 {
					fmt.Fprintf(c, "message %d\n", i)
					if m := w.event(gp.CmdOnMessage); string(m.Body) != fmt.Sprint("message ", i) {
						t.Errorf("got %q", m.Body)
					}
				}
				w.send(withBody(gp.CmdSendToOne, 1, "one"), withBody(gp.CmdSendToOne, 1, "two"))
				wantRead(t, c, "one\ntwo\n")
				if err := c.Close(); err != nil { // close_notify, also bytewise
					t.Error(err)
				}
				w.event(gp.CmdOnClose)
			})
		}
	}
}

// TestTLSLarge sends messages of many records both ways at once.
func TestTLSLarge(t *testing.T) {
	g := startGateway(t, Options{Listen: "frame://127.0.0.1:0", TLS: serverTLS(), SendToClientBufferSize: 16 << 20})
	w := g.worker("w:0")
	c := g.dialTLS(clientTLSConfig, nil)
	w.event(gp.CmdOnConnect)
	var body []byte
	for i := 0; len(body) < 5<<20; i++ {
		body = fmt.Append(body, i, " ")
	}
	frame := g.listeners[0].codec.AppendMessage(nil, body)
	for range 2 {
		if _, err := c.Write(frame); err != nil {
			t.Fatal(err)
		}
		if m := w.event(gp.CmdOnMessage); !bytes.Equal(m.Body, body) {
			t.Fatalf("got %d bytes, want %d", len(m.Body), len(body))
		}
		w.send(withBody(gp.CmdSendToOne, 1, string(body)), withBody(gp.CmdSendToAll, 0, "next"))
		wantRead(t, c, string(frame)+string(g.listeners[0].codec.AppendMessage(nil, []byte("next"))))
	}
}

// TestTLSIdle: clients under TLS have no goroutines when they are idle, nor
// those of which nothing has come yet.
func TestTLSIdle(t *testing.T) {
	g := startGateway(t, Options{Listen: "text://127.0.0.1:0", TLS: serverTLS()})
	w := g.worker("w:0")
	before := runtime.NumGoroutine()
	const clients = 100
	for i := range clients {
		c := g.dialTLS(clientTLSConfig, nil)
		if i%2 == 0 {
			w.event(gp.CmdOnConnect)
			continue // says nothing
		}
		fmt.Fprintln(c, "hello")
		for w.next().Cmd != gp.CmdOnMessage {
		}
		w.send(withBody(gp.CmdSendToOne, uint32(i+1), "welcome"))
		wantRead(t, c, "welcome\n")
	}
	// The last goroutine may still be ending.
	testwait.Until(t, fmt.Sprintf("%d clients take no goroutines", clients), func() bool { return runtime.NumGoroutine() <= before })
}

// TestTLSKick: a kick's message is followed by TLS's proper end.
func TestTLSKick(t *testing.T) {
	g := startGateway(t, Options{Listen: "text://127.0.0.1:0", TLS: serverTLS()})
	w := g.worker("w:0")
	c := g.dialTLS(clientTLSConfig, nil)
	w.event(gp.CmdOnConnect)
	w.send(withBody(gp.CmdSendToOne, 1, "first"), withBody(gp.CmdKick, 1, "bye")) // before the handshake
	if got, err := io.ReadAll(c); err != nil || string(got) != "first\nbye\n" {
		t.Errorf("got %q, %v", got, err)
	}
	w.event(gp.CmdOnClose)
	c = g.dialTLS(clientTLSConfig, nil)
	w.event(gp.CmdOnConnect)
	fmt.Fprintln(c, "hello")
	w.event(gp.CmdOnMessage)
	w.send(gp.Message{Cmd: gp.CmdDestroy, ConnectionID: 2})
	if got, err := io.ReadAll(c); err != nil || len(got) > 0 {
		t.Errorf("a destroyed client got %q, %v", got, err)
	}
	w.event(gp.CmdOnClose)
}

// TestTLSBound: what waits for the handshake is bounded.
func TestTLSBound(t *testing.T) {
	const bound, size = 50000, 1000
	g := startGateway(t, Options{Listen: "text://127.0.0.1:0", TLS: serverTLS(), SendToClientBufferSize: bound})
	w := g.worker("w:0")
	c := g.dialTLS(clientTLSConfig, nil)
	w.event(gp.CmdOnConnect)
	message := strings.Repeat("x", size-1)
	for range 2 * bound / size {
		w.send(withBody(gp.CmdSendToOne, 1, message))
	}
	w.barrier()
	if n := g.traffic.droppedToClients.Load(); n != bound/size {
		t.Errorf("%d messages dropped, want %d", n, bound/size)
	}
	wantRead(t, c, strings.Repeat(message+"\n", bound/size))
	w.send(withBody(gp.CmdSendToOne, 1, "again"))
	wantRead(t, c, "again\n")
}

// tlsOf is the transport of a client under TLS.
func tlsOf(c *client) *tlsTransport { return c.transport.(*tlsTransport) }

// socketOf is the socket of a client on a poller.
func socketOf(c *client) *socket {
	if t, ok := c.transport.(*tlsTransport); ok {
		return &t.socket
	}
	return &c.transport.(*plainTransport).socket
}

// openTLSClient connects a client of the text protocol that has sent a message,
// and returns both its ends.
func openTLSClient(t *testing.T) (*tls.Conn, *client) {
	t.Helper()
	g := startGateway(t, Options{Listen: "text://127.0.0.1:0", TLS: serverTLS()})
	w := g.worker("w:0")
	conn := g.dialTLS(clientTLSConfig, nil)
	fmt.Fprintln(conn, "hello")
	w.event(gp.CmdOnConnect)
	w.event(gp.CmdOnMessage)
	c := g.allClients()[0]
	g.until("the handshake is done", tlsOf(c).conn.Open)
	return conn, c
}

// TestTLSAnswerBetween has crypto/tls be refused an answer of its own (as to a
// KeyUpdate) while a message is queued: it must be out of the inner loop's arena
// when that is used anew.
func TestTLSAnswerBetween(t *testing.T) {
	conn, c := openTLSClient(t)
	b := &batch{inner: true}
	arena := []byte("message\n")
	c.send(b, arena, false, arenaLived)
	c.mu.Lock()
	tlsOwner{tlsOf(c)}.SealedLocked()
	c.mu.Unlock()
	b.flush()
	copy(arena, "garbage")
	wantRead(t, conn, "message\n")
}

// TestTLSAnswerThenMessage goes on from there: the kernel has room again before
// the inner loop flushes, which then has another message.
func TestTLSAnswerThenMessage(t *testing.T) {
	conn, c := openTLSClient(t)
	b := &batch{inner: true}
	c.send(b, []byte("one\n"), false, arenaLived)
	c.mu.Lock()
	tlsOwner{tlsOf(c)}.SealedLocked()
	c.mu.Unlock()
	c.writable(new(batch))
	c.send(b, []byte("two\n"), false, arenaLived)
	b.flush()
	wantRead(t, conn, "one\ntwo\n")
}

// TestTLSBufferGoesBack: after the handshake a client keeps nothing of the buffer
// that it shared with others.
func TestTLSBufferGoesBack(t *testing.T) {
	g := startGateway(t, Options{Listen: "text://127.0.0.1:0", TLS: serverTLS()})
	w := g.worker("w:0")
	conn := g.dialTLS(clientTLSConfig, nil)
	if err := conn.Handshake(); err != nil {
		t.Fatal(err)
	}
	w.event(gp.CmdOnConnect)
	c := g.allClients()[0]
	g.until("the handshake is done", tlsOf(c).conn.Open)
	if tlsOf(c).conn.Left() != nil {
		t.Error("it keeps the buffer")
	}
}
