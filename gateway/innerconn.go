package gateway

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/netloop"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/keepalive"
)

// innerConn is a connection to the inner port: a worker, or a GatewayClient.
type innerConn struct {
	gw       *Gateway
	remote   netip.AddrPort
	remoteIP string // as PHP prints it; part of a worker's key

	sock   netloop.FD
	again  func()   // has the inner loop call writable
	stream net.Conn // in place of sock, where there is no inner loop

	// The inner loop's.
	authorized atomic.Bool // see Authorized; written by the inner loop only
	keyTimer   *time.Timer // of awaitKey, nil without a key
	batch      *batch      // where answers are noted
	unread     []byte
	parked     int  // bytes of unread that may be executed when its turn comes; see innerLoop
	later      bool // it is in innerLoop.unread
	ended      bool // the peer has closed, and unread is still to be executed

	since time.Time // accepted

	slot *workerSlot // place in the worker table, of which another may have taken possession; guarded by hub.Mu
	key  string      // worker key, "" for a GatewayClient; guarded by hub.Mu

	// mu guards what follows. It is the last lock in order.
	mu        sync.Mutex
	state     innerState
	out       innerQueue
	spare     []byte
	lastBatch *batch     // batch that has noted the connection already
	dropped   int        // messages dropped since flush last logged them
	lost      uint64     // messages dropped in all
	drained   *sync.Cond // a stream has nothing more to write
	underWay  bool       // something was written since the peer was seen to have everything

	stall keepalive.Stall // lookAtPeers's
}

type innerState uint8

const (
	innerWriting innerState = 1 << iota // a goroutine is writing, outside mu
	innerBlocked                        // the kernel takes no more; waiting until it does
	innerRoom                           // the kernel said that it takes more since innerWriting was set
	innerClosing                        // closes when out is empty
	innerClosed
	innerLinger // the end waits until the peer's system has everything; see finish
	innerPaced  // much was written at once; the inner loop goes on in its next turn
)

const (
	innerFlushAt = 256 << 10 // unsent bytes after which a batch does not wait for its end
	innerKeep    = 1 << 20   // largest buffer kept for the next time
	innerAtOnce  = 1 << 20   // written to one connection before others have their turn
)

// newInnerConn returns a connection, of which the caller has yet to set the
// socket. Answers to what it commands are noted in b.
func (g *Gateway) newInnerConn(remote netip.AddrPort, b *batch) *innerConn {
	ic := &innerConn{
		gw:       g,
		remote:   remote,
		remoteIP: phpIP(remote.Addr()),
		since:    time.Now(),
		batch:    b,
	}
	ic.authorized.Store(g.opts.SecretKey == "")
	return ic
}

// authTimeout is how long a peer may take to give the secret key, where there is
// one. PHP's gateway waits for ever.
const authTimeout = 10 * time.Second

// awaitKey ends the connection unless the peer gives the secret key in time. It
// is called when the socket is set, before anything is read.
func (w *innerConn) awaitKey() {
	if w.authorized.Load() {
		return
	}
	timeout := cmp.Or(w.gw.opts.authTimeout, authTimeout)
	w.keyTimer = time.AfterFunc(timeout, func() {
		if !w.authorized.Load() {
			w.Close(fmt.Errorf("%w within %v", errNoKey, timeout))
		}
	})
}

var errNoKey = errors.New("gateway: the peer gave no secret key")

// event queues a frame about a client. It reports false if the connection is
// gone and the frame belongs to another worker. When the bytes that the kernel
// refuses have reached SendToWorkerBufferSize, the frame is dropped. A body of
// innerLong bytes and more is kept, and must not change any more.
func (w *innerConn) event(b *batch, m *gatewayprotocol.Message, ext, body []byte) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.state&(innerClosing|innerClosed) != 0 {
		return false
	}
	b.addConnLocked(w)
	if !w.roomLocked() {
		return true
	}
	w.out.event(m, ext, body)
	return true
}

// roomLocked reports whether a message may be queued. The bound is compared
// before the message is added, as in PHP: one message of any size is taken.
// Another one is counted as dropped, which flush logs.
func (w *innerConn) roomLocked() bool {
	if w.state&innerBlocked == 0 || w.out.len() < w.gw.options().SendToWorkerBufferSize {
		return true
	}
	w.gw.traffic.droppedToWorkers.Add(1)
	w.dropped++
	w.lost++
	return false
}

// flushIfLarge writes early when much waits, so that a batch does not pile up
// what the kernel would take.
func (w *innerConn) flushIfLarge() {
	w.mu.Lock()
	large := w.out.len() >= innerFlushAt
	w.mu.Unlock()
	if large {
		w.flush()
	}
}

// flush offers what waits to the kernel, and logs what was dropped. Any goroutine
// may call it, without locks.
func (w *innerConn) flush() {
	w.mu.Lock()
	w.flushLocked()
	dropped := w.dropped
	w.dropped = 0
	w.mu.Unlock()
	if dropped > 0 {
		w.gw.warn(w.gw.log.WithFields(logrus.Fields{"remote": w.remote, "messages": dropped}), "send buffer of inner connection is full, messages dropped")
	}
}

// flushLocked gives w.mu up while it writes.
func (w *innerConn) flushLocked() {
	for w.state&(innerWriting|innerBlocked|innerClosed) == 0 && !w.pacedLocked() {
		if w.out.len() == 0 {
			if w.state&innerClosing != 0 {
				w.hangUp()
			}
			return
		}
		if w.stream != nil {
			w.state |= innerBlocked
			w.gw.running.Add(1)
			go w.drain()
			return
		}
		p := w.out
		buf := p.last // from its start
		w.out, w.spare = innerQueue{last: w.spare[:0]}, nil
		w.state = w.state&^innerRoom | innerWriting
		w.mu.Unlock()
		err := p.writeTo(&w.sock, innerAtOnce, w.gw)
		w.mu.Lock()
		w.state &^= innerWriting
		w.underWay = true
		switch {
		case err == nil && p.len() > 0:
			p.join(w.out)
			w.out = p
			if w.state&innerClosed == 0 { // the descriptor is its own
				w.state |= innerPaced
				w.again()
			}
		case err == nil:
			if cap(buf) <= innerKeep {
				w.spare = buf[:0]
			} else {
				w.gw.letGo(buf)
			}
		case err == netloop.ErrAgain:
			p.join(w.out)
			w.out = p
			// It says so once: if it did before mu was taken again, go on.
			if w.state&innerRoom == 0 {
				w.state |= innerBlocked
			}
		default:
			// The inner loop learns of it from the socket and cleans up.
			w.out = innerQueue{}
			w.state |= innerClosing
			w.hangUp()
			return
		}
	}
}

// pacedLocked reports whether the inner loop is to write on. Where it does not keep
// up with those who add, and the kernel takes all that it is offered, they write
// themselves: else what waits had no bound.
func (w *innerConn) pacedLocked() bool {
	return w.state&innerPaced != 0 && w.out.len() < w.gw.options().SendToWorkerBufferSize
}

// drain writes what waits for a connection without an inner loop.
func (w *innerConn) drain() {
	defer w.gw.running.Done()
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.out.len() > 0 && w.state&innerClosed == 0 {
		p := w.out
		w.out = innerQueue{}
		w.mu.Unlock()
		err := p.writeAll(w.stream)
		w.mu.Lock()
		if err != nil {
			w.out = innerQueue{}
			w.state |= innerClosing
		}
	}
	w.state &^= innerBlocked
	w.drained.Broadcast()
	if w.state&innerClosing != 0 {
		w.hangUp()
	}
}

// awaitDrained returns when drain has written everything, or failed, within
// farewell.
func (w *innerConn) awaitDrained() {
	_ = w.stream.SetWriteDeadline(time.Now().Add(farewell))
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.state&innerBlocked != 0 {
		w.drained.Wait()
	}
}

// farewell is how long a peer that has closed its side may take to read what
// waits for it.
const farewell = 5 * time.Second

// lingerPortable is how long a peer may take to close its side after finish,
// where there is no inner loop.
const lingerPortable = time.Second

// hangUp makes the reader of the connection see its end. The caller holds w.mu.
func (w *innerConn) hangUp() {
	linger := w.state&innerLinger != 0
	switch half, ok := w.stream.(interface{ CloseWrite() error }); {
	case ok && linger:
		_ = half.CloseWrite()
		_ = w.stream.SetReadDeadline(time.Now().Add(cmp.Or(w.gw.opts.lingerPortable, lingerPortable)))
	case w.stream != nil:
		_ = w.stream.Close()
	case !linger || w.sock.Unsent() == 0:
		w.sock.Shutdown()
	}
}

// finish is closeAfterFlush for a peer that may go on sending: bytes that reach
// a closed socket reset the connection, and what its peer's system does not have
// by then is lost. Where there is an inner loop, it flushes again until the
// connection is gone.
func (w *innerConn) finish() {
	w.mu.Lock()
	w.state |= innerLinger
	w.mu.Unlock()
	w.closeAfterFlush()
}

// writable is called when the kernel takes bytes again.
func (w *innerConn) writable() {
	w.mu.Lock()
	w.state = w.state&^(innerBlocked|innerPaced) | innerRoom
	w.mu.Unlock()
	w.flush()
}

// vanished ends the connection of a peer that is not there any more: what waits
// for it is lost.
func (w *innerConn) vanished(err error) {
	w.gw.warn(w.gw.log.WithField("remote", w.remote).WithError(err), "closing inner connection")
	w.mu.Lock()
	defer w.mu.Unlock()
	w.out.letGo(w.gw)
	w.state |= innerClosing
	if w.stream != nil {
		_ = w.stream.Close()
	} else {
		w.sock.Shutdown() // the inner loop sees the end
	}
}

// closeAfterFlush closes the connection when what waits has been written.
// Nothing more is executed or queued.
func (w *innerConn) closeAfterFlush() {
	w.mu.Lock()
	w.state |= innerClosing
	w.mu.Unlock()
	w.flush()
}

// trim forgets the buffers of a connection with nothing to write.
func (w *innerConn) trim() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.spare = nil
	if w.out.len() == 0 {
		w.out = innerQueue{}
	}
}

// keep stores what could not be executed yet. With own it is what is left of
// unread.
func (w *innerConn) keep(rest []byte, own bool) {
	switch {
	case len(rest) == 0:
		w.gw.letGo(w.unread)
		w.unread = nil
	case own && len(rest) == len(w.unread): // a long frame that comes in pieces is not copied for each
	case own && cap(w.unread) <= innerKeep:
		w.unread = append(w.unread[:0], rest...)
	default:
		w.unread = append([]byte(nil), rest...)
	}
}

// innerGone ends the connection: the worker table forgets it, the socket is closed.
func (g *Gateway) innerGone(w *innerConn) {
	g.hub.Mu.Lock()
	key := w.key
	g.workers.disconnectLocked(w)
	g.hub.Mu.Unlock()
	if w.keyTimer != nil {
		w.keyTimer.Stop()
	}
	w.mu.Lock()
	was := w.state
	w.state |= innerClosed
	w.out.letGo(w.gw)
	w.spare = nil
	w.mu.Unlock()
	if was&innerClosed != 0 {
		return
	}
	if w.stream != nil {
		_ = w.stream.Close()
	} else {
		w.sock.Close()
	}
	if key != "" {
		g.log.WithFields(logrus.Fields{"worker_key": key, "remote": w.remote}).Info("business worker disconnected")
		if f := g.opts.OnBusinessWorkerClose; f != nil {
			f(BusinessWorker{Key: key, Remote: w.remote})
		}
	}
	g.letGo(w.unread)
	w.unread = nil
}
