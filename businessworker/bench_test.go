package businessworker_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/businessworker"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"github.com/go-gatewayworker/gatewayworker/register"
)

var echo = businessworker.MessageFunc(func(ctx context.Context, e *businessworker.Event, msg []byte) error {
	return e.Send(ctx, msg)
})

// BenchmarkEcho measures round trips through a worker: a bare gateway sends
// messages of 64 bytes from n clients and reads the answers, with n under way
// at a time. The gateway's own work is part of the time, and small beside the
// worker's.
func BenchmarkEcho(b *testing.B) {
	reading := businessworker.MessageFunc(func(ctx context.Context, e *businessworker.Event, msg []byte) error {
		if e.Session().String("name") != "Zoë" {
			return errors.New("wrong session")
		}
		return e.Send(ctx, msg)
	})
	blocking := businessworker.MessageFunc(func(ctx context.Context, e *businessworker.Event, msg []byte) error {
		time.Sleep(time.Millisecond)
		return e.Send(ctx, msg)
	})
	for _, n := range []int{1, 100, 5000} {
		b.Run(fmt.Sprintf("clients=%d", n), func(b *testing.B) { benchmarkEcho(b, echo, n) })
	}
	b.Run("session/clients=100", func(b *testing.B) { benchmarkEcho(b, reading, 100) })
	b.Run("blocking/clients=100", func(b *testing.B) { benchmarkEcho(b, blocking, 100) })
}

func benchmarkEcho(b *testing.B, h businessworker.Handler, clients int) {
	gw := bareGateway(b, h)
	load := newEchoLoad(gw, clients)
	b.ReportAllocs()
	b.ResetTimer()
	start := cpuTime()
	if err := load.run(b.N); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	b.ReportMetric(float64(cpuTime()-start)/float64(b.N), "cpu-ns/op")
}

// An echoLoad sends messages from clients of a bare gateway. It allocates nothing
// once it has run.
type echoLoad struct {
	gw     bare
	frames [][]byte // a message of each client
	out    []byte
	in     []byte
	chunk  []byte
}

func newEchoLoad(gw bare, clients int) *echoLoad {
	l := &echoLoad{gw: gw, frames: make([][]byte, clients), chunk: make([]byte, 256<<10)}
	for i := range l.frames {
		l.frames[i] = gatewayprotocol.AppendMessage(nil, &gatewayprotocol.Message{
			Cmd: gatewayprotocol.CmdOnMessage, Flag: gatewayprotocol.FlagBodyIsScalar,
			LocalIP: gw.addr.IP, LocalPort: gw.addr.Port, ConnectionID: uint32(i + 1),
			ClientIP: 0x7f000001, ClientPort: uint16(i), ExtData: []byte(`a:2:{s:4:"name";s:4:"Zoë";s:4:"room";i:7;}`), Body: make([]byte, 64),
		})
	}
	return l
}

// run has n messages answered. Each client has one under way at a time, and all
// have one at the start, so it is more than n by their number at most.
func (l *echoLoad) run(n int) error {
	sent := 0
	l.out, l.in = l.out[:0], l.in[:0]
	for _, frame := range l.frames {
		l.out = append(l.out, frame...)
		sent++
	}
	for got := 0; got < max(n, len(l.frames)); {
		if len(l.out) > 0 {
			if _, err := l.gw.conn.Write(l.out); err != nil {
				return err
			}
			l.out = l.out[:0]
		}
		read, err := l.gw.conn.Read(l.chunk)
		if err != nil {
			return err
		}
		l.in = append(l.in, l.chunk[:read]...)
		rest := l.in
		for {
			size, err := gatewayprotocol.FrameLen(rest, 0)
			if err != nil {
				return err
			}
			if size == 0 || len(rest) < size {
				break
			}
			if gatewayprotocol.Command(rest[4]) == gatewayprotocol.CmdSendToOne {
				got++
				if sent < n {
					l.out = append(l.out, l.frames[binary.BigEndian.Uint32(rest[17:])-1]...)
					sent++
				}
			}
			rest = rest[size:]
		}
		l.in = append(l.in[:0], rest...)
	}
	return nil
}

// TestAllocationsPerEvent: memory for events is taken by the block, 16 of them,
// and by what is read at once; handling and answering takes none.
func TestAllocationsPerEvent(t *testing.T) {
	const clients, messages = 100, 2000
	load := newEchoLoad(bareGateway(t, echo), clients)
	run := func() {
		if err := load.run(messages); err != nil {
			t.Fatal(err)
		}
	}
	run()
	if n := testing.AllocsPerRun(20, run) / messages; n > 0.1 {
		t.Errorf("%.3f allocations for each event, want at most 0.1", n)
	}
}

// BenchmarkBesideBlockedHandlers measures how long a handler that blocks for ever
// holds up others: the first event of a batch blocks, and the time is that until
// the 39 others of it are answered.
func BenchmarkBesideBlockedHandlers(b *testing.B) {
	release := make(chan struct{})
	gw := bareGateway(b, businessworker.MessageFunc(func(ctx context.Context, e *businessworker.Event, msg []byte) error {
		if e.ClientID().ConnectionID > 1000 {
			<-release
			return nil
		}
		return e.Send(ctx, msg)
	}))
	b.Cleanup(func() { close(release) })
	load := newEchoLoad(gw, 39)
	blocked := uint32(1000)
	first := load.frames[0]
	var worst time.Duration
	for b.Loop() {
		if blocked++; blocked == 1200 { // of the 256 that may
			b.StopTimer()
			for range 199 {
				release <- struct{}{}
			}
			blocked = 1001
			b.StartTimer()
		}
		blocking := append([]byte(nil), first...)
		binary.BigEndian.PutUint32(blocking[17:], blocked)
		load.frames[0] = append(blocking, first...)
		start := time.Now()
		if err := load.run(39); err != nil {
			b.Fatal(err)
		}
		worst = max(worst, time.Since(start))
	}
	b.ReportMetric(float64(worst.Microseconds()), "worst-us")
}

type bare struct {
	addr gatewayprotocol.GatewayAddress
	conn net.Conn
}

// bareGateway starts a worker and returns the gateway's end of its connection.
func bareGateway(b testing.TB, h businessworker.Handler) bare {
	b.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer inner.Close()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := must(register.NewServer(register.Options{Logger: clustertest.Quiet()}))(b)
	go server.Serve(ln)
	b.Cleanup(func() { server.Close() })
	announce, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { announce.Close() })
	announce.Write(gatewayprotocol.AppendGatewayConnect(nil, inner.Addr().String(), ""))
	w, err := businessworker.New(h, businessworker.Options{
		RegisterAddresses: []string{ln.Addr().String()}, Logger: clustertest.Quiet(),
	})
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); w.Run(context.Background()) }()
	b.Cleanup(func() { w.Close(); <-done })
	conn, err := inner.Accept()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	head := make([]byte, gatewayprotocol.HeadLen)
	if _, err := io.ReadFull(conn, head); err != nil {
		b.Fatal(err)
	}
	size, _ := gatewayprotocol.FrameLen(head, 0)
	if _, err := io.ReadFull(conn, make([]byte, size-len(head))); err != nil {
		b.Fatal(err)
	}
	addr, _ := gatewayprotocol.ParseGatewayAddress(inner.Addr().String())
	return bare{addr, conn}
}
