package gateway

import (
	"bytes"
	"log/slog"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/clientproto"
	"github.com/go-gatewayworker/gatewayworker/gateway/internal/command"
	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// benchLoop executes commands for a gateway with n clients whose sockets take
// everything (/dev/null), as the inner loop does.
type benchLoop struct {
	tb   testing.TB
	exec *command.Executor
	out  *delivery
	conn *innerConn
}

func newBenchLoop(tb testing.TB, n int) *benchLoop {
	tb.Helper()
	g, err := New(Options{Listen: "websocket://127.0.0.1:0", NoRegister: true, Slog: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	null, err := unix.Open("/dev/null", unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = unix.Close(null) })
	for range n {
		c := newPlainClient(g.listeners[0], netip.AddrPort{}, nil, null)
		c.state = clientReady
		c.Owner = c
		g.hub.Mu.Lock()
		g.hub.AddLocked(&c.Client)
		g.hub.JoinLocked(&c.Client, []byte("room"))
		g.hub.Mu.Unlock()
	}
	x := &benchLoop{tb: tb, conn: &innerConn{gw: g}}
	x.conn.authorized.Store(true)
	x.exec, x.out = g.newExecutor()
	return x
}

// run executes one chunk of frames and flushes.
func (x *benchLoop) run(chunk []byte) {
	if rest, _ := x.exec.ExecuteAll(x.conn, chunk, len(chunk)); len(rest) > 0 {
		x.tb.Fatal("frames left")
	}
	x.out.flush()
}

// BenchmarkBroadcast delivers to 10,000 clients: one message at a time, and 100
// back to back, which are one write for each client.
func BenchmarkBroadcast(b *testing.B) {
	const clients = 10000
	body := bytes.Repeat([]byte("x"), 128)
	toAll := gp.AppendMessage(nil, &gp.Message{Cmd: gp.CmdSendToAll, Flag: gp.FlagBodyIsScalar, Body: body})
	toGroup := gp.AppendMessage(nil, &gp.Message{
		Cmd: gp.CmdSendToGroup, Flag: gp.FlagBodyIsScalar,
		ExtData: []byte(`{"group":["room"],"exclude":null}`), Body: body,
	})
	for _, bench := range []struct {
		name  string
		chunk []byte
		times int
	}{
		{"all", toAll, 1},
		{"all/burst", bytes.Repeat(toAll, 100), 100},
		{"group", toGroup, 1},
		{"group/burst", bytes.Repeat(toGroup, 100), 100},
	} {
		b.Run(bench.name, func(b *testing.B) {
			x := newBenchLoop(b, clients)
			x.run(bench.chunk)
			b.ReportAllocs()
			for b.Loop() {
				x.run(bench.chunk)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*bench.times*clients), "ns/delivery")
		})
	}
}

// BenchmarkSendToOne sends to clients in turn, 1,000 commands a chunk.
func BenchmarkSendToOne(b *testing.B) {
	const clients = 1000
	x := newBenchLoop(b, clients)
	var chunk []byte
	for id := range uint32(clients) {
		chunk = gp.AppendMessage(chunk, &gp.Message{
			Cmd: gp.CmdSendToOne, ConnectionID: id + 1, Flag: gp.FlagBodyIsScalar, Body: bytes.Repeat([]byte("x"), 128),
		})
	}
	x.run(chunk)
	b.ReportAllocs()
	for b.Loop() {
		x.run(chunk)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*clients), "ns/delivery")
}

// TestBroadcastAllocs: what a broadcast allocates does not depend on the number
// of clients.
func TestBroadcastAllocs(t *testing.T) {
	if raceEnabled {
		t.Log("the race detector makes sync.Pool drop what it is given: not measured")
		return
	}
	x := newBenchLoop(t, 2000)
	x.out.batch.helpers = nil
	frame := gp.AppendMessage(nil, &gp.Message{Cmd: gp.CmdSendToAll, Flag: gp.FlagBodyIsScalar, Body: []byte("hello")})
	if n := testing.AllocsPerRun(100, func() { x.run(frame) }); n > 20 {
		t.Errorf("a broadcast to 2,000 clients makes %v allocations", n)
	}
	// The same where the clients speak two protocols.
	g := x.conn.gw
	text := &clientListener{gw: g, codec: clientproto.New("text", clientproto.Options{}), encoding: 1}
	g.encodings = 2
	for i, c := range g.allClients() {
		if i%2 == 0 {
			c.listener = text
		}
	}
	if n := testing.AllocsPerRun(100, func() { x.run(frame) }); n > 20 {
		t.Errorf("a broadcast to 2,000 clients of two protocols makes %v allocations", n)
	}
}
