package gateway

import (
	"bytes"
	"fmt"
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

// TestCompressedBroadcastAllocs: neither does it with compression, and each message is
// compressed once.
func TestCompressedBroadcastAllocs(t *testing.T) {
	if raceEnabled {
		t.Log("the race detector makes sync.Pool drop what it is given: not measured")
		return
	}
	x := newBenchLoop(t, 2000)
	x.out.batch.helpers = nil
	x.compress(2)
	frames := make([][]byte, 2)
	for i := range frames {
		frames[i] = gp.AppendMessage(nil, &gp.Message{Cmd: gp.CmdSendToAll, Flag: gp.FlagBodyIsScalar, Body: []byte(jsonOf(1000 + i))})
	}
	times := 0
	n := testing.AllocsPerRun(100, func() {
		x.run(frames[times%2])
		times++
	})
	if n > 20 {
		t.Errorf("a compressed broadcast to 2,000 clients makes %v allocations", n)
	}
	s := x.conn.gw.Stats().Compression
	if s.Compressed != uint64(times) || s.Sent != uint64(1000*times) {
		t.Errorf("%d messages were compressed %d times, and sent to %d clients", times, s.Compressed, s.Sent)
	}
}

// compress turns compression on; every nth client has negotiated it.
func (x *benchLoop) compress(nth int) {
	g := x.conn.gw
	opts := *g.options()
	opts.Compression = true
	g.current.Store(&opts)
	for i, c := range g.allClients() {
		if i%nth == 0 {
			c.flags.Or(flagDeflates)
			g.compression.clients.Add(1)
		}
	}
}

// BenchmarkCompressedBroadcast delivers JSON to 1,000 clients, as it is and
// compressed.
func BenchmarkCompressedBroadcast(b *testing.B) {
	for _, size := range []int{200, 1 << 10, 8 << 10} {
		for _, compressed := range []bool{false, true} {
			b.Run(fmt.Sprintf("%d/compressed=%v", size, compressed), func(b *testing.B) {
				x := newBenchLoop(b, 1000)
				if compressed {
					x.compress(1)
				}
				frames := make([][]byte, 2) // in turn: the same message is not compressed again
				for i := range frames {
					frames[i] = gp.AppendMessage(nil, &gp.Message{Cmd: gp.CmdSendToAll, Flag: gp.FlagBodyIsScalar, Body: []byte(jsonOf(size + i))})
				}
				i := 0
				b.ReportAllocs()
				for b.Loop() {
					x.run(frames[i&1])
					i++
				}
			})
		}
	}
}
