package gateway

import (
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/netloop"
	"github.com/go-gatewayworker/gatewayworker/gateway/internal/proxyproto"
)

// proxyHeads are the connections of trusted proxies that have not said yet whose
// they are. They belong to the poller that accepts, and are no clients: these come
// into being when the head is there. nil is none yet.
type proxyHeads struct {
	p     *clientPoller
	conns map[int]*proxyHead // by descriptor
	timer *time.Timer        // wakes the poller when the next one is late
	due   atomic.Bool        // the timer has fired
	buf   [proxyproto.MaxHead]byte
}

// proxyHead is one such connection.
type proxyHead struct {
	fd    netloop.FD
	to    *clientListener
	peer  netip.AddrPort
	since time.Time
	got   []byte // of the head
}

func newProxyHeads(p *clientPoller) *proxyHeads {
	h := &proxyHeads{p: p, conns: map[int]*proxyHead{}}
	h.timer = time.AfterFunc(time.Hour, func() {
		h.due.Store(true)
		p.poller.Wake()
	})
	h.timer.Stop()
	return h
}

// await waits for the head of a new connection.
func (h *proxyHeads) await(l *clientListener, fd int, peer netip.AddrPort) {
	c := &proxyHead{to: l, peer: peer, since: time.Now()}
	c.fd.Init(fd)
	if err := h.p.poller.Add(fd, netloop.In); err != nil {
		c.fd.Close()
		return
	}
	if len(h.conns) == 0 {
		h.timer.Reset(h.p.gw.proxyHeadTimeout())
	}
	h.conns[fd] = c
	h.read(fd, c) // it mostly comes with the connection
}

// handle handles an event, if it is one of a connection that waits.
func (h *proxyHeads) handle(fd int) bool {
	if h == nil {
		return false
	}
	c := h.conns[fd]
	if c == nil {
		return false
	}
	h.read(fd, c)
	return true
}

// read reads what is there of the head, and nothing behind it: that is the
// client's, and may be TLS.
func (h *proxyHeads) read(fd int, c *proxyHead) {
	room := h.buf[copy(h.buf[:], c.got):]
	n, err := c.fd.Peek(room)
	if err == netloop.ErrAgain {
		return
	}
	if err != nil {
		h.drop(fd, c)
		return
	}
	there := len(c.got) + n
	head, remote, err := proxyproto.Parse(h.buf[:there])
	if err != nil {
		h.p.gw.badProxyHead(c.peer, err)
		h.drop(fd, c)
		return
	}
	take := n // all of it is the head's if that is not whole
	if head > 0 {
		take = head - len(c.got)
	}
	if m, err := c.fd.Read(room[:take]); m != take || err != nil {
		h.drop(fd, c)
		return
	}
	if head == 0 {
		c.got = append(c.got, room[:take]...)
		return
	}
	if !remote.IsValid() {
		remote = c.peer
	}
	delete(h.conns, fd)
	if err := h.p.poller.Del(fd); err != nil {
		c.fd.Close()
		return
	}
	h.p.take(c.to, fd, remote)
}

func (h *proxyHeads) drop(fd int, c *proxyHead) {
	delete(h.conns, fd)
	c.fd.Discard() // lest the kernel resets a connection whose peer is at fault, and may log why
	c.fd.Close()
}

// expire closes the connections whose head is late.
func (h *proxyHeads) expire() {
	if h == nil || !h.due.Swap(false) {
		return
	}
	timeout := h.p.gw.proxyHeadTimeout()
	next := timeout
	for fd, c := range h.conns {
		left := timeout - time.Since(c.since)
		if left <= 0 {
			h.p.gw.badProxyHead(c.peer, errProxyHeadLate)
			h.drop(fd, c)
			continue
		}
		next = min(next, left)
	}
	if len(h.conns) > 0 {
		h.timer.Reset(next)
	}
}

// close closes all.
func (h *proxyHeads) close() {
	if h == nil {
		return
	}
	h.timer.Stop()
	for fd, c := range h.conns {
		h.drop(fd, c)
	}
}
