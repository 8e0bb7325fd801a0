package businessworker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/innerconn"
	"github.com/go-gatewayworker/gatewayworker/internal/keepalive"
	"github.com/sirupsen/logrus"
)

// A gatewaySet keeps a connection to every gateway that Register names. As in
// PHP a list never ends a connection; when one ends, it is made again a second
// later, as long as the latest list names the gateway.
type gatewaySet struct {
	worker *Worker
	conns  atomic.Pointer[map[gatewayprotocol.GatewayAddress]*gatewayConn] // replaced whole, under mu
	ready  chan struct{}                                                   // closed when connecting may begin

	mu      sync.Mutex // guards all below
	list    []gatewayprotocol.GatewayAddress
	wanted  map[gatewayprotocol.GatewayAddress]bool         // list as a set
	kept    map[gatewayprotocol.GatewayAddress]bool         // a goroutine takes care of it
	taken   map[gatewayprotocol.GatewayAddress]*gatewayConn // of another process, until that goroutine serves them
	stopped bool                                            // no new connections
	wg      sync.WaitGroup

	unconfirmed map[gatewayprotocol.GatewayAddress]uint64 // commands, see innerclient.Transport
}

func newGatewaySet(w *Worker) *gatewaySet {
	s := &gatewaySet{worker: w, ready: make(chan struct{}), kept: make(map[gatewayprotocol.GatewayAddress]bool)}
	s.conns.Store(new(map[gatewayprotocol.GatewayAddress]*gatewayConn))
	return s
}

// replace takes a new list.
func (s *gatewaySet) replace(texts []string) {
	list := make([]gatewayprotocol.GatewayAddress, 0, len(texts))
	wanted := make(map[gatewayprotocol.GatewayAddress]bool, len(texts))
	for _, text := range texts {
		addr, err := gatewayprotocol.ParseGatewayAddress(text)
		if err != nil {
			s.worker.log.WithField("address", text).Warn("ignoring a gateway address: it is not ipv4:port")
			continue
		}
		if !wanted[addr] {
			wanted[addr] = true
			list = append(list, addr)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list, s.wanted = list, wanted
	if s.stopped {
		return
	}
	for _, addr := range list {
		s.keepLocked(addr)
	}
}

// keepLocked starts the goroutine that takes care of a gateway.
func (s *gatewaySet) keepLocked(addr gatewayprotocol.GatewayAddress) {
	if !s.kept[addr] {
		s.kept[addr] = true
		s.wg.Go(func() { s.keep(addr) })
	}
}

// keep holds the connection to one gateway. What is wrong is logged once, until
// it is something else or a connection has lasted.
func (s *gatewaySet) keep(addr gatewayprotocol.GatewayAddress) {
	w := s.worker
	log := w.log.WithField("remote", addr.String())
	logged := ""
	short := 0 // connections in a row that the gateway has ended soon
	select {
	case <-s.ready:
	case <-w.intake.Done():
	}
	for {
		gc, err := s.takeTaken(addr), error(nil)
		if gc == nil {
			gc, err = w.connect(w.intake, addr)
			if err == nil && short == 0 {
				log.Info("connected to gateway")
			}
		}
		if err == nil {
			since := time.Now()
			err = s.serve(gc)
			if lived := time.Since(since); lived >= lasting || !errors.Is(err, errEnded) {
				short, logged = 0, ""
			} else {
				short++
				err = w.whyEnded(lived, short)
			}
		}
		if text := err.Error(); text != logged && w.intake.Err() == nil {
			log.WithError(err).Warn("no connection to gateway")
			logged = text
		}
		if !s.wants(addr) {
			return
		}
		select {
		case <-time.After(reconnectDelay):
		case <-w.intake.Done():
		}
		if !s.wants(addr) {
			return
		}
	}
}

// lasting is how long a connection holds that nothing is wrong with.
const lasting = 3 * time.Second

// atOnce is the time within which a gateway has ended a connection whose first
// frame it refuses. Two workers that evict each other come after reconnectDelay.
const atOnce = reconnectDelay / 2

// whyEnded guesses why the gateway has ended a connection that did not last. The
// gateway does not tell.
func (w *Worker) whyEnded(lived time.Duration, short int) error {
	switch {
	case lived < atOnce:
		return fmt.Errorf("%w at once: it does so when Options.SecretKey is not the cluster's, or this address is not on its allow list", errEnded)
	case short > 1: // two workers that evict each other come back in turn
		return fmt.Errorf("%w again and again: it does so when another worker of this host has the worker key %q; set different Options.ID, or none",
			errEnded, w.opts.workerKey())
	}
	return errEnded
}

// takeTaken returns the connection to a gateway that another process has had, once.
func (s *gatewaySet) takeTaken(addr gatewayprotocol.GatewayAddress) *gatewayConn {
	s.mu.Lock()
	defer s.mu.Unlock()
	gc := s.taken[addr]
	delete(s.taken, addr)
	return gc
}

// wants reports whether the connection to a gateway is to be kept. If it is not,
// the goroutine that keeps it ends.
func (s *gatewaySet) wants(addr gatewayprotocol.GatewayAddress) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wanted[addr] && !s.stopped {
		return true
	}
	delete(s.kept, addr)
	return false
}

// keepCount notes the commands of a connection that has ended of which nobody
// knows whether they were executed.
func (s *gatewaySet) keepCount(gc *gatewayConn) {
	count := gc.lane.TakeUnconfirmed()
	if count == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unconfirmed == nil {
		s.unconfirmed = make(map[gatewayprotocol.GatewayAddress]uint64)
	}
	s.unconfirmed[gc.addr] += count
}

// takeUnconfirmed adds to counts what keepCount has noted.
func (s *gatewaySet) takeUnconfirmed(counts map[gatewayprotocol.GatewayAddress]uint64) map[gatewayprotocol.GatewayAddress]uint64 {
	s.mu.Lock()
	own := s.unconfirmed
	s.unconfirmed = nil
	s.mu.Unlock()
	if counts == nil {
		return own
	}
	for addr, count := range own {
		counts[addr] += count
	}
	return counts
}

// serve reads a connection until it ends.
func (s *gatewaySet) serve(gc *gatewayConn) error {
	gc.out.Flush() // what another process had pending
	err := gc.reader.run(s.worker.ctx)
	gc.in.End()
	s.worker.standstill.RLock()
	defer s.worker.standstill.RUnlock()
	if errors.Is(gc.out.Err(), keepalive.ErrVanished) { // that is why it was closed
		err = keepalive.ErrVanished
	}
	gc.out.Close()
	s.keepCount(gc) // before others can use another connection
	s.remove(gc)
	gc.lane.End(ErrWorkerClosed)
	if lost, ok := errors.AsType[*innerconn.LostError](gc.out.Err()); ok {
		gc.log.WithFields(logrus.Fields{"bytes": lost.Bytes}).Warn("connection to gateway ended with commands unsent")
	}
	s.worker.dispatcher.forget(gc.addr)
	if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) { // the latter if it had not read all
		err = errEnded
	}
	return err
}

var errEnded = errors.New("closed by the gateway")

// put adds a connection, unless the worker stops.
func (s *gatewaySet) put(gc *gatewayConn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return false
	}
	conns := maps.Clone(*s.conns.Load())
	if conns == nil {
		conns = make(map[gatewayprotocol.GatewayAddress]*gatewayConn)
	}
	conns[gc.addr] = gc
	s.conns.Store(&conns)
	return true
}

func (s *gatewaySet) remove(gc *gatewayConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	conns := maps.Clone(*s.conns.Load())
	if conns[gc.addr] == gc {
		delete(conns, gc.addr)
	}
	s.conns.Store(&conns)
}

func (s *gatewaySet) conn(addr gatewayprotocol.GatewayAddress) *gatewayConn {
	return (*s.conns.Load())[addr]
}

// all returns the gateways of the latest list, then those that are connected
// without being in it.
func (s *gatewaySet) all() []gatewayprotocol.GatewayAddress {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.list
	for addr := range *s.conns.Load() {
		if !s.wanted[addr] {
			list = append(slices.Clip(list), addr)
		}
	}
	return list
}

func (s *gatewaySet) names(addr gatewayprotocol.GatewayAddress) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wanted[addr]
}

// stop ends connecting. Connections stay.
func (s *gatewaySet) stop() {
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
}

// finish tells every gateway that the worker leaves, after the last command,
// and reads what they still send: a gateway that reads the end of the stream
// closes the connection and gives the clients to other workers.
func (s *gatewaySet) finish(ctx context.Context) error {
	for _, gc := range *s.conns.Load() {
		s.wg.Go(func() {
			if gc.out.CloseWrite(ctx) != nil {
				gc.out.Close()
			}
		})
	}
	closed := make(chan struct{})
	go func() { s.wg.Wait(); close(closed) }()
	quiet, stopWaiting := context.WithCancel(ctx)
	defer stopWaiting()
	silent := make(chan struct{})
	go func() {
		if s.worker.dispatcher.silence(quiet, silencePatience) == nil {
			close(silent)
		}
	}()
	select {
	case <-closed:
		return nil
	case <-silent:
		for _, gc := range *s.conns.Load() {
			gc.log.Warnf("the gateway does not end the connection, nor has it sent an event for %v: closing it", silencePatience)
		}
		s.closeAll()
		<-closed
		return nil
	case <-ctx.Done():
		// Reading may stand still for want of room, until handlers return, which
		// may wait for the end of their contexts.
		s.worker.cancel()
		s.closeAll()
		<-closed
		return ctx.Err()
	}
}

func (s *gatewaySet) closeAll() {
	for _, gc := range *s.conns.Load() {
		gc.out.Close()
	}
}
