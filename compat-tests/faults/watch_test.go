//go:build linux

package faults

import (
	"bufio"
	"context"
	"net"
	"sync"
	"time"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// A registerWatch follows the Register's list of gateways.
type registerWatch struct {
	address string
	mu      sync.Mutex
	list    []string
}

func (w *registerWatch) set(list []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = list
}

func (w *registerWatch) gateways() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.list)
}

func (w *registerWatch) run(ctx context.Context) {
	for ctx.Err() == nil {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", w.address)
		if err == nil {
			stop := context.AfterFunc(ctx, func() { conn.Close() })
			_, _ = conn.Write(gp.AppendWorkerConnect(nil, ""))
			for lines := bufio.NewScanner(conn); lines.Scan(); {
				if list, err := gp.ParseBroadcastAddresses(lines.Bytes()); err == nil {
					w.set(list)
				}
			}
			stop()
			conn.Close()
		}
		w.set(nil)
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}
