package gateway

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/netloop"
	"github.com/go-gatewayworker/gatewayworker/gateway/internal/tlsloop"
)

// relayed is a client of a Relay. Its loop's goroutine does everything but the TLS
// handshake.
type relayed struct {
	t     *tlsTransport
	loop  *relayLoop
	far   netloop.FD // towards the process that has the client
	farFD int32
	near  int // the other end, until it has passed

	up   []byte // decrypted, refused by far
	down []byte // of far, not yet encrypted

	begun       time.Time
	ended       bool      // the client has ended, or should: nothing more of it is read
	told        bool      // far has been told so
	broken      bool      // the client cannot be written to
	farewell    time.Time // since when far has ended; zero before
	gone        bool
	client, way interest // of the client's socket, and of far
}

// newRelayed makes the pair of sockets for a client.
func newRelayed(t *tlsTransport) (*relayed, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("gateway: client %v speaks TLS and needs a relay: %w; each such client takes two more open files", t.client.remoteAddr(), os.NewSyscallError("socketpair", err))
	}
	p := &relayed{t: t, near: fds[1], farFD: int32(fds[0])}
	p.far.Init(fds[0])
	return p, nil
}

// drop gives the pair up, before it was used.
func (p *relayed) drop() {
	p.far.Close()
	p.passed()
}

// passed closes the end that another process has, or should have had.
func (p *relayed) passed() {
	if p.near >= 0 {
		_ = unix.Close(p.near)
		p.near = -1
	}
}

// begin watches both sides, in the loop's goroutine as all that follows.
func (p *relayed) begin() {
	p.begun = time.Now()
	p.loop.pairs[p.farFD] = p
	p.loop.pairs[int32(p.t.fd.Sysfd())] = p
	if !p.t.conn.Open() {
		c := &p.t.client
		c.mu.Lock()
		defer c.mu.Unlock()
		bits := uint32(netloop.In | netloop.OneShot)
		if p.t.conn.BegunLocked() { // its goroutine may wait for either
			bits |= netloop.Out
		}
		p.client.set(p.loop.poller, p.t.fd.Sysfd(), bits)
		p.way.set(p.loop.poller, int(p.farFD), netloop.RDHup)
		return
	}
	p.watch()
}

// watchOnceLocked has clientReady be called once, for the handshake.
func (p *relayed) watchOnceLocked(out bool) {
	bits := uint32(netloop.In | netloop.OneShot)
	if out {
		bits |= netloop.Out
	}
	_ = p.loop.poller.Mod(p.t.fd.Sysfd(), bits)
}

// opened is called by the handshake's goroutine when it is done. left came together
// with its end.
func (p *relayed) opened(err error, left []byte) {
	p.loop.post(func() {
		switch {
		case p.gone:
		case err != nil:
			p.t.client.gw.handshakeFailed(&p.t.client, err)
			p.t.fd.Discard()
			p.close(false)
		default:
			p.client.bits |= netloop.OneShot // so that watch changes it
			c := &p.t.client
			c.mu.Lock()
			p.t.conn.OpenLocked()
			c.mu.Unlock()
			p.decrypt(left)
			p.watch()
		}
	})
}

// waits reports whether something waits until the client reads.
func (p *relayed) waits() bool {
	if p.broken {
		return false
	}
	c := &p.t.client
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(p.down) > 0 || p.t.conn.SealedLocked() > 0
}

// watch says what both sides are watched for.
func (p *relayed) watch() {
	if p.gone || !p.t.conn.Open() {
		return
	}
	waits := p.waits()
	var client, way uint32
	if len(p.up) == 0 && !p.ended {
		client |= netloop.In
	}
	if waits {
		client |= netloop.Out
	}
	if p.farewell.IsZero() {
		way = netloop.RDHup
		if !waits {
			way |= netloop.In
		}
	}
	if len(p.up) > 0 {
		way |= netloop.Out
	}
	p.client.set(p.loop.poller, p.t.fd.Sysfd(), client)
	p.way.set(p.loop.poller, int(p.farFD), way)
}

// clientReady is told what happened on the client's socket.
func (p *relayed) clientReady(bits uint32) {
	if !p.t.conn.Open() {
		p.t.ready()
		return
	}
	if bits&netloop.Out != 0 {
		p.writeDown()
	}
	if bits&^netloop.Out != 0 && !p.gone && !p.ended && len(p.up) == 0 {
		p.readClient()
	}
	p.watch()
}

// farReady is told what happened on the other process's side.
func (p *relayed) farReady(bits uint32) {
	if !p.t.conn.Open() { // it watches for the end alone
		p.close(false)
		return
	}
	if bits&netloop.Out != 0 {
		p.writeUp(nil)
	}
	if bits&^netloop.Out != 0 && !p.gone {
		p.readFar(bits&(netloop.RDHup|netloop.Hup|netloop.Err) != 0)
	}
	p.watch()
}

// readClient reads once, decrypts, and passes on.
func (p *relayed) readClient() {
	n, err := p.t.fd.Read(p.loop.buf)
	switch err {
	case nil:
		p.decrypt(p.loop.buf[:n])
	case netloop.ErrAgain:
	default:
		p.clientEnded()
	}
}

func (p *relayed) decrypt(in []byte) {
	conn := &p.t.conn
	conn.Hand(in)
	defer conn.Hand(nil)
	for {
		n, err := conn.Read(p.loop.plain)
		p.writeUp(p.loop.plain[:n])
		switch {
		case errors.Is(err, tlsloop.ErrLater):
			return
		case err != nil: // the peer's proper end, too
			p.clientEnded()
			return
		}
	}
}

// clientEnded has the other process see the end of the connection, behind what the
// client has said. It ends it then, and sends what is left.
func (p *relayed) clientEnded() {
	if p.gone || p.ended {
		return
	}
	p.ended = true
	if !p.t.conn.Open() {
		p.close(false)
		return
	}
	p.writeUp(nil)
	p.watch()
}

// writeUp passes what the client has said, behind what far has refused.
func (p *relayed) writeUp(b []byte) {
	if len(p.up) > 0 {
		p.up = append(p.up, b...)
		b = p.up
	}
	n, err := p.far.Write(b)
	switch err {
	case nil:
		p.up = nil
	case netloop.ErrAgain:
		p.up = append([]byte(nil), b[n:]...)
	default: // the other side's end is read, too
		p.up = nil
	}
	if p.ended && len(p.up) == 0 && !p.told {
		p.told = true
		_ = unix.Shutdown(int(p.farFD), unix.SHUT_WR)
	}
}

// readFar reads what is for the client. With end the other process has ended the
// connection; behind what it has said before.
func (p *relayed) readFar(end bool) {
	if end && p.farewell.IsZero() {
		p.farewell = time.Now()
	}
	for !p.waits() {
		n, err := p.far.Read(p.loop.buf)
		switch {
		case err == nil:
			p.encrypt(p.loop.buf[:n])
			if !end {
				return // others have their turn
			}
		case errors.Is(err, netloop.ErrAgain):
			return
		default: // io.EOF; ECONNRESET where it has not read all that the client has said
			p.close(true)
			return
		}
	}
}

// writeDown writes what waits for the client.
func (p *relayed) writeDown() {
	err := p.t.conn.Drain()
	if err == nil && len(p.down) > 0 {
		b := p.down
		p.down = nil
		p.encrypt(b)
	} else {
		p.wrote(err)
	}
	if !p.gone && !p.farewell.IsZero() {
		p.readFar(true) // nothing else reports the rest
	}
}

// encrypt sends b to the client, of whom nothing waits.
func (p *relayed) encrypt(b []byte) {
	if p.broken {
		return
	}
	n, err := p.t.conn.Write(b)
	if errors.Is(err, netloop.ErrAgain) && n < len(b) {
		p.down = append([]byte(nil), b[n:]...)
	}
	p.wrote(err)
}

// wrote takes the outcome of a write to the client.
func (p *relayed) wrote(err error) {
	if err == nil || errors.Is(err, netloop.ErrAgain) || p.broken {
		return
	}
	p.broken, p.down = true, nil
	p.clientEnded()
}

// look ends what takes too long.
func (p *relayed) look(now time.Time) {
	limit := p.t.client.gw.options().HandshakeTimeout
	switch {
	case p.gone:
	case !p.farewell.IsZero() && now.Sub(p.farewell) >= relayFarewell:
		p.close(false)
	case !p.t.conn.Open() && limit > 0 && now.Sub(p.begun) >= limit:
		p.close(false)
	}
}

// close ends both connections. Gracefully, what has arrived is read first, so that
// the client gets what was sent to it last.
func (p *relayed) close(gracefully bool) {
	if p.gone {
		return
	}
	p.gone = true
	delete(p.loop.pairs, p.farFD)
	delete(p.loop.pairs, int32(p.t.fd.Sysfd()))
	p.t.conn.Close()
	if gracefully {
		p.t.fd.Discard()
	}
	p.t.fd.Close()
	p.far.Close()
	p.loop.relay.forget(p)
}
