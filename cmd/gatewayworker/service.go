package main

import (
	"context"
	"time"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/sdnotify"
)

// stayAlive tells systemd's watchdog that the process is alive, until ctx ends. It
// asks every gateway first: one that is stuck would answer nobody, and systemd
// starts the process again.
func (p *process) stayAlive(ctx context.Context) {
	interval := sdnotify.WatchdogInterval()
	if interval == 0 {
		return
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		for _, g := range p.gateways {
			g.Stats()
		}
		sdnotify.Send(sdnotify.Alive)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
