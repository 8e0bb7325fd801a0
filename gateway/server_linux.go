package gateway

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
)

// newClientServer serves clients with pollers.
func (g *Gateway) newClientServer(ls []net.Listener) (clientServer, error) {
	var tcp []*net.TCPListener
	for _, l := range ls {
		if t, ok := l.(*net.TCPListener); ok {
			tcp = append(tcp, t)
		}
	}
	if len(tcp) < len(ls) || g.opts.portable {
		return g.newClientGoroutines(ls), nil
	}
	ps, err := newClientPollers(g, pollers(), tcp)
	s := &clientPollers{ps: ps}
	if err != nil {
		s.stop()
		s.serve() // only gives back what they have
		return nil, err
	}
	return s, nil
}

func (g *Gateway) newInnerServer(l net.Listener) (innerServer, error) {
	if t, ok := l.(*net.TCPListener); ok && !g.opts.portable {
		return newInnerLoop(g, t)
	}
	return newInnerGoroutines(g, l), nil
}

// clientPollers are all pollers of a gateway.
type clientPollers struct {
	ps      []*clientPoller
	closing atomic.Bool
}

func (s *clientPollers) serve() {
	var all sync.WaitGroup
	for _, p := range s.ps {
		all.Go(p.serve)
	}
	all.Wait()
}

func (s *clientPollers) stopAccepting() { s.ps[0].stopAccepting() }

func (s *clientPollers) trim(ctx context.Context) {
	for _, p := range s.ps {
		p.trim(ctx)
	}
}

func (s *clientPollers) stop() {
	if s.closing.Swap(true) {
		return
	}
	for _, p := range s.ps {
		p.stop()
	}
}
