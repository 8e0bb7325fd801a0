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
	listener    acceptor // nil if there is none
	listenFD    int      // of listener, or -1
	peers       []*clientPoller
	next        int
	noAccept    atomic.Bool
	pause       accept.Pause
	acceptAgain atomic.Bool // a pause is over

	trimming trimRequest
}

// acceptor is a *netloop.Listener.
type acceptor interface {
	Accept() (int, netip.AddrPort, error)
	Sysfd() int
	Close() error
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
		p := &clientPoller{gw: g, poller: poller, table: table, listenFD: -1}
		p.reader = clientReader{gw: g, b: &p.b}
		ps = append(ps, p)
	}
	listener, err := netloop.NewListener(l)
	if err != nil {
		return ps, err
	}
	ps[0].peers = ps
	return ps, ps[0].listen(listener)
}

// listen has the poller accept from l.
func (p *clientPoller) listen(l acceptor) error {
	p.listener, p.listenFD = l, l.Sysfd()
	return p.poller.Add(p.listenFD, netloop.In)
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
			if int(e.FD) == p.listenFD {
				p.accept()
				continue
			}
			if s := p.table.Load(int(e.FD)); s != nil && s.poller == p {
				p.handle(s, e.Bits)
			}
		}
		p.reader.flush()
		p.trimming.answer(p.trimNow)
		if p.acceptAgain.Swap(false) && p.listener != nil {
			_ = p.poller.Mod(p.listenFD, netloop.In)
		}
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
		p.listener, p.listenFD = nil, -1
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
		p.gw.destroyClient(&p.b, c, ClosedByClient)
	}
}

// accept takes some of the new connections; the rest is another event.
func (p *clientPoller) accept() {
	refused := false
	defer func() {
		if refused { // a flood goes on, and clients that are there come first
			p.pauseAccepting(acceptRetry)
		}
	}()
	for range acceptsATurn {
		fd, remote, err := p.listener.Accept()
		switch {
		case err == nil:
			p.pause.Reset()
		case errors.Is(err, netloop.ErrAgain):
			return
		default:
			p.gw.acceptFailed("client", err)
			if errors.Is(err, netloop.ErrRefused) {
				refused = true
				continue
			}
			refused = false
			p.pauseAccepting(p.pause.Next())
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

// pauseAccepting leaves new connections to the kernel for a while. What keeps one
// from being accepted (memory, descriptors, a firewall's rule) passes, and until
// then the poller would be told of it without end.
func (p *clientPoller) pauseAccepting(pause time.Duration) {
	_ = p.poller.Mod(p.listenFD, 0)
	time.AfterFunc(pause, func() {
		p.acceptAgain.Store(true)
		p.poller.Wake()
	})
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
