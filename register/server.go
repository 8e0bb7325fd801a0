package register

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// Server is a Register. It behaves as PHP's src/Register.php does; the
// package's comment tells the differences.
type Server struct {
	opts Options
	wg   sync.WaitGroup // counts connections; Add under mu while not closing
	stop chan struct{}  // closed when closing begins

	mu        sync.Mutex // guards the rest, and the registration of each conn
	closing   bool
	listeners map[net.Listener]struct{}
	conns     map[*conn]struct{}
	gateways  []*conn // in order of their first announcement
	workers   map[*conn]struct{}
	list      []byte // the broadcast line; nil when it must be made again
}

// NewServer returns a server that is ready to Serve.
func NewServer(opts Options) *Server {
	return &Server{
		opts:      opts.withDefaults(),
		stop:      make(chan struct{}),
		listeners: map[net.Listener]struct{}{},
		conns:     map[*conn]struct{}{},
		workers:   map[*conn]struct{}{},
	}
}

// Serve accepts connections on ln until Shutdown or Close, and then returns
// [ErrServerClosed]. It closes ln. A server may serve several listeners.
func (s *Server) Serve(ln net.Listener) error {
	defer ln.Close()
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		return ErrServerClosed
	}
	s.listeners[ln] = struct{}{}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.listeners, ln)
		s.mu.Unlock()
	}()

	var pause time.Duration
	for {
		nc, err := ln.Accept()
		if err == nil {
			pause = 0
			s.start(nc)
			continue
		}
		select {
		case <-s.stop:
			return ErrServerClosed
		default:
		}
		// Out of files is no reason to stop serving: wait and try again.
		var ne net.Error
		if !errors.As(err, &ne) || !temporary(ne) {
			return err
		}
		pause = min(max(2*pause, 5*time.Millisecond), time.Second)
		s.opts.Logger.WithError(err).Warnf("register: accept failed, trying again in %v", pause)
		select {
		case <-time.After(pause):
		case <-s.stop:
		}
	}
}

// temporary reports whether accepting may work later. net.Error's Temporary is
// deprecated for want of a definition, but for Accept it has one.
func temporary(err net.Error) bool {
	t, ok := err.(interface{ Temporary() bool })
	return ok && t.Temporary()
}

func (s *Server) start(nc net.Conn) {
	c := newConn(s, nc)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		nc.Close()
		return
	}
	s.conns[c] = struct{}{}
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		c.serve()
	}()
}

// Addresses returns the list as a worker would get it now.
func (s *Server) Addresses() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	addrs := make([]string, 0, len(s.gateways))
	seen := make(map[string]struct{}, len(s.gateways))
	for _, c := range s.gateways {
		a := c.address.String()
		if _, dup := seen[a]; !dup {
			seen[a] = struct{}{}
			addrs = append(addrs, a)
		}
	}
	return addrs
}

// Stats are the numbers of a [Server]'s connections.
type Stats struct {
	Connections int // all, also those that have not said what they are
	Gateways    int
	Workers     int // GatewayClients that are just asking included
}

// Stats returns the numbers of the moment.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Stats{Connections: len(s.conns), Gateways: len(s.gateways), Workers: len(s.workers)}
}

// Shutdown stops accepting, sends what is waiting for workers and closes every
// connection. It returns once all are gone, or with ctx's error when that
// takes too long; Close then ends the rest.
func (s *Server) Shutdown(ctx context.Context) error {
	for _, c := range s.beginClosing() {
		c.out.finish(nil)
	}
	gone := make(chan struct{})
	go func() {
		s.wg.Wait()
		close(gone)
	}()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close closes the listeners and every connection at once, and waits for their
// goroutines. It may follow Shutdown.
func (s *Server) Close() error {
	for _, c := range s.beginClosing() {
		c.out.abort()
	}
	s.wg.Wait()
	return nil
}

// beginClosing closes the listeners, forbids new connections and broadcasts, and
// returns the connections that are left.
func (s *Server) beginClosing() []*conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closing {
		s.closing = true
		close(s.stop)
	}
	for ln := range s.listeners {
		ln.Close()
	}
	conns := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		conns = append(conns, c)
	}
	return conns
}

// announce notes the address of a gateway and tells all workers, also when
// nothing changed. A gateway that announces again keeps its place.
func (s *Server) announce(c *conn, addr gatewayprotocol.RegisterAddress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !c.announced {
		c.announced = true
		s.gateways = append(s.gateways, c)
	}
	c.address = addr
	s.list = nil
	s.broadcastLocked()
}

// addWorker notes a worker and sends it the list.
func (s *Server) addWorker(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.workers[c] = struct{}{}
	c.out.push(s.listLocked(), s.opts.MaxQueue)
}

// remove forgets a connection; if it was a gateway's, all workers are told.
func (s *Server) remove(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	delete(s.workers, c)
	if !c.announced {
		return
	}
	for i, g := range s.gateways {
		if g == c {
			s.gateways = append(s.gateways[:i], s.gateways[i+1:]...)
			break
		}
	}
	s.list = nil
	if !s.closing {
		s.broadcastLocked()
	}
}

// catchUp sends the list to a worker that missed one.
func (s *Server) catchUp(c *conn) {
	s.mu.Lock()
	behind := c.out.takeBehind()
	if behind {
		c.out.push(s.listLocked(), s.opts.MaxQueue)
	}
	s.mu.Unlock()
	if behind {
		c.log.Warnf("register: worker reads slowly: lists were left out when %d bytes waited, it gets the latest now", s.opts.MaxQueue)
	}
}

func (s *Server) broadcastLocked() {
	line := s.listLocked()
	for c := range s.workers {
		c.out.push(line, s.opts.MaxQueue)
	}
}

func (s *Server) listLocked() []byte {
	if s.list == nil {
		addrs := make([]gatewayprotocol.RegisterAddress, len(s.gateways))
		for i, c := range s.gateways {
			addrs[i] = c.address
		}
		s.list = gatewayprotocol.AppendBroadcastAddresses(nil, addrs)
	}
	return s.list
}
