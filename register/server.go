package register

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/accept"
	"github.com/go-gatewayworker/gatewayworker/internal/handover"
	"github.com/go-gatewayworker/gatewayworker/internal/innerconn"
	"github.com/go-gatewayworker/gatewayworker/internal/keepalive"
	"github.com/go-gatewayworker/gatewayworker/internal/logging"
	"github.com/go-gatewayworker/gatewayworker/internal/options"
)

// Server is a Register. It behaves as PHP's src/Register.php does; the
// package's comment tells the differences.
type Server struct {
	opts  Options
	peers logging.Limiter // of lines that peers cause
	wg    sync.WaitGroup  // counts connections; Add under mu while not closing
	stop  chan struct{}   // closed when closing begins

	requests atomic.Uint64
	refused  refused

	// standstill is held for reading by what touches connections and is not their
	// reader, for writing while all stands still; see StandStill. It is taken
	// before mu.
	standstill sync.RWMutex

	mu        sync.Mutex // guards the rest, and the registration of each conn
	closing   bool
	taken     []net.Listener                      // from another process, to be served
	left      bool                                // another process serves the connections
	listeners map[*handover.Listener]net.Listener // the steady one on it
	conns     map[*conn]struct{}
	gateways  []*conn // in order of their first announcement
	workers   map[*conn]struct{}
	list      []byte // the broadcast line; nil when it must be made again
}

// NewServer returns a server that is ready to Serve. It fails with an
// [*OptionError]. Give [Server.Serve] a listener from net.Listen to run it.
func NewServer(opts Options) (*Server, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Server{
		opts:      opts,
		stop:      make(chan struct{}),
		listeners: map[*handover.Listener]net.Listener{},
		conns:     map[*conn]struct{}{},
		workers:   map[*conn]struct{}{},
	}, nil
}

// Serve accepts connections on ln until Shutdown or Close, and then returns
// [ErrServerClosed]. It closes ln. A server may serve several listeners.
func (s *Server) Serve(ln net.Listener) error {
	s.mu.Lock()
	serve := s.servingLocked(ln)
	s.mu.Unlock()
	return serve()
}

// servingLocked makes ln one of the server's listeners, and returns what serves
// it.
func (s *Server) servingLocked(ln net.Listener) (serve func() error) {
	held := handover.NewListener(ln)
	steady := accept.Steady(held, func(err error, pause time.Duration) {
		s.opts.Logger.WithError(err).Warnf("register: cannot accept a connection, trying again in %v", pause)
	})
	if s.closing {
		return func() error {
			ln.Close()
			return s.endedBy()
		}
	}
	s.listeners[held] = steady
	return func() error {
		defer ln.Close()
		defer func() {
			s.mu.Lock()
			delete(s.listeners, held)
			s.mu.Unlock()
		}()
		for {
			nc, err := steady.Accept()
			if err == nil {
				s.start(nc)
				continue
			}
			select {
			case <-s.stop:
				return s.endedBy()
			default:
				return err
			}
		}
	}
}

// endedBy is what Serve returns.
func (s *Server) endedBy() error {
	if s.hasLeft() {
		return ErrLeft
	}
	return ErrServerClosed
}

func (s *Server) hasLeft() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.left
}

func (s *Server) start(nc net.Conn) {
	if !s.allows(nc.RemoteAddr()) {
		s.refused[RefusedAddress].Add(1)
		s.peers.Warn("not allowed", s.opts.Logger.WithField("remote", nc.RemoteAddr()), "register: connection from an address that is not allowed, refused")
		_ = nc.Close()
		return
	}
	keepalive.Set(nc)
	c := newConn(s, nc)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		nc.Close()
		return
	}
	s.conns[c] = struct{}{}
	s.wg.Go(c.serve)
}

// allows reports whether a connection may come from an address.
func (s *Server) allows(from net.Addr) bool {
	a, ok := from.(*net.TCPAddr)
	return len(s.opts.Allow) == 0 || ok && options.InNetworks(s.opts.Allow, a.AddrPort().Addr())
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

// Stats counts the connections of a [Server].
type Stats struct {
	Connections int // all, also those that have not said what they are
	Gateways    int
	Workers     int // GatewayClients that are just asking included

	Requests uint64              // lines that were read, since the server was made
	Refused  [NumRefusals]uint64 // connections that were ended since then, by Refusal
}

// Stats returns the current counts.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Stats{Connections: len(s.conns), Gateways: len(s.gateways), Workers: len(s.workers), Requests: s.requests.Load(), Refused: s.refused.counts()}
}

// Shutdown stops accepting, sends what is waiting for workers and closes every
// connection. It returns once all are gone, or with ctx's error when that
// takes too long; Close then ends the rest.
func (s *Server) Shutdown(ctx context.Context) error {
	for _, c := range s.beginClosing() {
		go c.finish() // its reader finds the socket closed, and ends
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
		c.out.Close()
	}
	s.wg.Wait()
	return nil
}

// beginClosing closes the listeners, forbids new connections and broadcasts, and
// returns the connections that are left.
func (s *Server) beginClosing() []*conn {
	s.standstill.RLock()
	defer s.standstill.RUnlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closing {
		s.closing = true
		close(s.stop)
	}
	for _, ln := range s.listeners {
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
	if !c.announced {
		c.announced = true
		s.gateways = append(s.gateways, c)
	}
	c.address = addr
	s.list = nil
	told := s.broadcastLocked()
	s.mu.Unlock()
	flush(told)
}

// addWorker notes a worker and sends it the list.
func (s *Server) addWorker(c *conn) {
	s.mu.Lock()
	s.workers[c] = struct{}{}
	s.tellLocked(c)
	s.mu.Unlock()
	c.out.Flush()
}

// remove forgets a connection; if it was a gateway's, all workers get the new list.
func (s *Server) remove(c *conn) {
	s.mu.Lock()
	delete(s.conns, c)
	delete(s.workers, c)
	if !c.announced {
		s.mu.Unlock()
		return
	}
	if i := slices.Index(s.gateways, c); i >= 0 {
		s.gateways = slices.Delete(s.gateways, i, i+1)
	}
	s.list = nil
	var told []*conn
	closing := s.closing
	if !closing {
		told = s.broadcastLocked()
	}
	address := c.address
	s.mu.Unlock()
	flush(told)
	if !closing {
		c.log.Infof("register: gateway %q left", clip(address.String()))
	}
}

// broadcastLocked queues the list for every worker, and returns those that have
// to be flushed when the lock is released: no write happens under it.
func (s *Server) broadcastLocked() []*conn {
	told := make([]*conn, 0, len(s.workers))
	for c := range s.workers {
		s.tellLocked(c)
		told = append(told, c)
	}
	return told
}

func flush(conns []*conn) {
	for _, c := range conns {
		c.out.Flush()
	}
}

// tellLocked queues the list for a worker. A worker for which there is no room
// gets the list of the moment as soon as those that wait are gone.
func (s *Server) tellLocked(c *conn) {
	err := c.out.AppendBytes(s.listLocked())
	c.behind = errors.Is(err, innerconn.ErrBufferFull)
	if c.behind && !c.catchingUp {
		c.catchingUp = true
		s.wg.Go(func() { s.catchUp(c) }) // c's own goroutine still counts
	}
}

// catchUp sends the list to a worker that missed one.
func (s *Server) catchUp(c *conn) {
	if c.out.Drain(context.Background()) != nil {
		return // the connection has ended, as it does at the latest when the server is closed
	}
	s.standstill.RLock()
	defer s.standstill.RUnlock()
	s.mu.Lock()
	if s.left {
		s.mu.Unlock()
		return
	}
	c.catchingUp = false
	behind := c.behind
	if behind {
		s.tellLocked(c)
	}
	s.mu.Unlock()
	if behind {
		c.out.Flush()
		s.peers.Warn("slow worker", c.log, fmt.Sprintf("register: worker reads slowly: lists were left out when %d bytes waited, it gets the latest now", s.opts.SendToWorkerBufferSize))
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
