package gateway

import (
	"context"
	"errors"
	"net"
	"sync/atomic"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/netloop"
)

// clientPoller serves a share of the clients from one goroutine: it reads what
// arrives and goes on writing where the kernel had no room. There is one per
// core.
type clientPoller struct {
	gw     *Gateway
	poller *netloop.Poller
	table  *netloop.Table[client] // shared by all pollers
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
	table := new(netloop.Table[client])
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
			if c := p.table.Load(int(e.FD)); c != nil && c.poller == p {
				p.handle(c, e.Bits)
			}
		}
		p.b.flush()
		p.trimming.answer(p.trimNow)
		if p.noAccept.Load() {
			p.closeListener()
		}
	}
	p.closeListener()
	p.b.flush()
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

func (p *clientPoller) handle(c *client, bits uint32) {
	if c.tls != nil && !c.tls.open.Load() {
		c.tls.ready()
		return
	}
	if bits&netloop.Out != 0 {
		c.writable(&p.b)
	}
	if bits&^netloop.Out == 0 {
		return
	}
	if p.buf == nil {
		p.buf, p.plain = make([]byte, clientReadSize), make([]byte, maxRecord)
	}
	n, err := c.sock.Read(p.buf)
	switch {
	case err == nil && c.tls != nil:
		err = c.tls.received(&p.reader, p.buf[:n], p.plain)
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
		c := &client{gw: p.gw, remote: remote, poller: p.peers[p.next]}
		p.next = (p.next + 1) % len(p.peers)
		c.sock.Init(fd)
		if cfg := p.gw.opts.TLS; cfg != nil {
			c.tls = newClientTLS(c, cfg)
			c.state = clientBlocked
		}
		if !p.gw.addClient(&p.b, c, c.poller.add(c)) {
			c.poller.forget(c)
		}
	}
}

// add returns a function that starts reading c.
func (p *clientPoller) add(c *client) func() error {
	return func() error {
		p.table.Store(c.sock.Sysfd(), c)
		bits := uint32(netloop.In)
		if c.tls != nil {
			bits |= netloop.OneShot // see watchOnce
		}
		return p.poller.Add(c.sock.Sysfd(), bits)
	}
}

// watchOnce has the poller report once that something arrived or, with out, that
// the kernel takes bytes again: the TLS handshake reads and writes by itself.
// The caller holds c.mu.
func (p *clientPoller) watchOnce(c *client, out bool) {
	bits := uint32(netloop.In | netloop.OneShot)
	if out {
		bits |= netloop.Out
	}
	_ = p.poller.Mod(c.sock.Sysfd(), bits)
}

// watch says what the client's socket is watched for, unless the TLS handshake
// says it. The caller holds c.mu.
func (p *clientPoller) watch(c *client, out, in bool) {
	if c.shaking() {
		return
	}
	var bits uint32
	if in {
		bits |= netloop.In
	}
	if out {
		bits |= netloop.Out
	}
	// It fails only for a socket that is closed.
	_ = p.poller.Mod(c.sock.Sysfd(), bits)
}

// forget closes the client's socket.
func (p *clientPoller) forget(c *client) {
	p.table.Clear(c.sock.Sysfd(), c)
	c.sock.Close()
}
