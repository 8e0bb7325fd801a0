package gateway

import (
	"testing"

	"github.com/gorilla/websocket"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// TestHandoverCompression: clients that have negotiated compression go on with it in
// another process, in the middle of a message, too, and with a process that does not
// compress any more.
func TestHandoverCompression(t *testing.T) {
	g := startGateway(t, Options{Compression: true})
	w := g.worker("w:0")
	ws, _ := g.dialCompressed()
	w.event(gp.CmdOnConnect)
	w.event(gp.CmdOnWebSocketConnect)
	plain := g.dialWS()
	w.event(gp.CmdOnConnect)
	w.event(gp.CmdOnWebSocketConnect)

	say := func(body string, compressed uint64) {
		t.Helper()
		before := g.Stats().Compression
		w.send(withBody(gp.CmdSendToAll, 0, body))
		wantText(t, ws, body)
		wantText(t, plain, body)
		w.barrier()
		w.barrier()
		s := g.Stats().Compression
		if s.Sent-before.Sent != compressed || s.Compressed-before.Compressed != compressed || s.Clients != 1 {
			t.Errorf("before %+v, after %+v", before, s)
		}
	}
	hear := func(body string) {
		t.Helper()
		if got := string(w.event(gp.CmdOnMessage).Body); got != body {
			t.Errorf("the worker gets %q, want %q", got, body)
		}
	}
	say(jsonOf(1000), 1)
	before := g.Stats().Compression

	// The first fragment of "Hello" (RFC 7692 section 7.2.3.1), and no byte of the second.
	_, _ = ws.NetConn().Write([]byte("\x41\x83\x00\x00\x00\x00\xf2\x48\xcd"))
	if err := plain.WriteMessage(websocket.TextMessage, []byte("there")); err != nil {
		t.Fatal(err)
	}
	hear("there")
	g.passOn(Options{Compression: true})
	if s := g.Stats().Compression; s != before {
		t.Errorf("before %+v, after %+v", before, s)
	}
	_, _ = ws.NetConn().Write([]byte("\x80\x84\x00\x00\x00\x00\xc9\xc9\x07\x00"))
	hear("Hello")
	say(jsonOf(2000), 1)

	g.passOn(Options{})
	say(jsonOf(3000), 0)
	if err := ws.WriteMessage(websocket.TextMessage, []byte(jsonOf(1000))); err != nil {
		t.Fatal(err)
	}
	hear(jsonOf(1000))
	g.passOn(Options{Compression: true})
	say(jsonOf(4000), 1)
	_ = ws.Close()
	w.event(gp.CmdOnClose)
	if n := g.Stats().Compression.Clients; n != 0 {
		t.Errorf("%d clients are left", n)
	}
}
