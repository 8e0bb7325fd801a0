package gateway

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/tlsloop"
	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/handover"
	"github.com/go-gatewayworker/gatewayworker/internal/handovertest"
)

var anyServer = &tls.Config{InsecureSkipVerify: true}

// echo has a worker answer each message with itself, until the connection ends.
func (p *peer) echo() (ended <-chan struct{}) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			m, err := p.tryNext()
			if err != nil {
				return
			}
			if m.Cmd == gp.CmdOnMessage {
				reply := withBody(gp.CmdSendToOne, m.ConnectionID, string(m.Body))
				if _, err := p.conn.Write(gp.AppendMessage(nil, &reply)); err != nil {
					return
				}
			}
		}
	}()
	return done
}

// TestHandoverTLS hands a gateway over ten times while clients talk under TLS, some
// of whom come in between: everything arrives once, and in order.
func TestHandoverTLS(t *testing.T) {
	const clients, messages, times = 12, 150, 10
	opts := Options{Listen: "text://127.0.0.1:0", TLS: serverTLS(), PingInterval: time.Hour}
	g := startGateway(t, opts)
	w := g.worker("w:0")
	ended := w.echo()
	var talk sync.WaitGroup
	come := func() {
		c := g.dialTLS(anyServer, nil)
		size := 10 + 1000*(len(g.ends)%5) // of several records now and then
		talk.Go(func() {
			r := bufio.NewReader(c)
			for i := 0; i < messages; i += 3 {
				for j := range 3 {
					if _, err := fmt.Fprintf(c, "%d %s\n", i+j, strings.Repeat("x", size*(j+1))); err != nil {
						t.Error(err)
						return
					}
				}
				for j := range 3 {
					want := fmt.Sprintf("%d %s\n", i+j, strings.Repeat("x", size*(j+1)))
					if got, err := r.ReadString('\n'); got != want {
						t.Errorf("got %.20q and %d bytes, %v, want %.20q and %d", got, len(got), err, want, len(want))
						return
					}
				}
			}
		})
	}
	for range clients - times {
		come()
	}
	for range times {
		come()
		g.passOn(opts)
	}
	talk.Wait()
	if s := g.Stats(); s.Clients != clients || s.ClientConnects != clients {
		t.Errorf("%d clients, %d have come", s.Clients, s.ClientConnects)
	}
	_ = w.conn.Close()
	<-ended
}

// TestHandoverTLSHalfway hands a gateway over three times in the middle of what can
// be half done under TLS: a handshake that has not begun, one that has, a record,
// records that the client does not read, and the end of a connection.
func TestHandoverTLSHalfway(t *testing.T) {
	opts := Options{Listen: "text://127.0.0.1:0", TLS: serverTLS(), HandshakeTimeout: time.Hour, PingInterval: time.Hour}
	g := startGateway(t, opts)
	w := g.worker("w:0")
	come := func(conn net.Conn) *tls.Conn {
		c := g.overTLS(conn, anyServer)
		w.event(gp.CmdOnConnect)
		return c
	}
	plain := func() net.Conn {
		conn, err := net.Dial("tcp", g.client)
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
	silent := come(plain())
	hello := &halves{Conn: plain()}
	shaking := come(hello)
	shaken := make(chan error, 1)
	hello.hold()
	go func() { shaken <- shaking.Handshake() }()
	<-hello.held
	cut := &halves{Conn: plain()}
	talker := come(cut)
	if err := talker.Handshake(); err != nil {
		t.Fatal(err)
	}
	deaf := come(g.dialNarrow())
	if err := deaf.Handshake(); err != nil {
		t.Fatal(err)
	}
	_, _ = fmt.Fprintln(deaf, "here")
	w.event(gp.CmdOnMessage)
	const pieces = 60
	for i := range pieces {
		w.send(withBody(gp.CmdSendToOne, 4, fmt.Sprintf("%05d", i)+strings.Repeat("x", 15_000)))
	}
	w.barrier()
	dropped := g.Stats().DroppedToClients

	for i := range 3 {
		cut.hold()
		wrote := make(chan error, 1)
		go func() {
			_, err := fmt.Fprintf(talker, "round %d\n", i)
			wrote <- err
		}()
		<-cut.held
		g.passOn(opts)
		cut.release()
		if err := <-wrote; err != nil {
			t.Fatal(err)
		}
		if m := w.event(gp.CmdOnMessage); string(m.Body) != fmt.Sprint("round ", i) || m.ConnectionID != 3 {
			t.Fatalf("got %q of client %d", m.Body, m.ConnectionID)
		}
		w.send(withBody(gp.CmdSendToOne, 3, fmt.Sprint("answer ", i)))
		wantRead(t, talker, fmt.Sprintf("answer %d\n", i))
	}
	hello.release()
	if err := <-shaken; err != nil {
		t.Fatal(err)
	}
	for i, c := range []*tls.Conn{silent, shaking} {
		_, _ = fmt.Fprintln(c, "at last")
		if m := w.event(gp.CmdOnMessage); string(m.Body) != "at last" || m.ConnectionID != uint32(i+1) {
			t.Errorf("got %q of client %d", m.Body, m.ConnectionID)
		}
	}
	r := bufio.NewReader(deaf)
	for i := range pieces - int(dropped) {
		line, err := r.ReadString('\n')
		if len(line) != 15_006 || line[:5] != fmt.Sprintf("%05d", i) {
			t.Fatalf("message %d: %.5q of %d bytes, %v", i, line, len(line), err)
		}
	}

	// Both ends of a connection.
	_, _ = fmt.Fprintln(silent, "last words")
	_ = silent.Close()
	if m := w.event(gp.CmdOnMessage); string(m.Body) != "last words" {
		t.Errorf("got %q", m.Body)
	}
	if m := w.event(gp.CmdOnClose); m.ConnectionID != 1 {
		t.Errorf("client %d is closed", m.ConnectionID)
	}
	w.send(withBody(gp.CmdKick, 3, "goodbye"))
	if got, err := io.ReadAll(talker); string(got) != "goodbye\n" || err != nil {
		t.Errorf("who is kicked reads %q, %v", got, err)
	}
	w.event(gp.CmdOnClose)
	_ = deaf.NetConn().(*net.TCPConn).SetLinger(0)
	_ = deaf.NetConn().Close() // a reset
	if m := w.event(gp.CmdOnClose); m.ConnectionID != 4 {
		t.Errorf("client %d is closed", m.ConnectionID)
	}
	if s := g.Stats(); s.Clients != 1 {
		t.Errorf("%d clients", s.Clients)
	}
}

// halves is a connection whose writes stop in the middle.
type halves struct {
	net.Conn
	held, released chan struct{}
}

func (c *halves) hold() { c.held, c.released = make(chan struct{}), make(chan struct{}) }

func (c *halves) release() { close(c.released) }

func (c *halves) Write(p []byte) (int, error) {
	if c.held == nil {
		return c.Conn.Write(p)
	}
	n, err := c.Conn.Write(p[:len(p)/2])
	if err != nil {
		return n, err
	}
	close(c.held)
	<-c.released
	c.held = nil
	m, err := c.Conn.Write(p[n:])
	return n + m, err
}

// TestHandoverTLSFails: after a failure clients under TLS are served as before.
func TestHandoverTLSFails(t *testing.T) {
	opts := Options{Listen: "text://127.0.0.1:0", TLS: serverTLS()}
	g := startGateway(t, opts)
	w := g.worker("w:0")
	ended := w.echo()
	c := g.dialTLS(anyServer, nil)
	for i := range 3 {
		if err := g.tryPassOn(opts, func(*handover.Taker) error { return errors.New("the end") }); err == nil {
			t.Fatal("the gateway was handed over")
		}
		_, _ = fmt.Fprintf(c, "%d\n", i)
		wantRead(t, c, fmt.Sprintf("%d\n", i))
	}
	_ = w.conn.Close()
	<-ended
}

// TestEverythingOfTLSPasses is TestEverythingPasses for what a client under TLS
// has more; it stays in the relay.
func TestEverythingOfTLSPasses(t *testing.T) {
	handovertest.Fields(t, map[reflect.Type]string{
		reflect.TypeFor[tlsTransport](): "socket conn",
		reflect.TypeFor[tlsloop.Conn](): "owner socket conn wire open closed draining sealed wake",
	})
}
