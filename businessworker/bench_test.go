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

// BenchmarkEcho measures round trips through a worker: a bare gateway sends
// messages of 64 bytes from n clients and reads the answers, with n under way
// at a time. The gateway's own work is part of the time, and small beside the
// worker's.
func BenchmarkEcho(b *testing.B) {
	echo := businessworker.MessageFunc(func(ctx context.Context, e *businessworker.Event, msg []byte) error {
		return e.Send(ctx, msg)
	})
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
	frames := make([][]byte, clients)
	for i := range frames {
		frames[i] = gatewayprotocol.AppendMessage(nil, &gatewayprotocol.Message{
			Cmd: gatewayprotocol.CmdOnMessage, Flag: gatewayprotocol.FlagBodyIsScalar,
			LocalIP: gw.addr.IP, LocalPort: gw.addr.Port, ConnectionID: uint32(i + 1),
			ClientIP: 0x7f000001, ClientPort: uint16(i), ExtData: []byte(`a:2:{s:4:"name";s:4:"Zoë";s:4:"room";i:7;}`), Body: make([]byte, 64),
		})
	}
	b.ReportAllocs()
	b.ResetTimer()
	start := cpuTime()
	var out, in []byte
	for i := range clients { // all clients have a message under way
		out = append(out, frames[i]...)
	}
	chunk := make([]byte, 256<<10)
	for sent, got := clients, 0; got < b.N; {
		if len(out) > 0 {
			if _, err := gw.conn.Write(out); err != nil {
				b.Fatal(err)
			}
			out = out[:0]
		}
		n, err := gw.conn.Read(chunk)
		if err != nil {
			b.Fatal(err)
		}
		in = append(in, chunk[:n]...)
		rest := in
		for {
			size, err := gatewayprotocol.FrameLen(rest, 0)
			if err != nil {
				b.Fatal(err)
			}
			if size == 0 || len(rest) < size {
				break
			}
			if gatewayprotocol.Command(rest[4]) == gatewayprotocol.CmdSendToOne {
				got++
				if sent < b.N {
					out = append(out, frames[binary.BigEndian.Uint32(rest[17:])-1]...)
					sent++
				}
			}
			rest = rest[size:]
		}
		in = append(in[:0], rest...)
	}
	b.StopTimer()
	b.ReportMetric(float64(cpuTime()-start)/float64(b.N), "cpu-ns/op")
}

type bare struct {
	addr gatewayprotocol.GatewayAddress
	conn net.Conn
}

// bareGateway starts a worker and returns the gateway's end of its connection.
func bareGateway(b *testing.B, h businessworker.Handler) bare {
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
