package gateway

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/command"
	"github.com/go-gatewayworker/gatewayworker/gateway/internal/netloop"
)

// innerLoop serves the inner port: one goroutine accepts, reads and executes
// for all inner connections, so that commands are executed in the order in
// which they arrived, whichever connection they came by.
//
// PHP programs rely on that. They write over one connection and at once ask over
// another, often a new one, and the answer must know of the write. A write is
// not answered, so all that is known when a question arrives is that the write
// reached this machine before. The loop therefore executes what changes
// something as soon as it reads it, but lets a question wait (it parks the
// connection) until it has looked at all connections once more: whatever
// reached the gateway before the question has then been executed.
//
// That holds for up to innerLookBack unread bytes of each connection: a peer that
// floods the gateway does not keep the questions of other peers waiting for ever.
// (PHP reads 87,380 bytes of a connection before it turns to the next.)
//
// Among the writes themselves the order is that of epoll's edge-triggered ready
// list, oldest first, and for new connections that of accepting.
type innerLoop struct {
	gw       *Gateway
	exec     *command.Executor
	out      *delivery // of exec; its batch is flushed at the end of a turn
	poller   *netloop.Poller
	listener *netloop.Listener
	conns    map[int32]*innerConn
	events   []netloop.Event
	buf      []byte       // nil until it is needed
	parked   []*innerConn // have a question at the head of unread
	unread   []*innerConn // were not read to the end, so that others get their turn
	accepted []*innerConn
	calls    localCalls // of Execute

	trimming trimRequest
	parking  parking
	peers    peerWatch

	acceptAgain atomic.Bool // accepting failed a while ago

	finishing atomic.Bool // set by finish
	closing   bool        // the loop has seen finishing
	linger    *time.Timer // wakes the loop to look whether peers have everything
}

const (
	innerReadSize = 256 << 10
	innerTurn     = 256 << 10 // bytes read from one connection before the others' turn
	innerLookBack = 1 << 20   // bytes read from one connection before questions are answered
	innerEvents   = 512
	innerAhead    = 256 << 10 // bytes that are read of a connection whose questions wait
	answersAtOnce = 64        // questions of one connection that are answered before the others' turn
	lingerLook    = 5 * time.Millisecond

	// innerEdges is what an inner connection is watched for.
	innerEdges = netloop.In | netloop.Out | netloop.RDHup | netloop.Edge
)

func newInnerLoop(g *Gateway, l *net.TCPListener) (*innerLoop, error) {
	listener, err := netloop.NewListener(l)
	if err != nil {
		return nil, err
	}
	poller, err := netloop.NewPoller(innerEvents)
	if err != nil {
		_ = listener.Close()
		return nil, err
	}
	if err := poller.Add(listener.Sysfd(), netloop.In|netloop.Edge); err != nil {
		_ = poller.Close()
		_ = listener.Close()
		return nil, err
	}
	loop := &innerLoop{gw: g, poller: poller, listener: listener, conns: make(map[int32]*innerConn)}
	loop.exec, loop.out = g.newExecutor()
	return loop, nil
}

// serve runs until stop.
func (l *innerLoop) serve() {
	defer l.cleanUp()
	l.watchPeers()
	for !l.parking.answer() {
		var err error
		if len(l.unread)+len(l.parked) > 0 {
			l.events, _, err = l.poller.Poll(l.events[:0])
		} else {
			l.events, err = l.poller.Wait(l.events[:0])
		}
		if err != nil {
			l.failed(err)
			return
		}
		began := time.Since(l.gw.started)
		l.readRest(innerTurn)
		l.handle(innerTurn)
		if l.acceptAgain.Swap(false) && !l.closing {
			l.accept(innerTurn)
		}
		calls := l.calls.take()
		if len(l.parked)+len(calls) > 0 && !l.answerParked(calls) {
			return
		}
		l.out.flush()
		l.exec.Tell(&l.gw.commands)
		l.gw.turns.add(time.Since(l.gw.started) - began)
		l.trimming.answer(l.trimNow)
		l.lookAtPeers()
		if l.finishing.Load() && l.finished() {
			return
		}
	}
}

// failed ends the gateway, unless the error is only that the loop was stopped.
func (l *innerLoop) failed(err error) {
	if !errors.Is(err, netloop.ErrClosed) {
		l.gw.fail("inner port", err)
	}
}

// finish lets serve return when everything queued has been written.
func (l *innerLoop) finish() {
	l.finishing.Store(true)
	l.poller.Wake()
}

// finished closes what is there and reports whether nothing is any more.
func (l *innerLoop) finished() bool {
	if !l.closing {
		l.closing = true
		_ = l.poller.Del(l.listener.Sysfd())
		for _, ic := range l.conns {
			ic.finish()
		}
		l.linger = time.AfterFunc(lingerLook, l.poller.Wake)
		return len(l.conns) == 0
	}
	for _, ic := range l.conns {
		ic.flush()
	}
	l.linger.Reset(lingerLook)
	return len(l.conns) == 0
}

// trim has the loop let go of the memory that it keeps from batch to batch.
func (l *innerLoop) trim(ctx context.Context) { l.trimming.ask(ctx, l.poller.Wake) }

func (l *innerLoop) trimNow() {
	l.buf = nil
	l.exec.Trim()
	l.out.trim()
	for _, ic := range l.conns {
		ic.trim()
	}
}

// stop makes serve return.
func (l *innerLoop) stop() { _ = l.poller.Close() }

// answerParked looks at all connections once more, and then executes the questions
// that were parked before and calls of Execute.
func (l *innerLoop) answerParked(calls []*localCall) bool {
	defer func() {
		for _, c := range calls {
			c.fail(ErrServerClosed) // unless it was executed
		}
	}()
	parked := l.parked
	l.parked = nil
	l.readRest(innerLookBack)
	for more := true; more; {
		var err error
		if l.events, more, err = l.poller.Poll(l.events[:0]); err != nil {
			l.failed(err)
			return false
		}
		l.handle(innerLookBack)
	}
	for _, ic := range parked {
		if l.conns[int32(ic.sock.Sysfd())] != ic {
			continue
		}
		l.answer(ic)
		if ic.ended && ic.parked == 0 {
			l.drop(ic)
		}
	}
	for _, c := range calls {
		c.execute(l.exec)
	}
	return true
}

// answer executes the questions that were parked, and what follows them, up to
// answersAtOnce. The rest is parked again, so that who asks very much does not keep
// others waiting.
func (l *innerLoop) answer(ic *innerConn) {
	rest, upTo, waiting := ic.unread, ic.parked, true
	ic.parked = 0
	for n := 0; n < answersAtOnce && waiting && upTo > 0; n++ {
		before := len(rest)
		rest, waiting = l.exec.ExecuteAll(ic, rest, 1) // one question
		upTo -= before - len(rest)
	}
	l.keep(ic, rest, waiting, true)
}

// call has a call of Execute executed in the loop's next turn.
func (l *innerLoop) call(c *localCall) bool {
	if !l.calls.add(c) {
		return false
	}
	l.poller.Wake()
	return true
}

// readRest reads the connections that were not read to the end.
func (l *innerLoop) readRest(turn int) {
	unread := l.unread
	l.unread = nil
	for _, ic := range unread {
		ic.later = false
		l.read(ic, true, turn)
	}
}

// handle handles the events at hand, oldest first.
func (l *innerLoop) handle(turn int) {
	for _, e := range l.events {
		if int(e.FD) == l.listener.Sysfd() {
			l.accept(turn)
			continue
		}
		ic := l.conns[e.FD]
		if ic == nil {
			continue
		}
		if e.Bits&netloop.Out != 0 {
			ic.writable()
		}
		if e.Bits&^netloop.Out != 0 {
			l.read(ic, e.Bits&(netloop.RDHup|netloop.Hup|netloop.Err) != 0, turn)
		}
	}
}

// again returns what has the loop told once more that a connection has room.
func (l *innerLoop) again(fd int) func() {
	return func() { _ = l.poller.Mod(fd, innerEdges) }
}

// accept takes all new connections first and reads them afterwards, in order:
// when one of them was accepted, whatever its peer did over an earlier one
// before is there to be read.
func (l *innerLoop) accept(turn int) {
	for {
		fd, remote, err := l.listener.Accept()
		if errors.Is(err, netloop.ErrAgain) {
			break
		}
		if err != nil {
			l.gw.acceptFailed("inner", err)
			if errors.Is(err, netloop.ErrRefused) {
				continue
			}
			// The event is used up, but a peer may be waiting still.
			time.AfterFunc(acceptRetry, func() {
				l.acceptAgain.Store(true)
				l.poller.Wake()
			})
			break
		}
		if !l.gw.innerAllowed(remote) {
			_ = unix.Close(fd)
			continue
		}
		ic := l.gw.newInnerConn(remote, &l.out.batch)
		ic.sock.Init(fd)
		ic.again = l.again(fd)
		if err := l.poller.Add(fd, innerEdges); err != nil {
			l.gw.log.WithField("remote", remote).WithError(err).Error("cannot watch inner connection")
			ic.sock.Close()
			continue
		}
		ic.awaitKey()
		l.conns[int32(fd)] = ic
		l.accepted = append(l.accepted, ic)
	}
	for _, ic := range l.accepted {
		l.read(ic, false, turn)
	}
	clear(l.accepted)
	l.accepted = l.accepted[:0]
}

// read reads what is there and executes it. A short read has emptied the
// socket: bytes that come later are a new event, but the end of the stream may
// have been part of this one (end).
// After turn bytes others come first.
func (l *innerLoop) read(ic *innerConn, end bool, turn int) {
	if l.buf == nil {
		l.buf = make([]byte, innerReadSize)
	}
	fd := int32(ic.sock.Sysfd())
	for read := 0; read < turn; {
		if l.conns[fd] != ic || ic.ended {
			return
		}
		if ic.parked > 0 && len(ic.unread) >= innerAhead {
			break
		}
		n, err := ic.sock.Read(l.buf)
		switch {
		case err == netloop.ErrAgain:
			return
		case err != nil:
			if ic.ended = ic.parked > 0; !ic.ended {
				l.drop(ic)
			}
			return
		}
		read += n
		l.received(ic, l.buf[:n])
		if n < len(l.buf) && !end {
			return
		}
	}
	// A connection that floods the gateway with commands may be there more than
	// once: it is read more in a turn then, and fewer turns take a third less time.
	// One whose questions wait is there once.
	if !ic.later || ic.parked == 0 {
		ic.later = true
		l.unread = append(l.unread, ic)
	}
}

func (l *innerLoop) received(ic *innerConn, p []byte) {
	if ic.Ended() {
		return
	}
	own := len(ic.unread) > 0
	if own {
		ic.unread = append(ic.unread, p...)
		p = ic.unread
	}
	if ic.parked == 0 {
		l.execute(ic, p, own)
	} else if !own {
		ic.unread = append(ic.unread, p...)
	}
}

func (l *innerLoop) execute(ic *innerConn, p []byte, own bool) {
	rest, waiting := l.exec.ExecuteAll(ic, p, 0)
	l.keep(ic, rest, waiting, own)
}

// keep keeps what was not executed. waiting says that a question is at its head.
func (l *innerLoop) keep(ic *innerConn, rest []byte, waiting, own bool) {
	ic.keep(rest, own)
	if waiting {
		ic.parked = len(ic.unread)
		l.parked = append(l.parked, ic)
	}
}

// drop ends a connection whose peer is gone, or says nothing more and still
// waits for answers.
func (l *innerLoop) drop(ic *innerConn) {
	ic.flush()
	delete(l.conns, int32(ic.sock.Sysfd()))
	l.gw.innerGone(ic)
}

func (l *innerLoop) cleanUp() {
	l.calls.close()
	_ = l.listener.Close()
	l.peers.timer.Stop()
	if l.linger != nil {
		l.linger.Stop()
	}
	for _, ic := range l.conns {
		l.drop(ic)
	}
	l.out.flush()
}
