package main

import (
	"context"
	"errors"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gateway"
	"github.com/go-gatewayworker/gatewayworker/internal/handover"
)

// How the parts of a process pass to the process that takes its place; see
// docs/upgrade.md. A part is a server that is a mover. What is no mover ends in
// good order after the parts have passed, and its successor begins with the same
// listener: the pages and the control socket, which answer single requests.

// mover is a server that passes to another process, connections and all.
type mover interface {
	server
	// part is what it is called between the two processes.
	part() string
	// standStill stops it between two messages, or fails and lets it go on.
	standStill(ctx context.Context) (standstill, error)
	// takeOver makes it what the other process's part of this name is. Serve, which
	// comes later, serves that.
	takeOver(from *handover.Taker) error
}

// standstill is a part that stands still. After HandOver either GoOn or Leave is
// called.
type standstill interface {
	HandOver(to *handover.Giver) error
	// GoOn has the part serve as if nothing had happened.
	GoOn()
	// Leave ends the part, and Serve: another process has it.
	Leave()
}

// movers returns those of the servers that pass to another process, in order, and
// what else there is.
func movers(servers []server) (pass []mover, rest []server) {
	for _, s := range servers {
		if m, ok := s.(mover); ok {
			pass = append(pass, m)
		} else {
			rest = append(rest, s)
		}
	}
	return pass, rest
}

// part is what the gateway is called between two processes.
func (s gatewayServer) part() string { return s.name }

func (s gatewayServer) standStill(ctx context.Context) (standstill, error) {
	for {
		still, err := s.StandStill(ctx)
		if !errors.Is(err, gateway.ErrNotServing) {
			if err != nil {
				return nil, err
			}
			return still, nil
		}
		select { // Serve is about to begin
		case <-ctx.Done():
			return nil, err
		case <-time.After(time.Millisecond):
		}
	}
}

func (s gatewayServer) takeOver(from *handover.Taker) error { return s.TakeOver(from) }

// takeGateways takes over the gateways that the process before hands over.
func (p *process) takeGateways() error {
	var parts []mover
	for _, g := range p.gateways {
		if p.successor.offers(g.part()) {
			parts = append(parts, g)
		}
	}
	return p.successor.take(parts...)
}

// serveTakenOver serves what takeOver has taken over.
func (s gatewayServer) serveTakenOver() error { return s.ServeTakenOver() }
