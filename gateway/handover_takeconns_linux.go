package gateway

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/netloop"
	"github.com/go-gatewayworker/gatewayworker/gateway/internal/outqueue"
	"github.com/go-gatewayworker/gatewayworker/gateway/internal/proxyproto"
	"github.com/go-gatewayworker/gatewayworker/internal/handover"
)

// How connections are made again from their records.

func (t *taking) innerConn(f *handover.Fields) error {
	ic := t.g.newInnerConn(netip.AddrPort{}, &t.inner.out.batch)
	fd, parkedAt := -1, uint64(0)
	var err error
	for f.Next() && err == nil {
		switch f.Field() {
		case fieldConnFile:
			fd, err = t.from.File(f.Uint())
		case fieldConnRemote:
			if err = ic.remote.UnmarshalBinary(f.Bytes()); err == nil {
				ic.remoteIP = phpIP(ic.remote.Addr())
			}
		case fieldConnAuthorized:
			ic.authorized.Store(f.Bool())
		case fieldConnUnread:
			ic.unread = f.Copy()
		case fieldConnParked:
			ic.parked = int(f.Uint())
		case fieldConnParkedAt:
			parkedAt = f.Uint()
		case fieldConnKey:
			ic.key = f.Text()
		case fieldConnOut:
			ic.out = innerQueue{last: f.Copy()}
		case fieldConnAge:
			ic.since = time.Now().Add(-time.Duration(f.Uint()) * time.Microsecond)
		case fieldConnLost:
			ic.lost = f.Uint()
		case fieldConnState:
			ic.state = innerState(f.Uint()) & innerPassedOn
		}
	}
	switch err = errors.Join(err, f.Err()); {
	case err != nil:
		return err
	case fd < 0 || ic.parked > len(ic.unread) || (parkedAt > 0) != (ic.parked > 0):
		return fmt.Errorf("gateway: %w: an inner connection", handover.ErrMalformed)
	}
	ic.sock.Init(fd)
	ic.again = t.inner.again(fd)
	if parkedAt > 0 {
		t.parked[parkedAt] = ic
	}
	t.conns = append(t.conns, ic)
	t.inner.conns[int32(fd)] = ic
	return nil
}

func (t *taking) slot(f *handover.Fields) error {
	s := new(workerSlot)
	conn := uint64(0)
	for f.Next() {
		switch f.Field() {
		case fieldSlotKey:
			s.key = f.Text()
		case fieldSlotConn:
			conn = f.Uint()
		case fieldSlotCount:
			s.count = int(f.Uint())
		}
	}
	table := t.g.workers
	if f.Err() != nil || conn > uint64(len(t.conns)) || table.byKey[s.key] != nil {
		return errors.Join(f.Err(), fmt.Errorf("gateway: %w: a worker", handover.ErrMalformed))
	}
	t.slots = append(t.slots, s)
	table.byKey[s.key] = s
	if conn > 0 {
		ic := t.conns[conn-1]
		ic.slot = s
		s.conn.Store(ic)
		table.live = append(table.live, s)
	}
	return nil
}

func (t *taking) client(f *handover.Fields) error {
	poller := t.pollers[t.pollers[0].next]
	t.pollers[0].next = (t.pollers[0].next + 1) % len(t.pollers)
	transport := new(plainTransport)
	c := &transport.client
	c.Owner = c
	c.transport = transport
	fd, listener, slot := -1, uint64(0), uint64(0)
	var remote netip.AddrPort
	var err error
	for f.Next() && err == nil {
		if t.restorer.Field(&c.Client, f) {
			continue
		}
		switch f.Field() {
		case fieldClientFile:
			fd, err = t.from.File(f.Uint())
		case fieldClientListener:
			listener = f.Uint()
		case fieldClientRemote:
			err = remote.UnmarshalBinary(f.Bytes())
		case fieldClientProxied:
			r := new(rare)
			err = r.remote.UnmarshalBinary(f.Bytes())
			c.rare.Store(r)
		case fieldClientProto:
			err = c.proto.Restore(f.Bytes())
		case fieldClientUnread:
			c.unread = f.Copy()
		case fieldClientState:
			c.state = clientState(f.Uint()) & clientPassedOn
		case fieldClientSlot:
			slot = f.Uint()
		case fieldClientOut:
			c.out = outqueue.Get()
			c.out.Append(f.Bytes())
		case fieldClientEarly:
			c.early = f.Copy()
			t.g.early.Add(int64(len(c.early)))
		case fieldClientSilent:
			c.silent.Store(int32(f.Int()))
		case fieldClientWhy:
			c.why = CloseReason(min(f.Uint(), closeReasons-1))
		}
	}
	switch err = errors.Join(err, f.Err()); {
	case err != nil:
		return err
	case fd < 0 || slot > uint64(len(t.slots)):
		return fmt.Errorf("gateway: %w: a client", handover.ErrMalformed)
	}
	l, err := t.listenerOf(listener, remote)
	if err != nil {
		return err
	}
	transport.init(l, remote, poller, fd)
	if slot > 0 {
		c.slot = t.slots[slot-1]
		c.slot.bound++
	}
	if err := t.restorer.Client(&c.Client); err != nil {
		return err
	}
	l.clients++
	t.g.lives.connects++
	t.g.admitTaken(c)
	if !c.state.any(clientReady) && t.g.options().HandshakeTimeout > 0 {
		t.g.handshaking.add(time.Since(t.g.started), c.ID())
	}
	t.watching.later(transport)
	return nil
}

// listenerOf returns the listener that has a number in the other process, by
// which remote came.
func (t *taking) listenerOf(number uint64, remote netip.AddrPort) (*clientListener, error) {
	if number < 1 || number > uint64(len(t.listeners)) {
		return nil, fmt.Errorf("gateway: %w: a listener", handover.ErrMalformed)
	}
	l := t.listeners[number-1]
	if l == nil {
		return nil, fmt.Errorf("gateway: client %v came by a listener that is not configured here", remote)
	}
	return l, nil
}

// proxyHead waits for the rest of a PROXY head, which has the whole time again.
func (t *taking) proxyHead(f *handover.Fields) error {
	head := &proxyHead{since: time.Now()}
	fd, listener := -1, uint64(0)
	var err error
	for f.Next() && err == nil {
		switch f.Field() {
		case fieldHeadFile:
			fd, err = t.from.File(f.Uint())
		case fieldHeadListener:
			listener = f.Uint()
		case fieldHeadPeer:
			err = head.peer.UnmarshalBinary(f.Bytes())
		case fieldHeadGot:
			head.got = f.Copy()
		}
	}
	switch err = errors.Join(err, f.Err()); {
	case err != nil:
		return err
	case fd < 0 || len(head.got) > proxyproto.MaxHead:
		return fmt.Errorf("gateway: %w: a PROXY head", handover.ErrMalformed)
	}
	if head.to, err = t.listenerOf(listener, head.peer); err != nil {
		return err
	}
	head.fd.Init(fd)
	p := t.pollers[0]
	if p.heads == nil {
		p.heads = newProxyHeads(p)
		p.heads.timer.Reset(t.g.proxyHeadTimeout())
	}
	p.heads.conns[fd] = head
	return p.poller.Add(fd, netloop.In)
}

// watching has the clients' pollers watch them, while the taking of others goes on:
// the kernel takes about as long for it as we do for all the rest.
type watching struct {
	g       *Gateway
	clients chan *plainTransport
	ended   chan error // gets the first error
}

func newWatching(g *Gateway) *watching {
	w := &watching{g: g, clients: make(chan *plainTransport, 1024), ended: make(chan error, 1)}
	go func() {
		var first error
		for s := range w.clients {
			if err := w.watch(s); first == nil {
				first = err
			}
		}
		w.ended <- first
	}()
	return w
}

// later has a client watched. Nothing else may be done with it until end.
func (w *watching) later(s *plainTransport) { w.clients <- s }

// end returns when all are watched.
func (w *watching) end() error {
	close(w.clients)
	return <-w.ended
}

// watch has the client's poller report what it waits for, once it runs.
func (w *watching) watch(s *plainTransport) error {
	c := &s.client
	if c.state.any(clientClosing) {
		c.flags.Or(flagEnded)
	}
	if c.proto.Deflates() {
		c.flags.Or(flagDeflates)
		w.g.compression.clients.Add(1)
	}
	if err := c.transport.startLocked(); err != nil {
		return err
	}
	if c.out != nil {
		c.state |= clientBlocked
	}
	if c.state.any(clientBlocked | clientClosing) {
		s.watchLocked(true, c.readLocked())
	}
	// Perhaps a request that waited for ConnectHook, or a message that was inflated.
	if len(c.unread) > 0 && (!c.state.any(clientReady) || c.proto.Need() == 0) {
		s.resume()
	}
	return nil
}
