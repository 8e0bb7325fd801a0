package gateway

import (
	"strings"
	"testing"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// TestEarlyBoundTLS: what waits for TLS handshakes counts as well, of any protocol
// and listener.
func TestEarlyBoundTLS(t *testing.T) {
	for _, opts := range []Options{
		{Listen: "text://127.0.0.1:0", TLS: serverTLS()},
		{Listen: "text://127.0.0.1:0", TLS: serverTLS(), portable: true},
		{Listen: "text://127.0.0.1:0", Listeners: []Listener{{Listen: "text://127.0.0.1:0", TLS: serverTLS()}}},
	} {
		g := startGateway(t, opts)
		address := g.client
		if opts.TLS == nil {
			address = g.more[0]
		}
		w := g.worker("w:0")
		const clients, size = 70, 1_000_000
		const fit = maxEarly / size
		var silent []*peer
		for range clients {
			silent = append(silent, g.at(address, clientTLSConfig))
			w.event(gp.CmdOnConnect)
		}
		w.send(withBody(gp.CmdSendToAll, 0, strings.Repeat("x", size)))
		w.barrier()
		if s := g.Stats(); s.DroppedBeforeHandshake != clients-fit || s.DroppedToClients != clients-fit || s.BytesBeforeHandshake > maxEarly {
			t.Errorf("%d and %d messages dropped, want %d; %d bytes wait", s.DroppedBeforeHandshake, s.DroppedToClients, clients-fit, s.BytesBeforeHandshake)
		}
		// The first one does its handshake, and gets its message; another one goes.
		if line := silent[0].read(size + 1); line[size] != '\n' {
			t.Errorf("got %q at the end", line[size])
		}
		g.until("its message does not count any more", func() bool { return g.Stats().BytesBeforeHandshake == (fit-1)*(size+1) })
		_ = silent[1].conn.Close()
		w.event(gp.CmdOnClose)
		g.until("that of one that has gone does not count", func() bool { return g.Stats().BytesBeforeHandshake == (fit-2)*(size+1) })
	}
}

// TestEarlyBound: what waits for websocket handshakes is bounded over all clients,
// and what a client takes along is free for others.
func TestEarlyBound(t *testing.T) {
	g := startGateway(t, Options{Listen: "websocket://127.0.0.1:0"})
	w := g.worker("w:0")
	const clients, size = 70, 1_000_000
	first := g.dialRaw()
	w.event(gp.CmdOnConnect)
	for range clients - 1 {
		g.dialRaw()
		w.event(gp.CmdOnConnect)
	}
	w.send(withBody(gp.CmdSendToAll, 0, strings.Repeat("x", size)))
	w.barrier()
	const fit = maxEarly / size
	s := g.Stats()
	if s.BytesBeforeHandshake > maxEarly || s.BytesBeforeHandshake < fit*size {
		t.Errorf("%d bytes wait", s.BytesBeforeHandshake)
	}
	if s.DroppedBeforeHandshake != clients-fit || s.DroppedToClients != clients-fit {
		t.Errorf("%d and %d messages dropped, want %d", s.DroppedBeforeHandshake, s.DroppedToClients, clients-fit)
	}
	g.await("too much waits for handshakes, message dropped")

	_ = first.conn.Close()
	w.event(gp.CmdOnClose)
	w.send(withBody(gp.CmdSendToOne, clients, strings.Repeat("y", size/2)))
	w.barrier()
	if s := g.Stats(); s.DroppedBeforeHandshake != clients-fit {
		t.Error("the room of a client that has gone is not given to others")
	}
	for id := uint32(2); id <= clients; id++ { // the first has gone
		w.send(gp.Message{Cmd: gp.CmdDestroy, ConnectionID: id})
	}
	for range clients - 1 {
		w.event(gp.CmdOnClose)
	}
	if s := g.Stats(); s.BytesBeforeHandshake != 0 {
		t.Errorf("%d bytes wait, without clients", s.BytesBeforeHandshake)
	}
}
