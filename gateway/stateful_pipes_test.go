package gateway

import (
	"net"
	"sync"
	"time"
)

// pipes is a listener whose connections are pipes in memory.
type pipes struct {
	accepted chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

func newPipes() *pipes { return &pipes{accepted: make(chan net.Conn), closed: make(chan struct{})} }

var pipeAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4000}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.accepted:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return pipeAddr }

func (p *pipes) dial() net.Conn {
	near, far := net.Pipe()
	p.accepted <- pipeEnd{far}
	_ = near.SetDeadline(time.Now().Add(patience))
	return near
}

// pipeEnd has addresses as those of sockets are.
type pipeEnd struct{ net.Conn }

func (pipeEnd) LocalAddr() net.Addr  { return pipeAddr }
func (pipeEnd) RemoteAddr() net.Addr { return pipeAddr }
