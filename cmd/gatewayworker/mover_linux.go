package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gateway"
	"github.com/go-gatewayworker/gatewayworker/internal/handover"
	"github.com/go-gatewayworker/gatewayworker/register"
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

// movers returns those of the servers that pass to another process, and what else
// there is. They stand still in this order, in which they would stop; they pass in
// the other one, as each depends on those behind it.
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
	return standStillOf(ctx, s.StandStill, gateway.ErrNotServing)
}

// standStillOf has a server stand still, which may be about to begin to serve.
func standStillOf[S standstill](ctx context.Context, stand func(context.Context) (S, error), notYet error) (standstill, error) {
	for {
		still, err := stand(ctx)
		switch {
		case err == nil:
			return still, nil
		case !errors.Is(err, notYet):
			return nil, err
		}
		select {
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

// part is what the chat is called between two processes.
func (s chatServer) part() string { return chatPart }

func (s chatServer) standStill(ctx context.Context) (standstill, error) {
	still, err := s.StandStill(ctx)
	if err != nil {
		return nil, err
	}
	return still, nil
}

func (s chatServer) takeOver(from *handover.Taker) error { return s.TakeOver(from) }

// takeChat takes over the chat that the process before hands over.
func (p *process) takeChat(s chatServer) error {
	if !p.successor.offers(s.part()) {
		return nil
	}
	return p.successor.take(s)
}

// part is what the Register is called between two processes.
func (s registerServer) part() string { return s.name }

func (s registerServer) standStill(ctx context.Context) (standstill, error) {
	return standStillOf(ctx, s.StandStill, register.ErrNotServing)
}

func (s registerServer) takeOver(from *handover.Taker) error { return s.TakeOver(from) }

// takeRegister takes over the Register that the process before hands over, and
// returns its address.
func (p *process) takeRegister(s registerServer) (net.Addr, error) {
	if err := p.successor.take(s); err != nil {
		return nil, err
	}
	addresses := s.TakenOver()
	if len(addresses) == 0 {
		return nil, fmt.Errorf("%w: %s did not come first", handover.ErrMalformed, s.name)
	}
	return addresses[0], nil
}

func (s registerServer) serveTakenOver() error {
	if err := s.ServeTakenOver(); !errors.Is(err, register.ErrServerClosed) {
		return err
	}
	return nil
}
