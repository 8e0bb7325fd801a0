package gatewayclient_test

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

// A fakeGateway is an inner port that follows a script: it records every frame
// and answers questions as answer says.
type fakeGateway struct {
	addr   gatewayprotocol.GatewayAddress
	forget bool // records nothing
	deaf   bool // reads nothing; set before the first connection
	ln     net.Listener
	wg     sync.WaitGroup

	mu     sync.Mutex // guards all below
	answer func(m gatewayprotocol.Message) (payload string, ok bool)
	frames []gatewayprotocol.Message
	conns  map[net.Conn]bool
	total  int    // connections accepted
	seen   string // peer of the last one
}

// emptyAnswer answers every question as a gateway without clients does.
func emptyAnswer(m gatewayprotocol.Message) (string, bool) {
	switch m.Cmd {
	case gatewayprotocol.CmdIsOnline, gatewayprotocol.CmdGetClientCountByGroup:
		return "i:0;", true
	case gatewayprotocol.CmdGetSessionByClientID:
		return "N;", true
	}
	return "a:0:{}", true
}

func newFakeGateway(t testing.TB, answer func(gatewayprotocol.Message) (string, bool)) *fakeGateway {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return fakeGatewayAt(t, ln, answer)
}

func fakeGatewayAt(t testing.TB, ln net.Listener, answer func(gatewayprotocol.Message) (string, bool)) *fakeGateway {
	f := &fakeGateway{ln: ln, answer: answer, conns: map[net.Conn]bool{}}
	f.addr, _ = gatewayprotocol.ParseGatewayAddress(ln.Addr().String())
	f.wg.Go(f.serve)
	t.Cleanup(f.close)
	return f
}

// A pipeNetwork connects clients and gateways in a bubble with a clock of its own,
// which stands still while any of them has something to do.
type pipeNetwork struct{ listeners []*pipeListener }

// gateway is newFakeGateway in the network.
func (n *pipeNetwork) gateway(t testing.TB, answer func(gatewayprotocol.Message) (string, bool)) *fakeGateway {
	l := &pipeListener{
		addr:  net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 2900 + len(n.listeners)},
		conns: make(chan net.Conn), closed: make(chan struct{}),
	}
	n.listeners = append(n.listeners, l)
	return fakeGatewayAt(t, l, answer)
}

// dial is for Options.Dial. What is not in the network is dialed as it is.
func (n *pipeNetwork) dial(ctx context.Context, network, address string) (net.Conn, error) {
	for _, l := range n.listeners {
		if l.addr.String() != address {
			continue
		}
		near, far := net.Pipe()
		select {
		case l.conns <- far:
			return near, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}

type pipeListener struct {
	addr   net.TCPAddr
	conns  chan net.Conn
	closed chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { close(l.closed); return nil }
func (l *pipeListener) Addr() net.Addr { return &l.addr }

func (f *fakeGateway) serve() {
	for {
		c, err := f.ln.Accept()
		if err != nil {
			return
		}
		f.mu.Lock()
		f.conns[c] = true
		f.total++
		f.seen = c.RemoteAddr().String()
		f.mu.Unlock()
		if !f.deaf {
			f.wg.Go(func() { f.read(c) })
		}
	}
}

func (f *fakeGateway) read(c net.Conn) {
	defer func() {
		c.Close()
		f.mu.Lock()
		delete(f.conns, c)
		f.mu.Unlock()
	}()
	var buf []byte
	chunk := make([]byte, 64<<10)
	for {
		n, err := c.Read(chunk)
		if err != nil {
			return
		}
		buf = append(buf, chunk[:n]...)
		for {
			var m gatewayprotocol.Message
			n, err := gatewayprotocol.DecodeMessage(buf, &m, 0)
			if err != nil {
				return
			}
			if n == 0 {
				break
			}
			m.ExtData, m.Body = append([]byte{}, m.ExtData...), append([]byte{}, m.Body...)
			buf = buf[n:]
			f.mu.Lock()
			if !f.forget {
				f.frames = append(f.frames, m)
			}
			answer := f.answer
			f.mu.Unlock()
			if m.Cmd.IsQuery() {
				if payload, ok := answer(m); ok {
					c.Write(gatewayprotocol.AppendReply(nil, []byte(payload)))
				}
			}
		}
	}
}

// take returns the frames received since the last call.
func (f *fakeGateway) take() []gatewayprotocol.Message {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := f.frames
	f.frames = nil
	return out
}

func (f *fakeGateway) setAnswer(answer func(gatewayprotocol.Message) (string, bool)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = answer
}

func (f *fakeGateway) connections() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.total
}

// settle waits until what was sent before on connections that are closed is
// read, open connections staying open.
func (f *fakeGateway) settle(t testing.TB, open int) {
	t.Helper()
	probe, err := net.Dial("tcp", f.ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	probe.Close()
	testwait.Until(t, "connections are closed", func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.seen == probe.LocalAddr().String() && len(f.conns) == open
	})
}

// cut closes all connections.
func (f *fakeGateway) cut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.conns {
		c.Close()
		delete(f.conns, c)
	}
}

func (f *fakeGateway) close() {
	f.ln.Close()
	f.cut()
	f.wg.Wait()
}

func render(m gatewayprotocol.Message) string {
	return fmt.Sprintf("%s connection_id=%d flag=%d ext_data=%q body=%q", m.Cmd, m.ConnectionID, m.Flag, m.ExtData, m.Body)
}
