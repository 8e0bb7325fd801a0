package gateway

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/handover"
	"github.com/go-gatewayworker/gatewayworker/internal/handovertest"
)

// passOn has a new gateway with opts take over what g serves, as another process
// would: the two have nothing in common but sockets. g is the new one then.
func (g *testGateway) passOn(opts Options) {
	g.t.Helper()
	if err := g.tryPassOn(opts, nil); err != nil {
		g.t.Fatal(err)
	}
}

// tryPassOn is passOn with a taker that may do wrong when it has read everything.
func (g *testGateway) tryPassOn(opts Options, wrong func(*handover.Taker) error) error {
	g.t.Helper()
	opts.Logger, opts.NoRegister = g.opts.Logger, len(opts.RegisterAddresses) == 0
	if opts.Listen == "" {
		opts.Listen = g.opts.Listen
	}
	next, err := New(opts)
	if err != nil {
		g.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var still *Standstill
	err = handovertest.Pass(g.t, func() (err error) {
		still, err = g.StandStill(ctx)
		return err
	}, wrong, handovertest.Part{
		Name: "gateway",
		Give: func(to *handover.Giver) error { return still.HandOver(to) },
		Take: next.TakeOver,
	})
	if err != nil {
		if still != nil {
			still.GoOn()
		}
		_ = next.Close()
		return err
	}
	served := make(chan error, 1)
	go func() { served <- next.ServeTakenOver() }()
	still.Leave()
	g.relay = nil
	if relay := still.Relay(); relay != nil {
		g.relay = relay
		g.ends = append(g.ends, func() { // its clients go with the gateway that has them
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			if err := relay.Wait(ctx); err != nil {
				g.t.Errorf("%d clients are still relayed: %v", relay.Clients(), err)
				relay.Close()
			}
		})
	}
	if err := <-g.served; !errors.Is(err, ErrLeft) {
		g.t.Fatalf("Serve returned %v", err)
	}
	g.until("the next gateway serves", func() bool {
		next.mu.Lock()
		defer next.mu.Unlock()
		return next.state == serverServing
	})
	g.Gateway, g.served = next, served
	return nil
}

// TestHandover hands a gateway over, three times, in the middle of everything
// that can be half done.
func TestHandover(t *testing.T) {
	// Nothing that is half done may be late.
	opts := Options{SecretKey: "secret", authTimeout: time.Hour, HandshakeTimeout: time.Hour, PingInterval: time.Hour}
	g := startGateway(t, opts)
	w := g.worker("w:0")

	talker := g.dialWS()
	w.event(gp.CmdOnConnect)
	w.event(gp.CmdOnWebSocketConnect)
	deaf := g.dialWS()
	w.event(gp.CmdOnConnect)
	w.event(gp.CmdOnWebSocketConnect)
	late := g.dialRaw() // its handshake has begun
	_, _ = late.conn.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"))
	w.event(gp.CmdOnConnect)
	halfway := g.dialInner() // a GatewayClient that has said half of its key
	connect := gp.AppendMessage(nil, &gp.Message{Cmd: gp.CmdGatewayClientConnect, Flag: gp.FlagBodyIsScalar, Body: []byte(`{"secret_key":"secret"}`)})
	_, _ = halfway.conn.Write(connect[:40])

	w.send(withExt(gp.CmdBindUID, 1, "bob"), withExt(gp.CmdBindUID, 2, "bob"),
		withExt(gp.CmdJoinGroup, 2, "room"), withExt(gp.CmdJoinGroup, 1, "room"),
		withExt(gp.CmdSetSession, 1, `a:1:{s:1:"k";i:1;}`),
		withBody(gp.CmdSendToOne, 3, "early"))
	// More than the kernel takes for a client that does not read.
	const pieces = 120
	for i := range pieces {
		w.send(withBody(gp.CmdSendToOne, 2, fmt.Sprintf("%05d", i)+strings.Repeat("x", 100_000)))
	}
	w.barrier()
	dropped := g.Stats().DroppedToClients
	before := known(w)

	raw := talker.NetConn()
	frame := func(head byte, text string) []byte { // masked with zeros
		return append([]byte{head, 0x80 | byte(len(text)), 0, 0, 0, 0}, text...)
	}
	for round := range 3 {
		whole := frame(0x80, "three") // the last of three fragments
		_, _ = raw.Write(frame(0x01, "one "))
		_, _ = raw.Write(append(frame(0x00, "two "), whole[:4]...))
		if round == 0 {
			_, _ = halfway.conn.Write(connect[40:50])
		}
		g.passOn(opts)
		_, _ = raw.Write(whole[4:])
		if m := w.event(gp.CmdOnMessage); string(m.Body) != "one two three" || m.ConnectionID != 1 || string(m.ExtData) != `a:1:{s:1:"k";i:1;}` {
			t.Fatalf("got %q of client %d, session %q", m.Body, m.ConnectionID, m.ExtData)
		}
		w.send(withBody(gp.CmdSendToOne, 1, "answer"))
		wantText(t, talker, "answer")
	}
	if after := known(w); after != before {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}

	_, _ = halfway.conn.Write(connect[50:])
	if got := halfway.ask(gp.Message{Cmd: gp.CmdIsOnline, Flag: gp.FlagBodyIsScalar, ConnectionID: 2}); got != "i:1;" {
		t.Errorf("the GatewayClient got %q", got)
	}
	_, _ = late.conn.Write([]byte("Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"))
	w.event(gp.CmdOnWebSocketConnect)
	if line, err := late.r.ReadString('\n'); err != nil || !strings.HasPrefix(line, "HTTP/1.1 101") {
		t.Errorf("the handshake is answered with %q, %v", line, err)
	}
	for line := ""; line != "\r\n"; {
		var err error
		if line, err = late.r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	if got := string(late.read(7)); got != "\x81\x05early" {
		t.Errorf("after the handshake comes %q", got)
	}
	next := 0
	for i := range pieces - int(dropped) { // as many as were not dropped, in order
		_, p, err := deaf.ReadMessage()
		if err != nil || len(p) != 100_005 {
			t.Fatalf("message %d: %.5q of %d bytes, %v", i, p, len(p), err)
		}
		n, err := strconv.Atoi(string(p[:5]))
		if err != nil || n < next { // the kernel may have taken one behind one that was dropped
			t.Fatalf("message %d is %.5q, want %d or a later one", i, p, next)
		}
		next = n + 1
	}
	s := g.Stats()
	if s.Clients != 3 || s.UIDs != 1 || s.Groups != 1 || s.Workers != 1 || s.ClientConnects != 3 || s.DroppedToClients != dropped {
		t.Errorf("%+v", s)
	}
	if c := g.dialWS(); c != nil {
		if m := w.event(gp.CmdOnConnect); m.ConnectionID != 4 {
			t.Errorf("the next client has connection id %d", m.ConnectionID)
		}
	}
}

// known is what a worker can learn of clients, uids and groups, in their order.
func known(w *peer) string {
	return strings.Join([]string{
		w.ask(withExt(gp.CmdGetClientIDByUID, 0, "bob")),
		w.ask(withExt(gp.CmdGetClientSessionsByGroup, 0, "room")),
		w.ask(withExt(gp.CmdGetAllClientSessions, 0, "")),
		w.ask(withExt(gp.CmdGetGroupIDList, 0, "")),
	}, "\n")
}

// TestHandoverOfProxyHeads: a connection may have said half of its PROXY head,
// and what a proxy has said of a client passes with it.
func TestHandoverOfProxyHeads(t *testing.T) {
	opts := Options{
		Listen: "text://127.0.0.1:0", PingInterval: time.Hour,
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, ProxyProtocol: true,
	}
	g := startGateway(t, opts)
	w := g.worker("w:0")
	const head = "PROXY TCP4 192.0.2.7 192.0.2.1 1234 80\r\n"
	whole, half := g.dialRaw(), g.dialRaw()
	_, _ = whole.conn.Write([]byte(head))
	w.event(gp.CmdOnConnect)
	_, _ = half.conn.Write([]byte(head[:20]))
	g.passOn(opts)
	_, _ = half.conn.Write([]byte(head[20:] + "hello\n"))
	for range 2 { // the second event is about the message
		m := w.next()
		if m.ClientIP != 0xc0000207 || m.ClientPort != 1234 || m.ConnectionID != 2 {
			t.Errorf("event %v of client %d, address %x:%d", m.Cmd, m.ConnectionID, m.ClientIP, m.ClientPort)
		}
	}
	_, _ = whole.conn.Write([]byte("hello\n"))
	if m := w.event(gp.CmdOnMessage); m.ClientIP != 0xc0000207 || m.ClientPort != 1234 || m.ConnectionID != 1 {
		t.Errorf("event of client %d, address %x:%d", m.ConnectionID, m.ClientIP, m.ClientPort)
	}
}

// TestHandoverFails: after a failure the gateway serves as if nothing had
// happened.
func TestHandoverFails(t *testing.T) {
	g := startGateway(t, Options{PingInterval: time.Hour})
	w := g.worker("w:0")
	ws := g.dialWS()
	w.event(gp.CmdOnConnect)
	w.event(gp.CmdOnWebSocketConnect)
	echo := func() {
		t.Helper()
		if err := ws.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		w.event(gp.CmdOnMessage)
		w.send(withBody(gp.CmdSendToAll, 0, "world"))
		wantText(t, ws, "world")
	}
	for _, tt := range []struct {
		name  string
		opts  Options
		wrong func(*handover.Taker) error
	}{
		{name: "another inner address", opts: Options{StartPort: 2100}},
		{name: "another lan ip", opts: Options{LanIP: "10.0.0.1"}},
		{name: "another listener", opts: Options{Listen: "text://127.0.0.1:0"}},
		{name: "it ends when it has everything", wrong: func(*handover.Taker) error { return errors.New("the end") }},
		{name: "it refuses when it has everything", wrong: func(tk *handover.Taker) error {
			tk.Refuse("no")
			return errors.New("refused")
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := g.tryPassOn(tt.opts, tt.wrong); err == nil {
				t.Fatal("the gateway was handed over")
			} else {
				t.Log(err)
			}
			echo()
			g.dialWS().Close() // it still accepts
			for _, cmd := range []gp.Command{gp.CmdOnConnect, gp.CmdOnWebSocketConnect, gp.CmdOnClose} {
				w.event(cmd)
			}
			g.dialInner().barrier()
		})
	}
	g.passOn(Options{PingInterval: time.Hour})
	echo()
	for _, opts := range []Options{{TLS: serverTLS(), portable: true}, {portable: true}} {
		other := startGateway(t, opts)
		if _, err := other.StandStill(t.Context()); err == nil {
			t.Error("a gateway that cannot be handed over stands still")
		}
		other.worker("w:0")
	}
}

// TestEverythingPasses: whoever adds a field to what is there for each connection
// has to say how it passes to another process (handover_give_linux.go and
// handover_take_linux.go), or that it need not, and then to name it here.
func TestEverythingPasses(t *testing.T) {
	handovertest.Fields(t, map[reflect.Type]string{
		reflect.TypeFor[rare]():       "remote wait inflation",
		reflect.TypeFor[client]():     "Client gw listener transport peer meter proto unread rare mu flags state why secured silent slot out early",
		reflect.TypeFor[socket]():     "client poller fd",
		reflect.TypeFor[proxyHead]():  "fd to peer since got",
		reflect.TypeFor[workerSlot](): "key conn count bound",
		reflect.TypeFor[innerConn]():  "gw remote remoteIP sock again stream authorized keyTimer batch unread parked later ended since slot key mu state out spare lastBatch dropped lost drained underWay stall",
	})
}

// TestHandoverUnderLoad hands the gateway over again and again while clients
// talk, and workers answer: everything arrives once, and in order.
func TestHandoverUnderLoad(t *testing.T) {
	const clients, messages, times = 20, 100, 10
	g := startGateway(t, Options{PingInterval: 5 * time.Millisecond, PingData: "ping"})
	w := g.worker("w:0")
	go func() { // the worker: an echo
		for {
			m, err := w.tryNext()
			if err != nil {
				return
			}
			if m.Cmd == gp.CmdOnMessage {
				reply := withBody(gp.CmdSendToOne, m.ConnectionID, string(m.Body))
				if _, err := w.conn.Write(gp.AppendMessage(nil, &reply)); err != nil {
					return
				}
			}
		}
	}()
	var talk sync.WaitGroup
	failed := make(chan error, clients)
	for range clients {
		ws := g.dialWS()
		talk.Go(func() {
			failed <- func() error {
				for i := range messages {
					want := fmt.Sprint(i)
					if err := ws.WriteMessage(websocket.TextMessage, []byte(want)); err != nil {
						return err
					}
					for got := "ping"; got != want; {
						_, p, err := ws.ReadMessage()
						if err != nil {
							return err
						}
						if got = string(p); got != "ping" && got != want {
							return fmt.Errorf("got %q, want %q", got, want)
						}
					}
				}
				return nil
			}()
		})
	}
	for range times {
		g.passOn(Options{PingInterval: 5 * time.Millisecond, PingData: "ping"})
		client := g.dialInner()
		client.barrier()
		_ = client.conn.Close()
	}
	talk.Wait()
	for range clients {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	_ = w.conn.Close()
}

// tryNext is next for a peer whose connection may end.
func (p *peer) tryNext() (m gp.Message, err error) {
	head := make([]byte, gp.HeadLen)
	if _, err := io.ReadFull(p.r, head); err != nil {
		return m, err
	}
	frame := make([]byte, binary.BigEndian.Uint32(head))
	copy(frame, head)
	if _, err := io.ReadFull(p.r, frame[gp.HeadLen:]); err != nil {
		return m, err
	}
	_, err = gp.DecodeMessage(frame, &m, 0)
	return m, err
}
