package compattests

import (
	"fmt"
	"net"
	"os"
	"slices"
	"sync"

	"golang.org/x/sys/unix"
)

// A proxy stands between a PHP actor and the programs under test and remembers
// what passes. It is one poll loop that serves older connections first, so that
// bytes leave in the order in which they came, across connections: a goroutine
// for each connection would let a question overtake the command before it.
type proxy struct {
	mu      sync.Mutex // guards events and opened
	events  []proxyEvent
	opened  map[string]int // connections so far, by target
	targets []proxyTarget  // in the order in which an actor dials them
	pairs   []*proxyPair
	wakeR   int
	wakeW   int
	idle    chan chan struct{} // settle's requests
	quit    chan struct{}
	done    chan struct{}
	onEvent func()
}

// A proxyTarget is where connections to one listener go.
type proxyTarget struct {
	listener int
	name     string
	address  unix.SockaddrInet4
}

type proxyPair struct {
	number              int
	target              string
	actor, server       int // sockets
	actorEOF, serverEOF bool
}

func newProxy(onEvent func()) (*proxy, error) {
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return nil, err
	}
	return &proxy{
		opened: map[string]int{}, wakeR: pipe[0], wakeW: pipe[1], onEvent: onEvent,
		idle: make(chan chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{}),
	}, nil
}

// listen opens a listener whose connections go to target. Before serve only.
func (p *proxy) listen(address, name, target string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return err
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return err
	}
	if err := unix.Bind(fd, socketAddress(address)); err != nil {
		_ = unix.Close(fd)
		return fmt.Errorf("proxy %s: bind %s: %w", name, address, err)
	}
	if err := unix.Listen(fd, 64); err != nil {
		return err
	}
	p.targets = append(p.targets, proxyTarget{listener: fd, name: name, address: *socketAddress(target)})
	return nil
}

func socketAddress(address string) *unix.SockaddrInet4 {
	a, err := net.ResolveTCPAddr("tcp4", address)
	if err != nil {
		panic(err)
	}
	sa := &unix.SockaddrInet4{Port: a.Port}
	copy(sa.Addr[:], a.IP.To4())
	return sa
}

// settle returns when all that has reached the proxy has been passed on.
func (p *proxy) settle() {
	answer := make(chan struct{})
	p.idle <- answer
	_, _ = unix.Write(p.wakeW, []byte{0})
	<-answer
}

// close ends the proxy.
func (p *proxy) close() {
	close(p.quit)
	_, _ = unix.Write(p.wakeW, []byte{0})
	<-p.done
}

// take removes and returns the events so far.
func (p *proxy) take() []proxyEvent {
	p.mu.Lock()
	defer p.mu.Unlock()
	events := p.events
	p.events = nil
	return events
}

func (p *proxy) record(e proxyEvent) {
	p.mu.Lock()
	p.events = append(p.events, e)
	p.mu.Unlock()
	p.onEvent()
}

// serve runs the loop.
func (p *proxy) serve() {
	defer close(p.done)
	defer p.closeAll()
	for {
		ready, err := p.poll(-1)
		if err != nil {
			fmt.Fprintln(os.Stderr, "proxy:", err)
			return
		}
		p.handle(ready)
		select {
		case <-p.quit:
			return
		case answer := <-p.idle:
			for {
				// The kernel may take a moment between a peer's write and our poll.
				ready, err := p.poll(2)
				if err != nil || len(ready) == 0 {
					break
				}
				p.handle(ready)
			}
			close(answer)
		default:
		}
	}
}

// poll returns the sockets that are ready: connections in the order of their
// opening, then listeners.
func (p *proxy) poll(timeout int) ([]int, error) {
	var fds []unix.PollFd
	add := func(fd int) { fds = append(fds, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}) }
	for _, pair := range p.pairs {
		if !pair.actorEOF {
			add(pair.actor)
		}
		if !pair.serverEOF {
			add(pair.server)
		}
	}
	for _, target := range p.targets {
		add(target.listener)
	}
	if timeout < 0 {
		add(p.wakeR)
	}
	for {
		_, err := unix.Poll(fds, timeout)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, err
		}
		break
	}
	var ready []int
	for _, f := range fds {
		if f.Revents != 0 {
			ready = append(ready, int(f.Fd))
		}
	}
	return ready, nil
}

func (p *proxy) handle(ready []int) {
	for _, fd := range ready {
		if fd == p.wakeR {
			var drop [16]byte
			_, _ = unix.Read(fd, drop[:])
			continue
		}
		if i := slices.IndexFunc(p.targets, func(t proxyTarget) bool { return t.listener == fd }); i >= 0 {
			p.accept(fd, p.targets[i])
			continue
		}
		for _, pair := range p.pairs {
			if pair.actor == fd || pair.server == fd {
				p.forward(pair, pair.actor == fd)
			}
		}
	}
	open := p.pairs[:0]
	for _, pair := range p.pairs {
		if pair.serverEOF && pair.actorEOF {
			_ = unix.Close(pair.actor)
			_ = unix.Close(pair.server)
			continue
		}
		open = append(open, pair)
	}
	p.pairs = open
}

func (p *proxy) accept(fd int, target proxyTarget) {
	actor, _, err := unix.Accept4(fd, unix.SOCK_CLOEXEC)
	if err != nil {
		return
	}
	server, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		err = unix.Connect(server, &target.address)
	}
	if err != nil {
		_ = unix.Close(actor)
		_ = unix.Close(server)
		return
	}
	p.mu.Lock()
	p.opened[target.name]++
	number := 0
	for _, n := range p.opened {
		number += n
	}
	p.mu.Unlock()
	quickACK(actor)
	quickACK(server)
	p.pairs = append(p.pairs, &proxyPair{number: number, target: target.name, actor: actor, server: server})
}

// forward passes on one read.
func (p *proxy) forward(pair *proxyPair, fromActor bool) {
	from, to := pair.server, pair.actor
	if fromActor {
		from, to = to, from
	}
	buf := make([]byte, 64<<10)
	n, err := unix.Read(from, buf)
	if err == unix.EINTR || err == unix.EAGAIN {
		return
	}
	n = max(n, 0)
	quickACK(from)
	if n == 0 && fromActor {
		pair.actorEOF = true
		_ = unix.Shutdown(pair.server, unix.SHUT_WR)
	} else if n == 0 {
		pair.serverEOF = true
		_ = unix.Shutdown(pair.actor, unix.SHUT_WR)
	}
	for data := buf[:n]; len(data) > 0; {
		w, err := unix.Write(to, data)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			break
		}
		data = data[w:]
	}
	quickACK(to)
	// Only now: a test that waits for the event relies on the data being delivered.
	p.record(proxyEvent{conn: pair.number, target: pair.target, fromActor: fromActor, data: buf[:n:n]})
}

// quickACK makes the kernel acknowledge at once. PHP's kept connections have
// Nagle's algorithm on: a command would else wait up to 40 ms for the
// acknowledgement of the one before, and settle would miss it.
func quickACK(fd int) {
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1)
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
}

func (p *proxy) closeAll() {
	for _, pair := range p.pairs {
		_ = unix.Close(pair.actor)
		_ = unix.Close(pair.server)
	}
	for _, target := range p.targets {
		_ = unix.Close(target.listener)
	}
	_ = unix.Close(p.wakeR)
	_ = unix.Close(p.wakeW)
}
