package gateway

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/netloop"
	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

// patience bounds every wait for something that must happen. Connections have it for
// all of a test, and nothing waits until it is over: it is for machines that stand
// still for seconds.
const patience = 3 * time.Minute

// testGateway is a gateway on free ports of this host.
type testGateway struct {
	*Gateway
	t      *testing.T
	client string // address of the client port
	inner  string
	more   []string // addresses of Options.Listeners
	served chan error
	ends   []func() // called when the gateway is closed
	relay  any      // of the last passOn
	logs   *logtest.Hook
	closes [closeReasons]uint64 // see wantClosed
}

// startGateway serves with opts until the test ends. Nothing is announced
// unless opts say where.
func startGateway(t *testing.T, opts Options) *testGateway {
	t.Helper()
	logger, hook := logtest.NewNullLogger()
	logger.SetLevel(logrus.DebugLevel)
	opts.Logger = logger
	if opts.Listen == "" {
		opts.Listen = "websocket://127.0.0.1:0"
	}
	opts.NoRegister = len(opts.RegisterAddresses) == 0
	g, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	tg := &testGateway{Gateway: g, t: t, served: make(chan error, 1), logs: hook}
	ls := make([]net.Listener, 2+len(opts.Listeners))    // client, inner, more
	config := net.ListenConfig{Control: netloop.Control} // as Gateway.Listen does
	for i := range ls {
		if ls[i], err = config.Listen(t.Context(), "tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
	}
	tg.client, tg.inner = ls[0].Addr().String(), ls[1].Addr().String()
	clients := []net.Listener{ls[0]}
	for _, l := range ls[2:] {
		clients = append(clients, l)
		tg.more = append(tg.more, l.Addr().String())
	}
	go func() { tg.served <- g.ServeAll(ls[1], clients...) }()
	tg.until("the gateway serves", func() bool { return g.ClientAddr() != nil })
	t.Cleanup(func() {
		_ = tg.Close() // another one, after passOn
		for _, end := range tg.ends {
			end()
		}
		select {
		case err := <-tg.served:
			if err != ErrServerClosed {
				t.Errorf("Serve returned %v", err)
			}
		case <-time.After(patience):
			t.Error("Serve does not return")
		}
	})
	return tg
}

// everyWay runs a test with epoll and with goroutines, plain and under TLS.
func everyWay(t *testing.T, f func(t *testing.T, opts Options)) {
	t.Run("epoll", func(t *testing.T) { f(t, Options{}) })
	t.Run("portable", func(t *testing.T) { f(t, Options{portable: true}) })
	t.Run("epoll TLS", func(t *testing.T) { f(t, Options{TLS: serverTLS()}) })
	t.Run("portable TLS", func(t *testing.T) { f(t, Options{TLS: serverTLS(), portable: true}) })
}

// serverTLS is a configuration with a certificate that no authority signed.
var serverTLS = sync.OnceValue(func() *tls.Config {
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

// clientTLSConfig trusts every server.
var clientTLSConfig = &tls.Config{InsecureSkipVerify: true}

// peer is a connection to the inner port.
type peer struct {
	t    *testing.T
	conn net.Conn
	r    *bufio.Reader
}

func (g *testGateway) dialInner() *peer {
	g.t.Helper()
	conn, err := net.Dial("tcp", g.inner)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return &peer{t: g.t, conn: conn, r: bufio.NewReader(conn)}
}

// worker connects as a business worker and returns when the gateway knows it.
func (g *testGateway) worker(key string) *peer {
	g.t.Helper()
	p := g.dialInner()
	p.send(gp.Message{Cmd: gp.CmdWorkerConnect, Flag: gp.FlagBodyIsScalar, Body: fmt.Appendf(nil, `{"worker_key":%q,"secret_key":%q}`, key, g.opts.SecretKey)})
	p.barrier()
	return p
}

func (p *peer) send(ms ...gp.Message) {
	p.t.Helper()
	var b []byte
	for i := range ms {
		b = gp.AppendMessage(b, &ms[i])
	}
	if _, err := p.conn.Write(b); err != nil {
		p.t.Fatal(err)
	}
}

// barrier returns when the gateway has executed all that was sent before.
func (p *peer) barrier() {
	p.t.Helper()
	p.ask(gp.Message{Cmd: gp.CmdIsOnline, Flag: gp.FlagBodyIsScalar})
}

// ask sends a query and returns the reply.
func (p *peer) ask(m gp.Message) string {
	p.t.Helper()
	p.send(m)
	return p.reply()
}

func (p *peer) reply() string {
	p.t.Helper()
	size := int(binary.BigEndian.Uint32(p.read(4)))
	b := p.read(size)
	if size > 0 && (b[0] < ' ' || b[0] > 0x7f) { // serialize() begins with a letter
		p.t.Fatalf("an event comes before the reply: command %v", gp.Command(b[0]))
	}
	return string(b)
}

func (p *peer) read(n int) []byte {
	p.t.Helper()
	b := make([]byte, n)
	if _, err := io.ReadFull(p.r, b); err != nil {
		p.t.Fatalf("reading from the inner port: %v", err)
	}
	return b
}

// event returns the next frame, which must carry cmd.
func (p *peer) event(cmd gp.Command) gp.Message {
	p.t.Helper()
	m := p.next()
	if m.Cmd != cmd {
		p.t.Fatalf("got %v (connection %d, body %q), want %v", m.Cmd, m.ConnectionID, m.Body, cmd)
	}
	return m
}

func (p *peer) next() gp.Message {
	p.t.Helper()
	head := p.read(gp.HeadLen)
	frame := append(head, p.read(int(binary.BigEndian.Uint32(head))-gp.HeadLen)...)
	var m gp.Message
	if _, err := gp.DecodeMessage(frame, &m, 0); err != nil {
		p.t.Fatal(err)
	}
	return m
}

// gone waits for the gateway to close the connection.
func (p *peer) gone() {
	p.t.Helper()
	if rest, err := io.ReadAll(p.r); err != nil && !strings.Contains(err.Error(), "reset") {
		p.t.Fatalf("want the end of the connection, got %v after %q", err, rest)
	}
}

// dialWS connects a websocket client.
func (g *testGateway) dialWS() *websocket.Conn {
	g.t.Helper()
	d := websocket.Dialer{HandshakeTimeout: patience, NetDial: func(string, string) (net.Conn, error) { return g.dial() }}
	ws, _, err := d.Dial("ws://"+g.client+"/", http.Header{})
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { _ = ws.Close() })
	_ = ws.SetReadDeadline(time.Now().Add(patience))
	return ws
}

// dial connects to the client port. Under TLS the handshake is done by the first
// read or write.
func (g *testGateway) dial() (net.Conn, error) {
	conn, err := net.Dial("tcp", g.client)
	if err == nil && g.opts.TLS != nil {
		conn = tls.Client(conn, clientTLSConfig)
	}
	return conn, err
}

// dialRaw connects to the client port.
func (g *testGateway) dialRaw() *peer {
	g.t.Helper()
	conn, err := g.dial()
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return &peer{t: g.t, conn: conn, r: bufio.NewReader(conn)}
}

func wantText(t *testing.T, ws *websocket.Conn, want string) {
	t.Helper()
	kind, p, err := ws.ReadMessage()
	if err != nil || string(p) != want || kind != websocket.TextMessage {
		t.Fatalf("got %q (kind %d, error %v), want %q", p, kind, err, want)
	}
}

func wantRead(t *testing.T, r io.Reader, want string) {
	t.Helper()
	b := make([]byte, len(want))
	if _, err := io.ReadFull(r, b); err != nil || string(b) != want {
		t.Fatalf("got %q (%v), want %q", b, err, want)
	}
}

// shutdown ends the gateway in good order.
func (g *testGateway) shutdown() {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := g.Shutdown(ctx); err != nil {
		g.t.Fatal(err)
	}
}

func withBody(cmd gp.Command, id uint32, body string) gp.Message {
	return gp.Message{Cmd: cmd, ConnectionID: id, Flag: gp.FlagBodyIsScalar, Body: []byte(body)}
}

func withExt(cmd gp.Command, id uint32, ext string) gp.Message {
	return gp.Message{Cmd: cmd, ConnectionID: id, Flag: gp.FlagBodyIsScalar, ExtData: []byte(ext)}
}

func portOf(address string) uint16 { return netip.MustParseAddrPort(address).Port() }

// until returns when cond has become true, of which there is no event.
func (g *testGateway) until(what string, cond func() bool) {
	g.t.Helper()
	testwait.Until(g.t, what, cond)
}

// await returns when an entry with a message has been logged, once for each.
func (g *testGateway) await(message string) {
	g.t.Helper()
	g.until(fmt.Sprintf("%q is logged", message), func() bool {
		return slices.ContainsFunc(g.logs.AllEntries(), func(e *logrus.Entry) bool { return e.Message == message })
	})
	g.logs.Reset()
}
