package main

import (
	"context"
	"sync"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gateway"
)

// relayStop is how long clients of relays may take to go, when the process that
// serves has ended, or when their time is over.
const relayStop = 10 * time.Second

// relays are what a process does, once another one serves, for the clients that
// came to it under TLS: see gateway.Relay.
type relays struct {
	all   []*gateway.Relay
	limit time.Duration // 0 is none
}

// keepRelays has the process go on for the clients under TLS of what stood still.
func (p *process) keepRelays(still []standstill) (clients int) {
	kept := &relays{limit: p.relayTime()}
	for _, s := range still {
		g, ok := s.(*gateway.Standstill)
		if !ok || g.Relay() == nil {
			continue
		}
		kept.all = append(kept.all, g.Relay())
		clients += g.Relay().Clients()
	}
	if len(kept.all) > 0 {
		p.app.Metadata[relaysName] = relaying(kept)
	}
	return clients
}

// run returns when all clients have gone. When their time is over it has them go.
func (r *relays) run() {
	ctx, cancel := context.WithCancel(context.Background())
	if r.limit > 0 {
		ctx, cancel = context.WithTimeout(ctx, r.limit)
	}
	defer cancel()
	r.each(func(one *gateway.Relay) {
		if one.Wait(ctx) != nil {
			_ = one.End(context.Background(), relayStop)
		}
	})
}

// finish is for the end of the process that serves: what it has sent last still goes
// out.
func (r *relays) finish() {
	ctx, cancel := context.WithTimeout(context.Background(), relayStop)
	defer cancel()
	r.each(func(one *gateway.Relay) { _ = one.Wait(ctx) })
}

func (r *relays) each(f func(*gateway.Relay)) {
	var all sync.WaitGroup
	for _, one := range r.all {
		all.Go(func() { f(one) })
	}
	all.Wait()
}
