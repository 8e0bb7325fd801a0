package gateway

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"slices"

	"github.com/sirupsen/logrus"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/hub"
	"github.com/go-gatewayworker/gatewayworker/internal/handover"
	"github.com/go-gatewayworker/gatewayworker/register"
)

// TakeOver makes g, which has not served yet, what another process's gateway is,
// which [Standstill.HandOver] has written. Nothing is read or written on the
// connections until [Gateway.ServeTakenOver].
//
// The options may differ from those of the other process, but the inner address
// may not: client ids hold it. Listeners with the same address pass; new ones are
// opened; one that is not there any more must have no clients. Registers that are
// named here alone are dialed, and those that are named there alone get the end of
// their connection, both when the gateway serves.
//
// After an error g is of no use, and the connections are still the other
// process's.
func (g *Gateway) TakeOver(from *handover.Taker) error {
	t := &taking{g: g, from: from, restorer: hub.NewRestorer(g.hub), parked: map[uint64]*innerConn{}, watching: newWatching(g)}
	err := t.records()
	if err := errors.Join(err, t.watching.end()); err != nil {
		return err
	}
	return t.finish()
}

func (t *taking) records() error {
	for {
		f, err := t.from.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := t.record(f); err != nil {
			return err
		}
	}
}

// taking is one TakeOver.
type taking struct {
	watching  *watching
	g         *Gateway
	from      *handover.Taker
	restorer  *hub.Restorer
	pollers   []*clientPoller
	inner     *innerLoop
	listeners []*clientListener // by the other process's numbers; nil is not there any more
	conns     []*innerConn
	slots     []*workerSlot
	parked    map[uint64]*innerConn
}

func (t *taking) record(f *handover.Fields) error {
	if f.Kind() == kindGateway {
		return t.gateway(f)
	}
	if t.inner == nil {
		return fmt.Errorf("gateway: %w: a record before that of the gateway", handover.ErrMalformed)
	}
	switch f.Kind() {
	case kindInner:
		return t.innerConn(f)
	case kindSlot:
		return t.slot(f)
	case kindClient:
		return t.client(f)
	case kindProxyHead:
		return t.proxyHead(f)
	case register.KindLink:
		link, err := register.TakeLink(t.from, f)
		if err == nil {
			t.g.mu.Lock()
			t.g.jobs.taken = append(t.g.jobs.taken, link)
			t.g.mu.Unlock()
		}
		return err
	}
	_, err := t.restorer.Record(f)
	return err
}

func (t *taking) gateway(f *handover.Fields) error {
	g := t.g
	var addresses []string
	var files []net.Listener
	var inner net.Listener
	var innerAddress, identity string
	counters := g.counters()
	closes := 0
	defer func() {
		for _, l := range files { // those that nobody wants
			if l != nil {
				_ = l.Close()
			}
		}
	}()
	var err error
	for f.Next() && err == nil {
		switch f.Field() {
		case fieldInnerAddress:
			innerAddress = f.Text()
		case fieldClientID:
			identity = f.Text()
		case fieldInnerFile:
			inner, err = t.listener(f.Uint())
		case fieldListenAddress:
			addresses = append(addresses, f.Text())
		case fieldListenFile:
			var l net.Listener
			l, err = t.listener(f.Uint())
			files = append(files, l)
		case fieldCount:
			if len(counters) > 0 {
				counters[0].Store(f.Uint() - 1)
				counters = counters[1:]
			}
		case fieldCloses:
			if closes < len(g.lives.closes) {
				g.lives.closes[closes] = f.Uint() - 1
			}
			closes++
		case fieldBeat:
			g.beats.begin(f.Uint())
		case fieldWorkerBeat:
			g.workerBeats.begin(f.Uint())
		}
	}
	switch err = errors.Join(err, f.Err()); {
	case err != nil:
		return err
	case inner == nil || len(addresses) != len(files):
		return fmt.Errorf("gateway: %w: no listeners", handover.ErrMalformed)
	case innerAddress != g.innerAddress().HostPort():
		return fmt.Errorf("gateway: the inner address is %s there and %s here: client ids hold it, so it cannot change", innerAddress, g.innerAddress().HostPort())
	}
	var clients []net.Listener
	t.listeners = make([]*clientListener, len(files))
	for _, l := range g.listeners {
		if l.protocol == customName {
			return fmt.Errorf("gateway: %s: %w", l.address, errors.ErrUnsupported)
		}
		i := slices.Index(addresses, l.address.String())
		if i >= 0 && files[i] != nil {
			t.listeners[i] = l
			clients = append(clients, files[i])
			files[i] = nil
			continue
		}
		opened, err := listen(l.address)
		if err != nil {
			return fmt.Errorf("gateway: client port: %w", err)
		}
		clients = append(clients, opened)
	}
	g.mu.Lock()
	err = g.openLocked(inner, clients)
	g.mu.Unlock()
	if err != nil {
		return err
	}
	if own := g.Address().String(); own != identity {
		return fmt.Errorf("gateway: its address is %s there and %s here: client ids hold it, so lan-ip and start-port cannot change", identity, own)
	}
	pollers, ok := g.clients.(*clientPollers)
	if t.inner, _ = g.inner.(*innerLoop); !ok || t.inner == nil {
		return fmt.Errorf("gateway: its listeners are not of TCP: %w", errors.ErrUnsupported)
	}
	t.pollers = pollers.ps
	return nil
}

// listener returns the listener with a number.
func (t *taking) listener(number uint64) (net.Listener, error) {
	fd, err := t.from.File(number)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "listener")
	defer f.Close()
	return net.FileListener(f)
}

// finish checks that everything came, and has the inner loop watch its
// connections.
func (t *taking) finish() error {
	if t.inner == nil {
		return fmt.Errorf("gateway: %w: no gateway", handover.ErrMalformed)
	}
	if err := t.restorer.Finish(); err != nil {
		return err
	}
	g := t.g
	for _, n := range g.lives.closes {
		g.lives.connects += n
	}
	for i := range uint64(len(t.parked)) {
		ic := t.parked[i+1]
		if ic == nil {
			return fmt.Errorf("gateway: %w: the order of questions", handover.ErrMalformed)
		}
		t.inner.parked = append(t.inner.parked, ic)
	}
	for _, ic := range t.conns {
		// What is there to be read, and room to write, are reported when watching
		// begins.
		if err := t.inner.poller.Add(ic.sock.Sysfd(), innerEdges); err != nil {
			return err
		}
		if ic.out.len() > 0 {
			ic.state |= innerBlocked
		}
		ic.underWay = true // perhaps
		ic.awaitKey()
	}
	for s := range maps.Values(g.workers.byKey) {
		if s.bound == 0 && s.conn.Load() == nil {
			return fmt.Errorf("gateway: %w: worker %q has no connection and no clients", handover.ErrMalformed, s.key)
		}
	}
	return nil
}

// ServeTakenOver serves what TakeOver has taken over, as [Gateway.Serve] does.
func (g *Gateway) ServeTakenOver() error {
	g.mu.Lock()
	if g.state != serverNew || g.inner == nil {
		g.mu.Unlock()
		return errServeTwice
	}
	clients := g.Stats().Clients
	g.runLocked()
	g.dropTakenLinksLocked()
	g.mu.Unlock()
	g.log.WithFields(logrus.Fields{
		"inner":   g.InnerAddr().String(),
		"clients": clients,
	}).Info("gateway is serving what another process has served")
	return g.wait()
}
