package gateway

import (
	"crypto/tls"
	"errors"
	"net/netip"
	"testing"
	"time"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/handover"
)

// TestConnectHookHandover: a client that waits for the hook waits on in the process
// that takes the gateway over, which asks again. What it has sent behind its request
// comes once, and it is counted once.
func TestConnectHookHandover(t *testing.T) {
	t.Run("plain", func(t *testing.T) { testConnectHookHandover(t, nil) })
	t.Run("TLS", func(t *testing.T) { testConnectHookHandover(t, serverTLS()) })
}

func testConnectHookHandover(t *testing.T, tls *tls.Config) {
	first, second := newHookCalls(), newHookCalls()
	opts := Options{
		PingInterval: time.Hour, ConnectHook: first.hook, ConnectHookTimeout: time.Hour, MaxClientsPerAddress: 1, TLS: tls,
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
	}
	g := startGateway(t, opts)
	w := g.worker("w:0")
	c := g.dialRaw()
	c.say(requestWith("/", "X-Forwarded-For: 192.0.2.7") + "\x81\x85\x00\x00\x00\x00hello")
	w.event(gp.CmdOnConnect)
	asked := first.next(t)

	// What fails, and a hook that answers meanwhile, change nothing.
	if err := g.tryPassOn(opts, func(tk *handover.Taker) error {
		tk.Refuse("no")
		return errors.New("refused")
	}); err == nil {
		t.Fatal("the gateway was handed over")
	}
	w.barrier()

	opts.ConnectHook = second.hook
	g.passOn(opts)
	asked.ended(t)
	again := second.next(t)
	if again.ClientID != asked.ClientID || again.Remote != asked.Remote || again.Remote.Addr() != netip.MustParseAddr("192.0.2.7") || again.TLS != (tls != nil) {
		t.Errorf("asked about %v of %v, and then about %v of %v", asked.ClientID, asked.Remote, again.ClientID, again.Remote)
	}
	w.barrier()
	still, err := g.StandStill(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	again.answer <- hookAnswer{ConnectAnswer: ConnectAnswer{UID: "bob"}}
	still.GoOn()
	if m := w.event(gp.CmdOnWebSocketConnect); m.ClientIP != 0xc0000207 {
		t.Errorf("the event has the address %x", m.ClientIP)
	}
	if m := w.event(gp.CmdOnMessage); string(m.Body) != "hello" {
		t.Errorf("got %q", m.Body)
	}
	if resp := c.answered(); resp.StatusCode != 101 {
		t.Errorf("answer %v", resp)
	}
	if g.Stats().UIDs != 1 {
		t.Error("the uid is not bound")
	}
	other := g.dialRaw()
	other.say(requestWith("/", "X-Forwarded-For: 192.0.2.7"))
	if tls != nil {
		other.gone() // perhaps without a status
	} else if resp := other.answered(); resp.StatusCode != 429 {
		t.Errorf("a second client of the address: %v", resp)
	}
	w.event(gp.CmdOnConnect)
	w.event(gp.CmdOnClose)
	_ = c.conn.Close()
	w.event(gp.CmdOnClose)
	g.until("nobody is counted", func() bool {
		g.limits.mu.Lock()
		defer g.limits.mu.Unlock()
		return len(g.limits.clients) == 0
	})
}

// TestConnectHookHandoverWithout: the process that takes over may have no hook.
func TestConnectHookHandoverWithout(t *testing.T) {
	calls := newHookCalls()
	g := startGateway(t, Options{PingInterval: time.Hour, ConnectHook: calls.hook, ConnectHookTimeout: time.Hour, ConnectHookInFlight: 1})
	w := g.worker("w:0")
	var clients []*peer
	for range 3 {
		c := g.dialRaw()
		c.say(requestWith("/"))
		w.event(gp.CmdOnConnect)
		clients = append(clients, c)
	}
	calls.next(t)
	g.until("two wait", func() bool { return g.Stats().ConnectHook.Waiting == 2 })
	g.passOn(Options{PingInterval: time.Hour})
	for _, c := range clients {
		if resp := c.answered(); resp.StatusCode != 101 {
			t.Errorf("answer %v", resp)
		}
		w.event(gp.CmdOnWebSocketConnect)
	}
}
