package gateway

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"runtime"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// TestFlood sends to a client more than the kernel takes while the client reads
// all the time, so that its queue fills and empties again and again: every
// message must arrive, in order.
func TestFlood(t *testing.T) {
	t.Run("plain", func(t *testing.T) { testFlood(t, Options{}) })
	t.Run("TLS", func(t *testing.T) { testFlood(t, Options{TLS: serverTLS()}) })
}

func testFlood(t *testing.T, opts Options) {
	opts.Listen = "frame://127.0.0.1:0"
	opts.SendToClientBufferSize = 1 << 30
	g := startGateway(t, opts)
	w := g.worker("w:0")
	c := g.dialRaw()
	w.event(gp.CmdOnConnect)
	if err := unix.SetsockoptInt(socketOf(g.allClients()[0]).fd.Sysfd(), unix.SOL_SOCKET, unix.SO_SNDBUF, 64<<10); err != nil {
		t.Fatal(err)
	}
	const messages, size = 50000, 1000
	done := make(chan error, 1)
	go func() {
		done <- func() error {
			b := make([]byte, 4+size)
			for i := range messages {
				if _, err := io.ReadFull(c.r, b); err != nil {
					return fmt.Errorf("message %d: %w", i, err)
				}
				if n := binary.BigEndian.Uint32(b[4:]); n != uint32(i) {
					return fmt.Errorf("got message %d, want %d", n, i)
				}
			}
			return nil
		}()
	}()
	body := make([]byte, size)
	for i := range messages {
		binary.BigEndian.PutUint32(body, uint32(i))
		w.send(withBody(gp.CmdSendToOne, 1, string(body)))
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// TestFloodWorker sends a worker more than the kernel takes while the worker
// reads all the time and says nothing: it must get everything.
func TestFloodWorker(t *testing.T) {
	g := startGateway(t, Options{Listen: "text://127.0.0.1:0", SendToWorkerBufferSize: 1 << 30})
	w := g.worker("w:0")
	g.hub.Mu.Lock()
	conn := g.workers.live[0].worker()
	g.hub.Mu.Unlock()
	if err := unix.SetsockoptInt(conn.sock.Sysfd(), unix.SOL_SOCKET, unix.SO_SNDBUF, 16<<10); err != nil {
		t.Fatal(err)
	}
	// The goroutine that wrote and was refused waits for the lock to say so; meanwhile the
	// kernel may have room again.
	var stop atomic.Bool
	defer stop.Store(true)
	for range 4 {
		go func() {
			for !stop.Load() {
				conn.mu.Lock()
				runtime.Gosched()
				conn.mu.Unlock()
			}
		}()
	}
	const clients, messages = 4, 20000
	for range clients {
		c := g.dialRaw()
		go func() {
			for range messages / 100 {
				if _, err := c.conn.Write(bytes.Repeat([]byte("hello\n"), 100)); err != nil {
					t.Error(err)
					return
				}
			}
		}()
	}
	for range clients * (1 + messages) {
		w.next()
	}
}
