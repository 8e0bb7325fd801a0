package gateway

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"runtime"
	"sync/atomic"
	"testing"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// TestSlowClient sends numbered messages to a client that does not read until
// some are dropped, then lets it read: what it gets is whole and in order;
// afterwards it is served again.
func TestSlowClient(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.Listen = "frame://127.0.0.1:0"
		opts.SendToClientBufferSize = 200000
		g := startGateway(t, opts)
		w := g.worker("w:0")
		c := g.dialRaw()
		w.event(gp.CmdOnConnect)
		const size = 10000
		sent := 0
		for g.traffic.droppedToClients.Load() == 0 {
			for range 50 {
				body := binary.BigEndian.AppendUint32(nil, uint32(sent))
				w.send(withBody(gp.CmdSendToAll, 0, string(append(body, make([]byte, size-4)...))))
				sent++
			}
			w.barrier()
		}
		// All that was not dropped arrives.
		next := uint32(0)
		for range sent - int(g.traffic.droppedToClients.Load()) {
			b := c.read(4 + size)
			n := binary.BigEndian.Uint32(b[4:])
			if n < next {
				t.Fatalf("got message %d after %d", n, next-1)
			}
			next = n + 1
		}
		// The client can be ahead of the goroutine that wrote.
		for waits := true; waits; runtime.Gosched() {
			slow := g.allClients()[0]
			slow.mu.Lock()
			waits = slow.fullLocked()
			slow.mu.Unlock()
		}
		w.send(withBody(gp.CmdSendToOne, 1, "again"))
		if got := c.read(9); string(got[4:]) != "again" {
			t.Errorf("got %q", got)
		}
		w.barrier() // the client was not closed
	})
}

// TestSlowKick: a kick lets what waits go out; the client is deaf meanwhile.
func TestSlowKick(t *testing.T) {
	t.Run("plain", func(t *testing.T) { testSlowKick(t, Options{}) })
	t.Run("TLS", func(t *testing.T) { testSlowKick(t, Options{TLS: serverTLS()}) })
}

func testSlowKick(t *testing.T, opts Options) {
	opts.Listen = "tcp://127.0.0.1:0"
	opts.SendToClientBufferSize = 20 << 20
	g := startGateway(t, opts)
	w := g.worker("w:0")
	c := g.dialRaw()
	w.event(gp.CmdOnConnect)
	big := bytes.Repeat([]byte("x"), 9<<20)
	w.send(withBody(gp.CmdSendToOne, 1, string(big)), withBody(gp.CmdKick, 1, "bye"), withBody(gp.CmdSendToOne, 1, "lost"))
	w.barrier()
	fmt.Fprint(c.conn, "nobody hears this")
	got, err := io.ReadAll(c.r)
	if err != nil || len(got) != len(big)+3 || !bytes.HasSuffix(got, []byte("xbye")) {
		t.Errorf("got %d bytes ending in %q, error %v", len(got), got[max(0, len(got)-8):], err)
	}
	w.event(gp.CmdOnClose)
}

// TestSlowWorker: events for a worker that does not read are dropped at the
// bound, and no other connection waits.
func TestSlowWorker(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.Listen = "tcp://127.0.0.1:0"
		opts.SendToWorkerBufferSize = 200000
		g := startGateway(t, opts)
		g.worker("w:0") // reads nothing from here on
		c := g.dialRaw()
		ask := g.dialInner()
		chunk := make([]byte, 80000)
		for g.traffic.droppedToWorkers.Load() == 0 {
			if _, err := c.conn.Write(chunk); err != nil {
				t.Fatal(err)
			}
		}
		if got := ask.ask(withExt(gp.CmdGetClientCountByGroup, 0, "")); got != "i:1;" {
			t.Errorf("got %s clients", got)
		}
	})
}

// TestChurn has clients come, talk, be written to and go in every way at once.
// Every client's events must be a connect, its messages in order, and one close.
func TestChurn(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.Listen = "text://127.0.0.1:0"
		g := startGateway(t, opts)
		w := g.worker("w:0")
		const clients, messages = 200, 20
		var done atomic.Int32
		for range 8 {
			go func() {
				for range clients / 8 {
					conn, err := g.dial()
					if err != nil {
						t.Error(err)
						break
					}
					for i := range messages {
						fmt.Fprintf(conn, "%d\n", i)
					}
					go func() { _, _ = io.Copy(io.Discard, conn) }()
					if i := done.Add(1); i%4 == 0 {
						_ = conn.Close()
					}
				}
			}()
		}
		stop := make(chan struct{})
		defer func() { <-stop }()
		go func() {
			defer close(stop)
			conn, err := net.Dial("tcp", g.inner)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			for id := uint32(1); id <= clients; id++ {
				var b []byte
				for _, m := range []gp.Message{
					withBody(gp.CmdSendToAll, 0, "to all"),
					withExt(gp.CmdJoinGroup, id, "room"),
					withExt(gp.CmdBindUID, id, fmt.Sprint("uid", id%7)),
					{Cmd: gp.CmdSendToGroup, Flag: 1, ExtData: []byte(`{"group":["room"],"exclude":null}`), Body: []byte("to group")},
				} {
					b = gp.AppendMessage(b, &m)
				}
				if _, err := conn.Write(b); err != nil {
					t.Error(err)
				}
			}
		}()
		next := map[uint32]int{}
		closed := 0
		for closed < clients {
			m := w.next()
			n, known := next[m.ConnectionID]
			switch m.Cmd {
			case gp.CmdOnConnect:
				if known {
					t.Fatalf("client %d connects twice", m.ConnectionID)
				}
				next[m.ConnectionID] = 0
			case gp.CmdOnMessage:
				if !known || string(m.Body) != fmt.Sprint(n) {
					t.Fatalf("client %d: got message %q, want %d (known: %v)", m.ConnectionID, m.Body, n, known)
				}
				next[m.ConnectionID]++
				if n == messages-1 && m.ConnectionID%3 == 0 {
					w.send(gp.Message{Cmd: gp.CmdDestroy, ConnectionID: m.ConnectionID})
				} else if n == messages-1 {
					w.send(withBody(gp.CmdKick, m.ConnectionID, "bye"))
				}
			case gp.CmdOnClose:
				if !known || n < 0 {
					t.Fatalf("client %d closes twice or unknown", m.ConnectionID)
				}
				next[m.ConnectionID] = -1
				closed++
			}
		}
		if n := g.Stats().Clients; n != 0 {
			t.Errorf("%d clients left", n)
		}
		g.hub.Mu.Lock()
		defer g.hub.Mu.Unlock()
		if s := g.workers.live[0]; s.count != 0 || s.bound != 0 {
			t.Errorf("the worker still counts %d clients, %d bound", s.count, s.bound)
		}
	})
}
