package gateway

import (
	"testing"

	"golang.org/x/sys/unix"
)

// TestEventAllocs: a message of a client on its way to the worker allocates
// nothing, and neither does its writing.
func TestEventAllocs(t *testing.T) {
	if raceEnabled {
		t.Log("the race detector makes sync.Pool drop what it is given: not measured")
		return
	}
	x := newBenchLoop(t, 2)
	g := x.conn.gw
	null, err := unix.Open("/dev/null", unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(null) })
	w := g.newInnerConn(x.conn.remote, &x.out.batch)
	w.sock.Init(null)
	g.workerConnected(w, "w:0")

	b := new(batch)
	r := clientReader{gw: g, b: b}
	clients := g.allClients()
	g.hub.Mu.Lock()
	for _, c := range clients {
		g.hub.SetSessionLocked(&c.Client, []byte("a:0:{}"))
	}
	g.hub.Mu.Unlock()
	message := []byte("\x81\x85\x00\x00\x00\x00hello") // a masked frame whose mask is 0
	handshake := []byte("GET / HTTP/1.1\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n\r\n")
	for _, c := range clients {
		r.received(c, handshake)
	}
	r.flush()
	before := g.Stats().MessagesFromClients
	if n := testing.AllocsPerRun(100, func() {
		for _, c := range clients {
			r.received(c, message)
		}
		r.flush()
	}); n != 0 {
		t.Errorf("two messages of clients make %v allocations", n)
	}
	if got := g.Stats().MessagesFromClients - before; got != 202 {
		t.Errorf("%d messages were read, want 202", got)
	}
	if w.dropped > 0 || g.Stats().DroppedToWorkers > 0 {
		t.Error("events were dropped")
	}
}
