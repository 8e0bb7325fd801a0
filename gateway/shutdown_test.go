package gateway

import (
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// TestShutdownTellsEverything: a worker that goes on sending commands while it
// reads what Shutdown sends it gets all of it.
func TestShutdownTellsEverything(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.Listen = "text://127.0.0.1:0"
		opts.SendToWorkerBufferSize = 1 << 30
		opts.lingerPortable = time.Hour // the worker closes its side when it has read everything
		g := startGateway(t, opts)
		w := g.worker("w:0")
		const clients = 100
		session := fmt.Sprintf("%0100000d", 0)
		for range clients {
			g.dialRaw()
			w.send(withExt(gp.CmdSetSession, w.event(gp.CmdOnConnect).ConnectionID, session))
		}
		w.barrier()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			g.shutdown()
		}()
		for i := range clients {
			if m := w.event(gp.CmdOnClose); len(m.ExtData) != len(session) {
				t.Fatalf("close %d comes with a session of %d bytes", i, len(m.ExtData))
			}
			b := gp.AppendMessage(nil, &gp.Message{Cmd: gp.CmdPing})
			_, _ = w.conn.Write(b) // the gateway need not be there any more
		}
		w.gone()
		_ = w.conn.Close()
		<-ended
	})
}

// TestShutdownStuckHandshake: no message waits for the handshake of a client that
// says nothing.
func TestShutdownStuckHandshake(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		if opts.TLS == nil {
			opts.Listen = "websocket://127.0.0.1:0"
		} else {
			opts.Listen = "text://127.0.0.1:0"
		}
		g := startGateway(t, opts)
		w := g.worker("w:0")
		conn, err := net.Dial("tcp", g.client)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		w.event(gp.CmdOnConnect)
		w.send(withBody(gp.CmdSendToOne, 1, "welcome"))
		w.barrier()
		g.shutdown()
		w.event(gp.CmdOnClose)
		if got, err := io.ReadAll(conn); len(got) > 0 || err != nil {
			t.Errorf("the client got %q, %v", got, err)
		}
	})
}

// After StopAccepting clients stay, and no more come.
func TestStopAccepting(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.Listen = "text://127.0.0.1:0"
		g := startGateway(t, opts)
		w := g.worker("w:0")
		c := g.dialRaw()
		id := w.event(gp.CmdOnConnect).ConnectionID
		g.StopAccepting()
		g.StopAccepting()
		g.until("the client port is closed", func() bool {
			c, err := g.dial()
			if err == nil {
				_ = c.Close()
			}
			return err != nil
		})
		if _, err := c.conn.Write([]byte("hello\n")); err != nil {
			t.Fatal(err)
		}
		for m := w.next(); m.Cmd != gp.CmdOnMessage || m.ConnectionID != id; m = w.next() {
		}
	})
}
