package gateway

import (
	"context"
	"errors"
	"net"
	"sync/atomic"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/netloop"
	"github.com/go-gatewayworker/gatewayworker/gateway/internal/tlsloop"
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
	listener *netloop.Listener
	peers    []*clientPoller
	next     int
	noAccept atomic.Bool

	trimming trimRequest
}

const (
	// clientReadSize is Workerman's TcpConnection::READ_BUFFER_SIZE. It is also
	// the longest message of the tcp protocol.
	clientReadSize = 87380
	clientEvents   = 256
	acceptsATurn   = 64
)

func newClientPollers(g *Gateway, n int, l *net.TCPListener) ([]*clientPoller, error) {
	table := new(netloop.Table[socket])
	var ps []*clientPoller
	for range n {
		poller, err := netloop.NewPoller(clientEvents)
		if err != nil {
			return ps, err
		}
		p := &clientPoller{gw: g, poller: poller, table: table}
		p.reader = clientReader{gw: g, b: &p.b}
		ps = append(ps, p)
	}
	var err error
	if ps[0].listener, err = netloop.NewListener(l); err != nil {
		return ps, err
	}
	ps[0].peers = ps
	return ps, ps[0].poller.Add(ps[0].listener.Sysfd(), netloop.In)
}

// serve runs until stop.
func (p *clientPoller) serve() {
	for {
		var err error
		if p.events, err = p.poller.Wait(p.events[:0]); err != nil {
			if !errors.Is(err, netloop.ErrClosed) {
				p.gw.log.WithError(err).Error("client port failed")
			}
			break
		}
		for _, e := range p.events {
			if p.listener != nil && int(e.FD) == p.listener.Sysfd() {
				p.accept()
				continue
			}
			if s := p.table.Load(int(e.FD)); s != nil && s.poller == p {
				p.handle(s, e.Bits)
			}
		}
		p.reader.flush()
		p.trimming.answer(p.trimNow)
		if p.noAccept.Load() {
			p.closeListener()
		}
	}
	p.closeListener()
	p.reader.flush()
}

// stopAccepting closes the listener; clients are served on.
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

func (p *clientPoller) closeListener() {
	if p.listener != nil {
		_ = p.listener.Close()
		p.listener = nil
	}
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
	if p.buf == nil {
		p.buf, p.plain = make([]byte, clientReadSize), make([]byte, tlsloop.MaxRecord)
	}
	n, err := s.fd.Read(p.buf)
	switch {
	case err == nil && secure != nil:
		err = secure.received(&p.reader, p.buf[:n], p.plain)
	case err == nil:
		p.reader.received(c, p.buf[:n])
	case err == netloop.ErrAgain:
		err = nil
	}
	if err != nil {
		p.gw.destroyClient(&p.b, c)
	}
}

// accept takes some of the new connections; the rest is another event.
func (p *clientPoller) accept() {
	for range acceptsATurn {
		fd, remote, err := p.listener.Accept()
		switch {
		case err == nil:
		case errors.Is(err, netloop.ErrAgain):
			return
		default:
			p.gw.acceptFailed("client", err)
			if errors.Is(err, netloop.ErrRefused) {
				continue
			}
			return
		}
		made := newPlainClient
		if p.gw.opts.TLS != nil {
			made = newTLSClient
		}
		p.gw.addClient(&p.b, made(p.gw, remote, p.peers[p.next], fd))
		p.next = (p.next + 1) % len(p.peers)
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
	if in {
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
