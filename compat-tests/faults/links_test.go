//go:build linux

package faults

import (
	"net"
	"sync"
	"testing"
	"time"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// links are TCP proxies between the parts of a cluster, which reset, stall and
// delay connections. They need no privileges.
type links struct {
	t   *testing.T
	all []*link
}

// A link is what stands before one port.
type link struct {
	what    string // client, inner or register
	gateway int
	address string
	target  string
	ln      net.Listener
	group   sync.WaitGroup

	mu    sync.Mutex
	pairs []*pair
	held  chan struct{} // closed when bytes may pass again; nil: they pass
	delay time.Duration
}

// A pair is a connection that came and the one made for it.
type pair struct {
	in, out *net.TCPConn
	worker  bool // CMD_WORKER_CONNECT came first
}

func newLinks(t *testing.T) *links { return &links{t: t} }

// to opens a link.
func (l *links) to(what string, gateway int, address, target string) *link {
	l.t.Helper()
	ln, err := net.Listen("tcp", address)
	if err != nil {
		l.t.Fatal(err)
	}
	k := &link{what: what, gateway: gateway, address: address, target: target, ln: ln}
	l.all = append(l.all, k)
	k.group.Go(k.serve)
	return k
}

func (l *links) close() {
	for _, k := range l.all {
		k.ln.Close()
		k.release()
		k.reset(func(*pair) bool { return true })
		k.group.Wait()
	}
}

func (k *link) serve() {
	for {
		conn, err := k.ln.Accept()
		if err != nil {
			return
		}
		in := conn.(*net.TCPConn)
		k.group.Go(func() {
			conn, err := net.Dial("tcp", k.target)
			if err != nil {
				_ = in.SetLinger(0)
				in.Close()
				return
			}
			p := &pair{in: in, out: conn.(*net.TCPConn)}
			k.mu.Lock()
			k.pairs = append(k.pairs, p)
			k.mu.Unlock()
			var both sync.WaitGroup
			both.Go(func() { k.carry(p, p.in, p.out, true) })
			both.Go(func() { k.carry(p, p.out, p.in, false) })
			both.Wait()
			in.Close()
			conn.Close()
			k.forget(p)
		})
	}
}

// carry takes bytes from one side to the other, an end of file as well; an error
// ends both sides as a reset.
func (k *link) carry(p *pair, from, to *net.TCPConn, first bool) {
	chunk := make([]byte, 32<<10)
	for {
		n, err := from.Read(chunk)
		if first && n > 4 {
			first = false
			k.mu.Lock()
			p.worker = gp.Command(chunk[4]) == gp.CmdWorkerConnect
			k.mu.Unlock()
		}
		if n > 0 {
			k.wait()
			if _, werr := to.Write(chunk[:n]); werr != nil {
				break
			}
		}
		if err != nil {
			if err.Error() == "EOF" {
				_ = to.CloseWrite()
				return
			}
			break
		}
	}
	p.reset()
}

func (p *pair) reset() {
	_ = p.in.SetLinger(0)
	_ = p.out.SetLinger(0)
	p.in.Close()
	p.out.Close()
}

// wait lets a chunk wait while the link is held, or for its delay.
func (k *link) wait() {
	k.mu.Lock()
	held, delay := k.held, k.delay
	k.mu.Unlock()
	if held != nil {
		<-held
	}
	time.Sleep(delay)
}

func (k *link) forget(p *pair) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i, other := range k.pairs {
		if other == p {
			k.pairs = append(k.pairs[:i], k.pairs[i+1:]...)
			return
		}
	}
}

// reset resets the connections that which picks.
func (k *link) reset(which func(*pair) bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, p := range k.pairs {
		if which(p) {
			p.reset()
		}
	}
}

// hold lets no byte pass until release.
func (k *link) hold() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.held == nil {
		k.held = make(chan struct{})
	}
}

func (k *link) release() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.held != nil {
		close(k.held)
		k.held = nil
	}
	k.delay = 0
}

func (k *link) slow(delay time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.delay = delay
}
