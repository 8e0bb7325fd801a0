package gatewayclient_test

import (
	"fmt"
	"testing"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
)

// benchFakes returns a client of n fake gateways that keep nothing.
func benchFakes(b *testing.B, n int, answer string) (*gatewayclient.Client, gatewayclient.ClientID) {
	b.Helper()
	opts := gatewayclient.Options{Logger: clustertest.Quiet()}
	var id gatewayclient.ClientID
	for range n {
		f := newFakeGateway(b, func(gatewayprotocol.Message) (string, bool) { return answer, true })
		f.forget = true
		opts.Gateways = append(opts.Gateways, f.addr.String())
		id = gatewayclient.ClientID{LocalIP: f.addr.IP, LocalPort: f.addr.Port, ConnectionID: 1}
	}
	c, err := gatewayclient.New(opts)
	ok(b, err)
	b.Cleanup(func() { c.Close() })
	ok(b, c.Sync(testContext(b)))
	return c, id
}

// BenchmarkSend measures commands; the fake gateways' reading is part of it.
func BenchmarkSend(b *testing.B) {
	msg := make([]byte, 128)
	b.Run("client", func(b *testing.B) {
		c, id := benchFakes(b, 1, "i:0;")
		b.ReportAllocs()
		for b.Loop() {
			ok(b, c.SendToClient(b.Context(), id, msg))
		}
	})
	for _, n := range []int{1, 10} {
		b.Run(fmt.Sprintf("group/gateways=%d", n), func(b *testing.B) {
			c, _ := benchFakes(b, n, "i:0;")
			b.ReportAllocs()
			for b.Loop() {
				ok(b, c.SendToGroup(b.Context(), "room", msg))
			}
		})
	}
}

// BenchmarkQuery measures questions, one at a time and many at once.
func BenchmarkQuery(b *testing.B) {
	for _, n := range []int{1, 10} {
		b.Run(fmt.Sprintf("count/gateways=%d", n), func(b *testing.B) {
			c, _ := benchFakes(b, n, "i:0;")
			b.ReportAllocs()
			for b.Loop() {
				must(c.ClientCount(b.Context()))(b)
			}
		})
	}
	b.Run("online/parallel", func(b *testing.B) {
		c, id := benchFakes(b, 1, "i:0;")
		b.ReportAllocs()
		b.SetParallelism(64)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				must(c.IsOnline(b.Context(), id))(b)
			}
		})
	})
}

// BenchmarkDecodeLists measures what a long answer costs per client in it.
func BenchmarkDecodeLists(b *testing.B) {
	const clients = 1000
	sessions := phpMap(clients, func(int) string { return `s:6:"a:0:{}";` })
	b.Run("sessions", func(b *testing.B) {
		c, _ := benchFakes(b, 1, sessions)
		b.ReportAllocs()
		for b.Loop() {
			must(c.AllClientSessions(b.Context()))(b)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*clients), "ns/client")
	})
}

func phpMap(n int, value func(i int) string) string {
	out := fmt.Appendf(nil, "a:%d:{", n)
	for i := range n {
		out = fmt.Appendf(out, "i:%d;%s", i+1, value(i))
	}
	return string(append(out, '}'))
}
