package businessworker_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"

	"github.com/go-gatewayworker/gatewayworker/businessworker"
	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

// TestSyncTellsWhatMayBeLost: commands that a worker gave over a connection that
// broke are what Sync tells about, though another connection answers it.
func TestSyncTellsWhatMayBeLost(t *testing.T) {
	c := clustertest.Start(t, clustertest.Go, clustertest.Options{})
	var mu sync.Mutex
	var first net.Conn // the worker's own connection to the gateway
	r := start(t, c, &events{}, businessworker.Options{
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			mu.Lock()
			defer mu.Unlock()
			if first == nil && address == c.Gateways[0].InnerAddr {
				first = conn
			}
			return conn, err
		},
	})
	ctx := t.Context()
	client := r.Gateway()
	if err := client.Sync(ctx); err != nil {
		t.Fatal(err)
	}
	if err := client.SendToAll(ctx, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	first.Close()
	mu.Unlock()
	testwait.Until(t, "Sync tells", func() bool {
		var unconfirmed *gatewayclient.UnconfirmedError
		return errors.As(client.Sync(ctx), &unconfirmed) && unconfirmed.Commands == 1
	})
}
