package gateway

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/go-gatewayworker/gatewayworker/internal/handover"
)

// HandOver writes the gateway to another process, for [Gateway.TakeOver]. The
// gateway is as before: GoOn or Leave has to follow.
func (s *Standstill) HandOver(to *handover.Giver) error {
	w := &giving{Standstill: s, to: to}
	if err := w.gateway(); err != nil {
		return err
	}
	for _, l := range s.links {
		if err := l.HandOver(to); err != nil {
			return err
		}
	}
	if err := w.workers(); err != nil {
		return err
	}
	if err := w.clients(); err != nil || len(s.pairs) == 0 {
		return err
	}
	relay, err := newRelay(slices.Collect(maps.Values(s.pairs)))
	s.relay = relay
	return err
}

// giving is one HandOver.
type giving struct {
	*Standstill
	to    *handover.Giver
	r     handover.Record
	conns map[*innerConn]uint64  // number of each
	slots map[*workerSlot]uint64 // number of each
}

func (w *giving) file(field, fd int) error {
	number, err := w.to.File(fd)
	w.r.Uint(field, number)
	return err
}

func (w *giving) gateway() error {
	g := w.g
	g.mu.Lock()
	open := g.open // the clients' listeners in order, then the inner one
	g.mu.Unlock()
	w.r.Reset(kindGateway)
	w.r.String(fieldInnerAddress, g.innerAddress().HostPort())
	w.r.String(fieldClientID, g.Address().String())
	for i, l := range open {
		field := fieldInnerFile
		if i < len(g.listeners) {
			w.r.String(fieldListenAddress, g.listeners[i].address.String())
			field = fieldListenFile
		}
		number, err := w.to.Socket(l)
		if err != nil {
			return fmt.Errorf("gateway: the listener of %v: %w", l.Addr(), err)
		}
		w.r.Uint(field, number)
	}
	for _, c := range g.counters() {
		w.r.Uint(fieldCount, c.Load()+1) // never left out
	}
	g.hub.Mu.Lock()
	for _, n := range g.lives.closes {
		w.r.Uint(fieldCloses, n+1)
	}
	g.hub.Mu.Unlock()
	clock := time.Since(g.started)
	w.r.Uint(fieldBeat, uint64(g.beats.left(clock).Microseconds()))
	w.r.Uint(fieldWorkerBeat, uint64(g.workerBeats.left(clock).Microseconds()))
	return w.to.Write(&w.r)
}

// workers writes inner connections and the worker table. The loop stands still,
// and so do all who change them; the locks are for the race detector's peace and
// ours.
func (w *giving) workers() error {
	g := w.g
	g.hub.Mu.Lock()
	defer g.hub.Mu.Unlock()
	parked := map[*innerConn]uint64{}
	for i, ic := range w.inner.parked {
		parked[ic] = uint64(i + 1)
	}
	w.conns = map[*innerConn]uint64{}
	for _, ic := range w.inner.conns {
		w.conns[ic] = uint64(len(w.conns) + 1)
		if err := w.innerConn(ic, parked[ic]); err != nil {
			return err
		}
	}
	w.slots = map[*workerSlot]uint64{}
	for _, s := range g.workers.live {
		if err := w.slot(s); err != nil {
			return err
		}
	}
	for _, s := range g.workers.byKey { // those whose worker is gone have no order
		if w.slots[s] == 0 {
			if err := w.slot(s); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *giving) innerConn(ic *innerConn, parkedAt uint64) error {
	w.r.Reset(kindInner)
	if err := w.file(fieldConnFile, ic.sock.Sysfd()); err != nil {
		return err
	}
	w.r.Bytes(fieldConnRemote, addrPort(ic.remote))
	w.r.Bool(fieldConnAuthorized, ic.authorized.Load())
	w.r.Bytes(fieldConnUnread, ic.unread)
	w.r.Uint(fieldConnParked, uint64(ic.parked))
	w.r.Uint(fieldConnParkedAt, parkedAt)
	w.r.String(fieldConnKey, ic.key)
	ic.mu.Lock()
	w.r.Bytes(fieldConnOut, slices.Concat(ic.out.pieces()...))
	w.r.Uint(fieldConnState, uint64(ic.state&innerPassedOn))
	w.r.Uint(fieldConnAge, uint64(max(0, time.Since(ic.since).Microseconds())))
	w.r.Uint(fieldConnLost, ic.lost)
	ic.mu.Unlock()
	return w.to.Write(&w.r)
}

func (w *giving) slot(s *workerSlot) error {
	w.slots[s] = uint64(len(w.slots) + 1)
	w.r.Reset(kindSlot)
	w.r.String(fieldSlotKey, s.key)
	w.r.Uint(fieldSlotConn, w.conns[s.conn.Load()])
	w.r.Uint(fieldSlotCount, uint64(s.count))
	return w.to.Write(&w.r)
}

// clients writes the clients and the hub.
func (w *giving) clients() error {
	h := w.g.hub
	listeners := map[*clientListener]uint64{}
	for i, l := range w.g.listeners {
		listeners[l] = uint64(i + 1)
	}
	h.Mu.Lock()
	defer h.Mu.Unlock()
	for part := range h.ClientsLocked().All() {
		c := clientOf(part)
		if err := w.client(c, listeners[c.listener]); err != nil {
			return err
		}
	}
	if err := h.SaveLocked(w.to.Write); err != nil {
		return err
	}
	for _, p := range w.pollers {
		if p.heads == nil {
			continue
		}
		for fd, head := range p.heads.conns {
			if err := w.proxyHead(fd, head, listeners[head.to]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *giving) proxyHead(fd int, head *proxyHead, listener uint64) error {
	w.r.Reset(kindProxyHead)
	if err := w.file(fieldHeadFile, fd); err != nil {
		return err
	}
	w.r.Uint(fieldHeadListener, listener)
	w.r.Bytes(fieldHeadPeer, addrPort(head.peer))
	w.r.Bytes(fieldHeadGot, head.got)
	return w.to.Write(&w.r)
}

func (w *giving) client(c *client, listener uint64) error {
	fd, err := w.clientFile(c)
	if err != nil {
		return err
	}
	w.r.Reset(kindClient)
	c.SaveLocked(&w.r)
	if err := w.file(fieldClientFile, fd); err != nil {
		return err
	}
	w.r.Uint(fieldClientListener, listener)
	w.r.Bytes(fieldClientRemote, addrPort(c.peer.addrPort()))
	if r := c.rare.Load(); r != nil && r.remote.IsValid() {
		w.r.Bytes(fieldClientProxied, addrPort(r.remote))
	}
	var proto [64]byte
	w.r.Bytes(fieldClientProto, c.proto.AppendState(proto[:0]))
	w.r.Bytes(fieldClientUnread, c.unread)
	c.mu.Lock()
	defer c.mu.Unlock()
	w.r.Uint(fieldClientState, uint64(c.state&clientPassedOn))
	w.r.Uint(fieldClientSlot, w.slots[c.slot])
	if q := c.out; q != nil {
		// Batches are flushed, so that what waits was refused by the kernel.
		w.r.Bytes(fieldClientOut, slices.Concat(q.Pieces()...))
	}
	w.r.Bytes(fieldClientEarly, c.early)
	w.r.Int(fieldClientSilent, int64(c.silent.Load()))
	w.r.Uint(fieldClientWhy, uint64(c.why))
	return w.to.Write(&w.r)
}

// clientFile returns the file by which the other process has a client: under TLS
// one end of a pair.
func (w *giving) clientFile(c *client) (int, error) {
	switch t := c.transport.(type) {
	case *plainTransport:
		return t.fd.Sysfd(), nil
	case *tlsTransport:
		p, err := newRelayed(t)
		if err != nil {
			return -1, err
		}
		if w.pairs == nil {
			w.pairs = map[*tlsTransport]*relayed{}
		}
		w.pairs[t] = p
		return p.near, nil
	}
	return -1, fmt.Errorf("gateway: client %v cannot be passed to another process", c.remoteAddr())
}

func addrPort(a netip.AddrPort) []byte {
	p, _ := a.MarshalBinary() // does not fail
	return p
}
