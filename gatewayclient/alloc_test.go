package gatewayclient_test

import (
	"io"
	"net"
	"testing"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
)

// TestAllocations: what is done for every message and every question does not
// come to cost more memory unnoticed.
func TestAllocations(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	defer ln.Close()
	done := make(chan struct{})
	go func() { // a gateway that allocates nothing: the frames of this test are heads alone
		defer close(done)
		c, err := ln.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		head := make([]byte, gatewayprotocol.HeadLen)
		answer := gatewayprotocol.AppendReply(nil, []byte("i:1;"))
		for {
			if _, err := io.ReadFull(c, head); err != nil {
				return
			}
			if gatewayprotocol.Command(head[4]).IsQuery() {
				c.Write(answer)
			}
		}
	}()
	addr, _ := gatewayprotocol.ParseGatewayAddress(ln.Addr().String())
	c, err := gatewayclient.New(patient(gatewayclient.Options{Gateways: []string{addr.String()}, Logger: clustertest.Quiet()}))
	ok(t, err)
	defer func() { c.Close(); <-done }()
	ctx := testContext(t)
	id := gatewayclient.ClientID{LocalIP: addr.IP, LocalPort: addr.Port, ConnectionID: 1}
	ok(t, c.Sync(ctx))
	for _, tt := range []struct {
		name string
		most float64
		run  func()
	}{
		{"a command to one client", 0, func() { ok(t, c.SendToClient(ctx, id, nil)) }},
		{"a command to all", 2, func() { ok(t, c.SendToAll(ctx, nil)) }},
		{"a question", 13, func() { must(c.IsOnline(ctx, id))(t) }},
	} {
		if n := testing.AllocsPerRun(100, tt.run); n > tt.most {
			t.Errorf("%s: %v allocations, want %v at most", tt.name, n, tt.most)
		} else {
			t.Logf("%s: %v allocations", tt.name, n)
		}
	}
}
