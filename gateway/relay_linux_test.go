package gateway

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/tlsloop"
	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

// TestRelayEnd: clients of a relay that should end get a proper end, and their
// worker is told.
func TestRelayEnd(t *testing.T) {
	opts := Options{Listen: "text://127.0.0.1:0", TLS: serverTLS(), PingInterval: time.Hour}
	g := startGateway(t, opts)
	w := g.worker("w:0")
	const clients = 5
	var all []*tls.Conn
	for range clients {
		c := g.dialTLS(anyServer, nil)
		w.event(gp.CmdOnConnect)
		all = append(all, c)
		if err := c.Handshake(); err != nil {
			t.Fatal(err)
		}
	}
	g.awaitShaken()
	relay := g.passOnRelay(opts)
	if n := relay.Clients(); n != clients {
		t.Errorf("%d clients", n)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := relay.End(ctx, 100*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	for i, c := range all {
		w.event(gp.CmdOnClose)
		if got, err := io.ReadAll(c); len(got) > 0 || err != nil {
			t.Errorf("client %d reads %q, %v", i, got, err)
		}
	}
	c := g.dialTLS(anyServer, nil)
	w.event(gp.CmdOnConnect)
	relay = g.passOnRelay(opts)
	relay.Close()
	w.event(gp.CmdOnClose)
	if got, err := io.ReadAll(c); len(got) > 0 { // io.EOF in the handshake
		t.Errorf("a client without a handshake reads %q, %v", got, err)
	}
}

// awaitShaken waits until the handshakes of all clients are done for the gateway too.
func (g *testGateway) awaitShaken() {
	g.t.Helper()
	for _, c := range g.allClients() {
		g.until("the handshake is done", func() bool { return !c.transport.handshaking() })
	}
}

// passOnRelay is passOn, and returns the relay that stays.
func (g *testGateway) passOnRelay(opts Options) *Relay {
	g.t.Helper()
	g.passOn(opts)
	return g.relay.(*Relay)
}

// TestRelayBounds: whichever side does not read, the relay holds little, loses
// nothing, and serves the other direction; behind the last byte comes the end.
func TestRelayBounds(t *testing.T) {
	g := startGateway(t, Options{Listen: "text://127.0.0.1:0", TLS: serverTLS(), PingInterval: time.Hour})
	w := g.worker("w:0")
	c := g.overTLS(g.dialNarrow(), anyServer)
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	w.event(gp.CmdOnConnect)
	g.awaitShaken()
	still, err := g.StandStill(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	transport := g.allClients()[0].transport.(*tlsTransport)
	// Else the kernel may take everything for the client.
	if err := unix.SetsockoptInt(transport.fd.Sysfd(), unix.SOL_SOCKET, unix.SO_SNDBUF, 64<<10); err != nil {
		t.Fatal(err)
	}
	pair, err := newRelayed(transport)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Dup(pair.near)
	if err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(fd), "near")
	near, err := net.FileConn(file) // what another process would have
	_ = file.Close()
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	_ = near.SetDeadline(time.Now().Add(patience))
	if still.relay, err = newRelay([]*relayed{pair}); err != nil {
		t.Fatal(err)
	}
	relay := still.relay
	still.pairs = map[*tlsTransport]*relayed{transport: pair}
	still.Leave()
	if err := <-g.served; !errors.Is(err, ErrLeft) {
		t.Fatal(err)
	}
	g.served <- ErrServerClosed // for the end of the test

	const total = 4 << 20
	pattern := make([]byte, total)
	for i := range pattern {
		pattern[i] = byte(i ^ i>>8 ^ i>>16)
	}
	write := func(to io.Writer) <-chan error {
		wrote := make(chan error, 1)
		go func() {
			_, err := to.Write(pattern)
			wrote <- err
		}()
		return wrote
	}
	read := func(from io.Reader) {
		t.Helper()
		got := make([]byte, total)
		if _, err := io.ReadFull(from, got); err != nil || !bytes.Equal(got, pattern) {
			t.Fatalf("the bytes are others, or %v", err)
		}
	}
	held := func() (up, down int) {
		done := make(chan struct{})
		pair.loop.post(func() {
			up, down = len(pair.up), len(pair.down)+transport.conn.SealedLocked() // the loop is its only user
			close(done)
		})
		<-done
		return up, down
	}
	up := write(c)
	testwait.Until(t, "the relay holds back", func() bool { up, _ := held(); return up > 0 })
	down := write(near)
	read(c) // while nobody reads near
	if n, _ := held(); n == 0 || n > relayRead {
		t.Errorf("the relay holds %d bytes", n)
	}
	read(near)
	again := write(near)
	testwait.Until(t, "the relay holds back", func() bool { _, down := held(); return down > 0 })
	if _, n := held(); n > relayRead+tlsloop.MaxSealed {
		t.Errorf("the relay holds %d bytes", n)
	}
	for _, wrote := range []<-chan error{up, down} {
		if err := <-wrote; err != nil {
			t.Error(err)
		}
	}
	read(c)
	if err := <-again; err != nil {
		t.Error(err)
	}
	last := pattern[:100_000]
	if _, err := near.Write(last); err != nil { // the kernel takes as much
		t.Error(err)
	}
	_ = near.Close()
	if got, err := io.ReadAll(c); !bytes.Equal(got, last) || err != nil {
		t.Errorf("the client reads %d bytes at last, %v", len(got), err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := relay.Wait(ctx); err != nil {
		t.Error(err)
	}
}
