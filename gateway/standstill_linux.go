package gateway

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/go-gatewayworker/gatewayworker/register"
)

// ErrNotServing says that a gateway does not serve yet.
var ErrNotServing = errors.New("gateway: it does not serve yet")

// Standstill is a gateway that neither reads nor writes nor accepts, so that its
// state can be handed to another process; see [Gateway.StandStill].
type Standstill struct {
	g       *Gateway
	pollers []*clientPoller
	inner   *innerLoop
	stops   []*stop
	pairs   map[*tlsTransport]*relayed // of the clients under TLS, from HandOver on
	relay   *Relay
	links   []*register.HeldLinks // to Registers
}

// StandStill stops everything that the gateway does, between two messages, and
// returns when it stands. Nothing is lost meanwhile: what peers send waits in the
// kernel. Either [Standstill.GoOn] or [Standstill.Leave] has to follow soon.
//
// It fails if ctx ends first, and where a gateway's connections cannot be passed
// to another process: with a custom protocol, listeners other than of TCP; the
// gateway then goes on.
func (g *Gateway) StandStill(ctx context.Context) (*Standstill, error) {
	if err := g.movable(); err != nil {
		return nil, err
	}
	s := &Standstill{g: g}
	g.standstill.Lock()
	g.mu.Lock()
	state, clients, inner := g.state, g.clients, g.inner
	g.mu.Unlock()
	fail := func(err error) (*Standstill, error) {
		s.end(false)
		return nil, err
	}
	switch state {
	case serverServing:
	case serverNew:
		return fail(ErrNotServing)
	default:
		return fail(ErrServerClosed)
	}
	pollers, ok := clients.(*clientPollers)
	s.inner, _ = inner.(*innerLoop)
	if !ok || s.inner == nil {
		return fail(errors.New("gateway: its listeners are not of TCP: another process cannot take them over"))
	}
	// The pollers first: what they still give to workers is flushed when they stop.
	s.pollers = pollers.ps
	for _, p := range s.pollers {
		s.stops = append(s.stops, p.parking.hold(p.poller.Wake))
	}
	for _, stop := range slices.Clone(s.stops) {
		if err := stop.await(ctx); err != nil {
			return fail(fmt.Errorf("gateway: the clients do not come to a stand: %w", err))
		}
	}
	stop := s.inner.parking.hold(s.inner.poller.Wake)
	s.stops = append(s.stops, stop)
	if err := stop.await(ctx); err != nil {
		return fail(fmt.Errorf("gateway: the inner port does not come to a stand: %w", err))
	}
	g.mu.Lock()
	announcements := slices.Collect(maps.Values(g.jobs.announcements)) // none begins or ends now
	g.mu.Unlock()
	for _, a := range announcements {
		link, err := a.StandStill(ctx)
		if err != nil {
			return fail(err)
		}
		s.links = append(s.links, link)
	}
	return s, nil
}

// movable reports why the gateway cannot be handed over, nil if it can.
func (g *Gateway) movable() error {
	for _, l := range g.listeners {
		if l.protocol == customName {
			return fmt.Errorf("gateway: the clients of %s speak a protocol of the program's own: another process cannot take them over", l.address)
		}
	}
	return nil
}

// Count returns how many clients the gateway has, and how many connections its
// inner port.
func (s *Standstill) Count() (clients, inner int) {
	s.g.hub.Mu.Lock()
	defer s.g.hub.Mu.Unlock()
	return s.g.hub.ClientsLocked().Len(), len(s.inner.conns)
}

// GoOn has the gateway go on as if nothing had happened.
func (s *Standstill) GoOn() { s.end(false) }

// Relay returns what stays for the clients under TLS when Leave was called: this
// process has to go on until it is done. It is nil where there are none.
func (s *Standstill) Relay() *Relay { return s.relay }

// Leave ends the gateway, which another process has taken over: Serve returns
// [ErrLeft], and no peer is told anything. Clients under TLS go on by way of
// Relay.
func (s *Standstill) Leave() {
	g := s.g
	g.mu.Lock()
	g.state = serverClosed
	g.failure = ErrLeft
	g.jobs.cancel()
	g.closeListenersLocked()
	g.stopped.Store(true)
	g.mu.Unlock()
	for _, c := range g.allClients() {
		switch t := c.transport.(type) {
		case *plainTransport:
			t.poller.forget(&t.socket)
		case *tlsTransport:
			t.poller.table.Clear(t.fd.Sysfd(), &t.socket)
		}
		g.hub.Mu.Lock()
		c.mu.Lock()
		c.state |= clientClosed // nothing is read, written or told any more
		c.flags.Or(flagEnded)
		g.hub.RemoveLocked(&c.Client)
		inflating := c.state.any(clientInflating)
		c.mu.Unlock()
		g.hub.Mu.Unlock()
		if inflating { // the other process does it again
			g.inflations.drop(c.inflation())
		}
		if w := c.hookWait(); w != nil { // the other process asks again
			g.hooks.drop(w)
		}
	}
	for _, p := range s.pollers {
		if p.heads != nil {
			for _, head := range p.heads.conns {
				head.fd.Close() // and not read to its end
			}
			clear(p.heads.conns)
		}
	}
	for _, ic := range s.inner.conns {
		if ic.keyTimer != nil {
			ic.keyTimer.Stop()
		}
		ic.mu.Lock()
		ic.state |= innerClosed
		ic.mu.Unlock()
		ic.sock.Close()
	}
	for _, p := range s.pollers {
		p.relay.Store(s.relay)
	}
	s.end(true)
	if s.relay != nil {
		s.relay.run()
	}
	g.clients.stop()
	g.inner.stop()
	<-g.served
}

func (s *Standstill) end(leave bool) {
	for _, p := range s.pairs {
		if leave {
			p.passed()
		} else {
			p.drop()
		}
	}
	s.pairs = nil
	if s.relay != nil && !leave {
		s.relay.drop()
		s.relay = nil
	}
	for _, l := range s.links {
		if leave {
			l.Leave()
		} else {
			l.GoOn()
		}
	}
	s.links = nil
	for _, stop := range s.stops {
		stop.end(leave)
	}
	s.g.standstill.Unlock()
}
