package gateway

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// watched notes whether the client is read.
type watched struct {
	transport
	in bool
}

func (w *watched) watchLocked(_, in bool) { w.in = in }

// TestShare: a client that would take its poller's time for itself gets a quarter
// of it and the burst; another one is not concerned, nor is one that takes less.
func TestShare(t *testing.T) {
	const turn, length = 200 * time.Microsecond, 10 * time.Second
	var h shares
	greedy, modest := new(socket), new(socket)
	of := map[*socket]*watched{greedy: {in: true}, modest: {in: true}}
	took := map[*socket]time.Duration{}
	for s, w := range of {
		s.client.transport = w
	}
	h.timer = time.NewTimer(time.Hour) // the test's clock calls tick
	for i, now := 0, time.Duration(0); now < length; i++ {
		now += turn
		if len(h.of) > 0 && now >= h.next {
			h.tick(now, nil)
		}
		for s, w := range of {
			if w.in && (s == greedy || i%8 == 0) {
				h.took(s, turn/2, 0, now, nil)
				took[s] += turn / 2
			}
		}
		if n := len(h.heavy); n > 0 {
			for _, one := range h.heavy {
				took[one.s] += turn / 2 / time.Duration(n)
			}
			h.endTurn(turn/2, now, nil)
		}
	}
	if low, high := length/5, length/4+shareBurst+turn; took[greedy] < low || took[greedy] > high {
		t.Errorf("it took %v of %v, want between %v and %v", took[greedy], length, low, high)
	}
	if least := length / 10; took[modest] < least {
		t.Errorf("the modest one took %v, want %v at least", took[modest], least)
	}
	for now := length; len(h.of) > 0; now += shareForget {
		if now > length+time.Hour {
			t.Fatal("clients that send nothing are not forgotten")
		}
		h.tick(now, nil)
	}
	if !of[greedy].in || !of[modest].in {
		t.Error("a client is never read again")
	}
}

// TestOwes: what others did for a client counts in full, and it is read again when
// that is paid for.
func TestOwes(t *testing.T) {
	var h shares
	s := new(socket)
	w := &watched{in: true}
	s.client.transport = w
	h.timer = time.NewTimer(time.Hour)
	h.owes(s, 500*time.Millisecond, 0, nil)
	h.endTurn(0, 0, nil)
	if w.in {
		t.Fatal("it is read on")
	}
	const paid = shareOf * (500*time.Millisecond - shareBurst)
	h.tick(paid-time.Millisecond, nil)
	if w.in {
		t.Error("it is read before it has paid")
	}
	h.tick(paid, nil)
	if !w.in {
		t.Error("it is not read again")
	}
}

// TestInterruptedRead: a poller that was not run for a second in the middle of a read
// does not pause the client for four; long messages count by their bytes.
func TestInterruptedRead(t *testing.T) {
	var h shares
	s := new(socket)
	w := &watched{in: true}
	s.client.transport = w
	h.timer = time.NewTimer(time.Hour)
	h.took(s, time.Second, 0, time.Second, nil)
	h.endTurn(time.Second, 2*time.Second, nil)
	if !w.in {
		t.Error("the client is paused")
	}
	h.took(s, 0, 10<<20, 2*time.Second, nil)
	h.endTurn(0, 2*time.Second, nil)
	if left := h.of[s].left(); w.in || left < 50*time.Millisecond || left > 200*time.Millisecond {
		t.Errorf("10 MB: it is read %v, for %v", w.in, left)
	}
}

// TestLongMessageInPieces: a long message whose last piece was short is charged to its
// sender, and not to the client that is read next.
func TestLongMessageInPieces(t *testing.T) {
	p := &clientPoller{gw: &Gateway{started: time.Now()}}
	p.shares.timer = time.NewTimer(time.Hour)
	sender, other := new(socket), new(socket)
	for _, s := range []*socket{sender, other} {
		s.client.transport = &watched{in: true}
	}
	p.reader.long = 10 << 20
	p.charge(sender, notTimed)
	if credit := p.shares.of[sender].credit; credit > shareBurst-linkTime(10<<20) {
		t.Errorf("the sender has %v left", credit)
	}
	p.charge(other, p.now())
	if credit := p.shares.of[other].credit; credit < shareBurst-longestRead {
		t.Errorf("another client has %v left", credit)
	}
}

// TestPausedClient: what a client sends while it is not read comes later; it gets
// what is sent to it meanwhile, and its end is noticed.
func TestPausedClient(t *testing.T) {
	t.Run("plain", func(t *testing.T) { testPausedClient(t, Options{}) })
	t.Run("TLS", func(t *testing.T) { testPausedClient(t, Options{TLS: serverTLS()}) })
}

func testPausedClient(t *testing.T, opts Options) {
	opts.Listen, opts.SendToClientBufferSize = "text://127.0.0.1:0", 64<<20
	g := startGateway(t, opts)
	w := g.worker("w:0")
	say := func(c *peer, what string) {
		if _, err := io.WriteString(c.conn, what+"\n"); err != nil {
			t.Fatal(err)
		}
	}
	join := func() *peer {
		c := g.dialRaw()
		say(c, "hello")
		w.event(gp.CmdOnConnect)
		w.event(gp.CmdOnMessage)
		return c
	}
	paused := join()
	s := socketOf(g.allClients()[0])
	g.until("it is read by its poller", func() bool { // under TLS the handshake's goroutine reads what comes with its end
		secure, ok := s.client.transport.(*tlsTransport)
		return !ok || secure.conn.Open()
	})
	s.pause(true)
	say(paused, "later")
	long := strings.Repeat("x", 8<<20) // more than the kernel takes at once
	w.send(withBody(gp.CmdSendToOne, 1, long), withBody(gp.CmdSendToOne, 1, "end"))
	wantRead(t, paused.r, long+"\nend\n")
	// Others, on every poller, have been read since.
	for range 2 * pollers() {
		c := join()
		say(c, "now")
		if m := w.event(gp.CmdOnMessage); string(m.Body) != "now" {
			t.Fatalf("got %q of client %d", m.Body, m.ConnectionID)
		}
	}
	s.pause(false)
	if m := w.event(gp.CmdOnMessage); string(m.Body) != "later" {
		t.Errorf("got %q", m.Body)
	}
	s.pause(true)
	socket := paused.conn
	if under, ok := socket.(*tls.Conn); ok {
		socket = under.NetConn()
	}
	if err := socket.(*net.TCPConn).SetLinger(0); err != nil {
		t.Fatal(err)
	}
	_ = socket.Close()
	if m := w.event(gp.CmdOnClose); m.ConnectionID != 1 {
		t.Errorf("client %d is gone", m.ConnectionID)
	}
}

// TestFloodIsPaused: a client that sends tiny fragments without end is not read
// all the time, and all the same everything arrives.
func TestFloodIsPaused(t *testing.T) {
	g := startGateway(t, Options{})
	w := g.worker("w:0")
	c := g.dialWS()
	w.event(gp.CmdOnConnect)
	w.event(gp.CmdOnWebSocketConnect)
	s := socketOf(g.allClients()[0])
	paused := func() bool {
		s.client.mu.Lock()
		defer s.client.mu.Unlock()
		return s.client.state.any(clientPaused)
	}
	raw := c.NetConn()
	many := bytes.Repeat([]byte("\x00\x80\x00\x00\x00\x00"), 10000) // fragments of nothing
	if _, err := raw.Write([]byte("\x01\x81\x00\x00\x00\x00a")); err != nil {
		t.Fatal(err)
	}
	var enough atomic.Bool
	flooded := make(chan error, 1)
	go func() {
		for !enough.Load() {
			if _, err := raw.Write(many); err != nil {
				flooded <- err
				return
			}
		}
		flooded <- nil
	}()
	g.until("it is paused", paused)
	enough.Store(true)
	if err := <-flooded; err != nil {
		t.Fatal(err)
	}
	if _, err := raw.Write([]byte("\x80\x81\x00\x00\x00\x00z")); err != nil {
		t.Fatal(err)
	}
	if m := w.event(gp.CmdOnMessage); string(m.Body) != "az" {
		t.Errorf("got %q", m.Body)
	}
	g.until("it is read again", func() bool { return !paused() })
}
