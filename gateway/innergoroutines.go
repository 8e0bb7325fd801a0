package gateway

import (
	"context"
	"errors"
	"math"
	"net"
	"sync"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/command"
	"github.com/go-gatewayworker/gatewayworker/internal/keepalive"
)

// innerGoroutines serves the inner port with a goroutine per connection, on
// systems without epoll. Commands are executed one chunk at a time in the order
// in which the chunks were read; that questions never overtake writes of other
// connections holds on Linux only (see innerLoop).
type innerGoroutines struct {
	listener net.Listener

	gw *Gateway

	mu   sync.Mutex // guards exec and out: one chunk is executed at a time
	exec *command.Executor
	out  *delivery

	connsMu sync.Mutex // guards what follows
	conns   map[*innerConn]struct{}
	ending  bool // new connections are closed at once
}

func newInnerGoroutines(g *Gateway, l net.Listener) *innerGoroutines {
	s := &innerGoroutines{gw: g, listener: l, conns: make(map[*innerConn]struct{})}
	s.exec, s.out = g.newExecutor()
	return s
}

func (l *innerGoroutines) serve() {
	for {
		conn, err := l.listener.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			l.gw.acceptFailed("inner", err)
			time.Sleep(acceptRetry)
			continue
		}
		if !l.gw.innerAllowed(addrPortOf(conn.RemoteAddr())) {
			_ = conn.Close()
			continue
		}
		keepalive.Set(conn)
		ic := l.gw.newInnerConn(addrPortOf(conn.RemoteAddr()), &l.out.batch)
		ic.stream = conn
		ic.drained = sync.NewCond(&ic.mu)
		if !l.add(ic) {
			_ = conn.Close()
			continue
		}
		ic.awaitKey()
		l.gw.running.Add(1)
		go l.read(ic)
	}
}

// call executes a call of Execute.
func (l *innerGoroutines) call(c *localCall) bool {
	l.connsMu.Lock()
	ending := l.ending
	l.connsMu.Unlock()
	if ending {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	c.execute(l.exec)
	l.out.flush()
	l.exec.Tell(&l.gw.commands)
	return true
}

// add makes a connection known to finish and stop. It reports false when it
// comes too late for them.
func (l *innerGoroutines) add(ic *innerConn) bool {
	l.connsMu.Lock()
	defer l.connsMu.Unlock()
	if l.ending {
		return false
	}
	l.conns[ic] = struct{}{}
	return true
}

func (l *innerGoroutines) read(ic *innerConn) {
	defer l.gw.running.Done()
	defer keepalive.Watch(ic.stream, ic.vanished)()
	buf := make([]byte, 32<<10)
	for {
		n, err := ic.stream.Read(buf)
		if n > 0 && !ic.Ended() {
			l.mu.Lock()
			p, own := buf[:n], len(ic.unread) > 0
			if own {
				ic.unread = append(ic.unread, p...)
				p = ic.unread
			}
			rest, _ := l.exec.ExecuteAll(ic, p, math.MaxInt)
			ic.keep(rest, own)
			l.out.flush()
			l.exec.Tell(&l.gw.commands)
			l.mu.Unlock()
		}
		if err != nil {
			ic.awaitDrained()
			l.connsMu.Lock()
			delete(l.conns, ic)
			l.connsMu.Unlock()
			l.gw.innerGone(ic)
			return
		}
	}
}

// finish closes every connection when everything queued for it has been written.
func (l *innerGoroutines) finish() {
	_ = l.listener.Close()
	l.connsMu.Lock()
	defer l.connsMu.Unlock()
	l.ending = true
	for ic := range l.conns {
		ic.finish()
	}
}

func (l *innerGoroutines) trim(context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.exec.Trim()
	l.out.trim()
}

func (l *innerGoroutines) stop() {
	_ = l.listener.Close()
	l.connsMu.Lock()
	defer l.connsMu.Unlock()
	l.ending = true
	for ic := range l.conns {
		_ = ic.stream.Close()
	}
}
