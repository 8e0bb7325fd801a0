package gateway

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/netloop"
	"github.com/go-gatewayworker/gatewayworker/gateway/internal/tlsloop"
	"github.com/go-gatewayworker/gatewayworker/internal/accept"
)

// clientPoller serves a share of the clients from one goroutine: it reads what
// arrives, and writes what waits when the kernel has room again. There is one per
// core.
type clientPoller struct {
	gw     *Gateway
	poller *netloop.Poller
	table  *netloop.Table[socket] // shared by all pollers
	b      batch
	reader clientReader
	buf    []byte // nil until they are needed
	plain  []byte // a decrypted record
	events []netloop.Event

	// The first poller accepts, and deals the clients out.
	entrances   []*entrance // none in the others
	peers       []*clientPoller
	next        int
	noAccept    atomic.Bool
	heads       *proxyHeads // nil before the first PROXY head
	acceptAgain atomic.Bool // a pause is over

	shares   shares
	resumed  resumedClients
	trimming trimRequest
	parking  parking
	relay    atomic.Pointer[Relay] // nil until another process has taken the clients over
}

// entrance is a listener that a poller accepts from.
type entrance struct {
	*clientListener
	from        acceptor
	fd          int // of from
	pause       accept.Pause
	paused      bool
	userTimeout userTimeout
}

// acceptor is a *netloop.Listener.
type acceptor interface {
	Accept() (int, netip.AddrPort, error)
	Sysfd() int
	Close() error
}

const (
	clientEvents = 256
	acceptsATurn = 16 // a millisecond, perhaps
)

func newClientPollers(g *Gateway, n int, ls []*net.TCPListener) ([]*clientPoller, error) {
	table := new(netloop.Table[socket])
	var ps []*clientPoller
	for range n {
		poller, err := netloop.NewPoller(clientEvents)
		if err != nil {
			return ps, err
		}
		p := &clientPoller{gw: g, poller: poller, table: table}
		p.reader = clientReader{gw: g, b: &p.b, event: make([]byte, 0, 1<<10), poller: true}
		ps = append(ps, p)
	}
	ps[0].peers = ps
	for i, l := range ls {
		from, err := netloop.NewListener(l)
		if err != nil {
			return ps, err
		}
		if err := ps[0].listen(g.listeners[i], from); err != nil {
			return ps, err
		}
	}
	return ps, nil
}

// listen has the poller accept the clients of l.
func (p *clientPoller) listen(l *clientListener, from acceptor) error {
	e := &entrance{clientListener: l, from: from, fd: from.Sysfd()}
	e.userTimeout.begin(e.fd, p.gw.options().UserTimeout)
	p.entrances = append(p.entrances, e)
	return p.poller.Add(from.Sysfd(), netloop.In)
}

// entrance returns the one with a descriptor, nil if that is a client's.
func (p *clientPoller) entrance(fd int) *entrance {
	for _, e := range p.entrances {
		if e.fd == fd {
			return e
		}
	}
	return nil
}

// serve runs until stop.
func (p *clientPoller) serve() {
	for {
		var err error
		if p.events, err = p.poller.Wait(p.events[:0]); err != nil {
			if !errors.Is(err, netloop.ErrClosed) {
				p.gw.fail("client port", err)
			}
			break
		}
		for _, e := range p.events {
			if in := p.entrance(int(e.FD)); in != nil {
				p.accept(in)
				continue
			}
			if p.heads.handle(int(e.FD)) {
				continue
			}
			if s := p.table.Load(int(e.FD)); s != nil && s.poller == p {
				p.handle(s, e.Bits)
			}
		}
		p.heads.expire()
		p.resumeClients()
		p.flush()
		if p.shares.due.Swap(false) {
			p.shares.tick(p.now(), p.poller.Wake)
		}
		p.trimming.answer(p.trimNow)
		if p.acceptAgain.Swap(false) {
			p.resumeAccepting()
		}
		if p.noAccept.Load() {
			p.heads.close()
			p.closeListeners()
		}
		if p.parking.answer() {
			break
		}
	}
	p.heads.close()
	p.closeListeners()
	p.reader.flush()
}

// flush writes out what the turn has led to.
func (p *clientPoller) flush() {
	if len(p.shares.heavy) == 0 {
		p.reader.flush()
		return
	}
	began := p.now()
	p.reader.flush()
	now := p.now()
	p.shares.endTurn(now-began, now, p.poller.Wake)
}

// now is the gateway's clock.
func (p *clientPoller) now() time.Duration { return time.Since(p.gw.started) }

// stopAccepting closes the listeners; clients are served on.
func (p *clientPoller) stopAccepting() {
	p.noAccept.Store(true)
	p.poller.Wake()
}

// trim has the poller let go of the memory that it keeps from batch to batch.
func (p *clientPoller) trim(ctx context.Context) { p.trimming.ask(ctx, p.poller.Wake) }

func (p *clientPoller) trimNow() {
	p.buf, p.plain = nil, nil
	p.b.trim()
}

func (p *clientPoller) closeListeners() {
	for _, e := range p.entrances {
		_ = e.from.Close()
	}
	p.entrances = nil
}

func (p *clientPoller) stop() { _ = p.poller.Close() }

func (p *clientPoller) handle(s *socket, bits uint32) {
	c := &s.client
	secure, _ := c.transport.(*tlsTransport)
	if secure != nil && secure.handshaking() {
		secure.ready()
		return
	}
	if bits&netloop.Out != 0 {
		c.writable(&p.b)
	}
	if bits&^netloop.Out == 0 {
		return
	}
	if bits&netloop.In == 0 && c.hookWait() != nil { // what it has sent is not read
		p.gw.destroyClient(&p.b, c, ClosedByClient)
		return
	}
	if p.buf == nil {
		p.buf, p.plain = make([]byte, clientReadSize), make([]byte, tlsloop.MaxRecord)
	}
	n, err := s.fd.Read(p.buf)
	began := notTimed
	if n >= heavyRead {
		began = p.now()
	}
	switch {
	case err == nil && secure != nil:
		err = secure.received(&p.reader, p.buf[:n], p.plain)
	case err == nil:
		p.reader.received(c, p.buf[:n])
	case err == netloop.ErrAgain:
		err = nil
	}
	if n >= heavyRead || p.reader.long > 0 {
		p.charge(s, began)
	}
	if err != nil {
		p.gw.letGo(c.unread)
		p.gw.destroyClient(&p.b, c, ClosedByClient)
	}
}

// notTimed is when a read began that is too short to be timed.
const notTimed = time.Duration(-1)

// charge notes what was read of s since began. A long message may have ended with a
// short read: it is the client's all the same, and not of whoever is read next.
func (p *clientPoller) charge(s *socket, began time.Duration) {
	now := p.now()
	if began == notTimed {
		began = now
	}
	p.shares.took(s, now-began, p.reader.long, now, p.poller.Wake)
	p.reader.long = 0
}

// accept takes some of the new connections; the rest is another event.
func (p *clientPoller) accept(e *entrance) {
	e.userTimeout.change(e.fd, p.gw.options().UserTimeout)
	refused := false
	defer func() {
		if refused { // a flood goes on, and clients that are there come first
			p.pauseAccepting(e, acceptRetry)
		}
	}()
	for range acceptsATurn {
		fd, remote, err := e.from.Accept()
		switch {
		case err == nil:
			e.pause.Reset()
			e.userTimeout.accepted(fd)
		case errors.Is(err, netloop.ErrAgain):
			e.userTimeout.allAccepted()
			return
		default:
			p.gw.acceptFailed("client", err)
			if errors.Is(err, netloop.ErrRefused) {
				refused = true
				continue
			}
			refused = false
			p.pauseAccepting(e, e.pause.Next())
			return
		}
		if p.gw.awaitsProxyHead(remote) {
			if p.heads == nil {
				p.heads = newProxyHeads(p)
			}
			p.heads.await(e.clientListener, fd, remote)
			continue
		}
		p.take(e.clientListener, fd, remote)
	}
}

// take makes a client of a connection, and deals it out.
func (p *clientPoller) take(l *clientListener, fd int, remote netip.AddrPort) {
	made := newPlainClient
	if l.secure() {
		made = newTLSClient
	}
	p.gw.addClient(&p.b, made(l, remote, p.peers[p.next], fd))
	p.next = (p.next + 1) % len(p.peers)
}

// pauseAccepting leaves new connections to the kernel for a while. What keeps one
// from being accepted (memory, descriptors, a firewall's rule) passes, and until
// then the poller would be told of it without end.
func (p *clientPoller) pauseAccepting(e *entrance, pause time.Duration) {
	_ = p.poller.Mod(e.fd, 0)
	e.paused = true
	time.AfterFunc(pause, func() {
		p.acceptAgain.Store(true)
		p.poller.Wake()
	})
}

// resumeAccepting ends the pauses. One that would last longer begins anew if its
// reason is still there.
func (p *clientPoller) resumeAccepting() {
	for _, e := range p.entrances {
		if e.paused {
			e.paused = false
			_ = p.poller.Mod(e.fd, netloop.In)
		}
	}
}

// add starts watching a client's socket, for bits.
func (p *clientPoller) add(s *socket, bits uint32) error {
	p.table.Store(s.fd.Sysfd(), s)
	return p.poller.Add(s.fd.Sysfd(), bits)
}

// watch says what a client's socket is watched for: that the kernel takes bytes
// (out), that something arrives (in). The caller holds the client's mu.
func (p *clientPoller) watch(s *socket, out, in bool) {
	var bits uint32
	switch {
	case in && s.client.state.any(clientHeld):
		bits |= netloop.RDHup // its end alone
	case in:
		bits |= netloop.In
	}
	if out {
		bits |= netloop.Out
	}
	// It fails only for a socket that is closed.
	_ = p.poller.Mod(s.fd.Sysfd(), bits)
}

// watchOnce has the poller report once that something has arrived or, with out,
// that the kernel takes bytes again. The caller holds the client's mu.
func (p *clientPoller) watchOnce(s *socket, out bool) {
	bits := uint32(netloop.In | netloop.OneShot)
	if out {
		bits |= netloop.Out
	}
	_ = p.poller.Mod(s.fd.Sysfd(), bits)
}

// forget closes a client's socket.
func (p *clientPoller) forget(s *socket) {
	p.table.Clear(s.fd.Sysfd(), s)
	s.fd.Close()
}
