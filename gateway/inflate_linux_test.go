package gateway

import (
	"bytes"
	"compress/flate"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/handover"
)

// longDeflated returns a text that hardly becomes shorter, and frames with it
// compressed, whole and in two.
func longDeflated(size int) (text, whole, halves []byte) {
	rng := rand.New(rand.NewPCG(1, uint64(size)))
	text = make([]byte, size)
	for i := range text {
		text[i] = "0123456789abcdef"[rng.IntN(16)]
	}
	var data bytes.Buffer
	w, _ := flate.NewWriter(&data, flate.BestSpeed)
	_, _ = w.Write(text)
	_ = w.Flush()
	z := bytes.TrimSuffix(data.Bytes(), []byte("\x00\x00\xff\xff"))
	frame := func(first byte, payload []byte) []byte {
		head := binary.BigEndian.AppendUint64([]byte{first, 0x80 | 127}, uint64(len(payload)))
		return append(append(head, 0, 0, 0, 0), payload...)
	}
	return text, frame(0xc1, z), append(frame(0x41, z[:len(z)/2]), frame(0x80, z[len(z)/2:])...)
}

// holdInflations has messages wait to be inflated, until release.
func (g *testGateway) holdInflations() (release func()) {
	x := &g.inflations
	x.mu.Lock()
	x.running += maxInflating()
	x.mu.Unlock()
	gateway := g.Gateway
	return func() {
		for range maxInflating() {
			gateway.goRun(gateway.inflate)
		}
	}
}

func (g *testGateway) awaitInflations(n int) {
	g.t.Helper()
	g.until("messages wait to be inflated", func() bool {
		g.inflations.mu.Lock()
		defer g.inflations.mu.Unlock()
		return g.inflations.queue.Len() == n
	})
}

func frameOf(text string) []byte {
	return append([]byte{0x81, 0x80 | byte(len(text)), 0, 0, 0, 0}, text...)
}

// TestInflateBeside: while a long compressed message waits to be inflated, others
// are served, and what its client sends comes in its order.
func TestInflateBeside(t *testing.T) {
	for name, config := range map[string]*tls.Config{"plain": nil, "tls": serverTLS()} {
		t.Run(name, func(t *testing.T) {
			for _, size := range []int{40 << 10, 200 << 10, 2 << 20} { // of one read, of several
				text, whole, halves := longDeflated(size)
				for _, sent := range [][]byte{whole, halves} {
					g := startGateway(t, Options{TLS: config})
					w := g.worker("w:0")
					busy, other := g.dialWS(), g.dialWS()
					for range 2 {
						w.event(gp.CmdOnConnect)
						w.event(gp.CmdOnWebSocketConnect)
					}
					release := g.holdInflations()
					all := append(append(append(frameOf("one"), sent...), frameOf("three")...), sent...)
					wrote := make(chan error, 1)
					go func() { // which may have to wait until more is read
						_, err := busy.NetConn().Write(append(all, frameOf("five")...))
						wrote <- err
					}()
					if m := w.event(gp.CmdOnMessage); string(m.Body) != "one" {
						t.Fatalf("got %d bytes", len(m.Body))
					}
					g.awaitInflations(1)
					if err := other.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
						t.Fatal(err)
					}
					if m := w.event(gp.CmdOnMessage); string(m.Body) != "hello" {
						t.Fatalf("got %d bytes", len(m.Body))
					}
					release()
					for _, want := range []string{string(text), "three", string(text), "five"} {
						if m := w.event(gp.CmdOnMessage); string(m.Body) != want {
							t.Fatalf("got %d bytes, want %d", len(m.Body), len(want))
						}
					}
					if err := <-wrote; err != nil {
						t.Fatal(err)
					}
				}
			}
		})
	}
}

// TestInflateBuffer: a message that waits to be inflated stays as it is, whatever
// becomes of the buffer in which it came, and however much came before and behind it.
func TestInflateBuffer(t *testing.T) {
	g := startGateway(t, Options{})
	w := g.worker("w:0")
	for i := range 18 {
		_, whole, halves := longDeflated([]int{40 << 10, 80 << 10, 300 << 10}[i%3])
		sent := [][]byte{whole, halves}[i/3%2]
		first := []int{0, 5, 20_000}[i/6] // bytes that come before the rest: none, a piece of a frame, of the message
		g.dialWS()
		id := w.event(gp.CmdOnConnect).ConnectionID
		w.event(gp.CmdOnWebSocketConnect)
		still, err := g.StandStill(t.Context()) // its poller has nothing more to do with it
		if err != nil {
			t.Fatal(err)
		}
		still.GoOn()
		clients := g.allClients()
		c := clients[slices.IndexFunc(clients, func(c *client) bool { return c.ID() == id })]

		release := g.holdInflations()
		all := append(append(frameOf("before"), sent...), frameOf("behind")...)
		r := clientReader{gw: g.Gateway, b: new(batch), poller: true}
		buf := make([]byte, clientReadSize)
		receive := func(p []byte) {
			for len(p) > 0 {
				n := copy(buf, p)
				r.received(c, buf[:n])
				p = p[n:]
			}
		}
		receive(all[:first])
		receive(all[first:])
		if c.inflation() == nil {
			t.Fatal("it does not wait")
		}
		receive(bytes.Repeat(all, 3))
		if want := whole[14:]; !bytes.Equal(want, c.inflation().job.Message()) {
			t.Errorf("%d: a message of %d bytes changed while it waited", i, len(want))
		}
		release()
		r.b.flush()
		b := new(batch)
		g.destroyClient(b, c, ClosedByCommand)
		b.flush()
		for w.next().Cmd != gp.CmdOnClose { // "before"
		}
	}
}

// TestInflateOfTheGone: of a client that is kicked meanwhile nothing is inflated; one
// that has sent its message and closes has sent it.
func TestInflateOfTheGone(t *testing.T) {
	text, whole, _ := longDeflated(1 << 20)
	g := startGateway(t, Options{})
	w := g.worker("w:0")
	release := g.holdInflations()
	var ids []uint32
	for range 2 {
		c := g.dialWS()
		ids = append(ids, w.event(gp.CmdOnConnect).ConnectionID)
		w.event(gp.CmdOnWebSocketConnect)
		if _, err := c.NetConn().Write(whole); err != nil {
			t.Fatal(err)
		}
		g.awaitInflations(len(ids))
		_ = c.NetConn().Close()
	}
	w.send(gp.Message{Cmd: gp.CmdDestroy, ConnectionID: ids[0]})
	if m := w.event(gp.CmdOnClose); m.ConnectionID != ids[0] {
		t.Errorf("client %d is closed", m.ConnectionID)
	}
	g.awaitInflations(1)
	release()
	if m := w.event(gp.CmdOnMessage); m.ConnectionID != ids[1] || !bytes.Equal(m.Body, text) {
		t.Errorf("%d bytes of client %d", len(m.Body), m.ConnectionID)
	}
	if m := w.event(gp.CmdOnClose); m.ConnectionID != ids[1] {
		t.Errorf("client %d is closed", m.ConnectionID)
	}
}

// TestInflateHandover: a message that waits when another process takes over comes
// once, and so does one where that fails.
func TestInflateHandover(t *testing.T) {
	text, whole, halves := longDeflated(1 << 20)
	for name, config := range map[string]*tls.Config{"plain": nil, "tls": serverTLS()} {
		for _, sent := range [][]byte{whole, halves} {
			t.Run(name, func(t *testing.T) {
				opts := Options{TLS: config, PingInterval: time.Hour}
				g := startGateway(t, opts)
				w := g.worker("w:0")
				c := g.dialWS()
				w.event(gp.CmdOnConnect)
				w.event(gp.CmdOnWebSocketConnect)
				expect := func(want ...string) {
					t.Helper()
					for _, want := range want {
						if m := w.event(gp.CmdOnMessage); string(m.Body) != want {
							t.Fatalf("got %d bytes, want %d", len(m.Body), len(want))
						}
					}
				}
				send := func() {
					t.Helper()
					if _, err := c.NetConn().Write(append(bytes.Clone(sent), frameOf("next")...)); err != nil {
						t.Fatal(err)
					}
					g.awaitInflations(1)
				}

				release := g.holdInflations()
				send()
				refused := func(*handover.Taker) error { return errors.New("refused") }
				if err := g.tryPassOn(opts, refused); err == nil {
					t.Fatal("the gateway was handed over")
				}
				release()
				expect(string(text), "next")

				release = g.holdInflations()
				send()
				g.passOn(opts)
				release() // of the gateway before, which has nothing left to do
				expect(string(text), "next")
				if _, err := c.NetConn().Write(frameOf("last")); err != nil {
					t.Fatal(err)
				}
				expect("last")
			})
		}
	}
}
