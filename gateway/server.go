package gateway

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/sirupsen/logrus"
)

var errServeTwice = errors.New("gateway: Serve was called before")

// start begins to serve.
func (g *Gateway) start(inner net.Listener, clients []net.Listener) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch g.state {
	case serverServing:
		return errServeTwice
	case serverStopping, serverClosed:
		return ErrServerClosed
	}
	if err := g.openLocked(inner, clients); err != nil {
		return err
	}
	g.runLocked()
	g.log.WithFields(logrus.Fields{
		"listen": addresses(clients),
		"inner":  inner.Addr().String(),
		"lan_ip": g.opts.LanIP,
	}).Info("gateway is serving")
	return nil
}

// openLocked makes what serves the listeners. It does not begin yet.
func (g *Gateway) openLocked(inner net.Listener, clients []net.Listener) error {
	if err := g.checkListenerCount(clients); err != nil {
		return err
	}
	g.innerAddr, g.clientAddrs = inner.Addr(), nil
	for i, l := range clients {
		g.clientAddrs = append(g.clientAddrs, l.Addr())
		g.listeners[i].port = addrPortOf(l.Addr()).Port()
	}
	g.lanPort = addrPortOf(inner.Addr()).Port()
	g.helpers = newFlushHelpers()
	var err error
	if g.clients, err = g.newClientServer(clients); err != nil {
		return err
	}
	if g.inner, err = g.newInnerServer(inner); err != nil {
		g.clients.stop()
		g.clients.serve() // only gives back what it has
		return err
	}
	g.open = append(slices.Clone(clients), inner)
	return nil
}

// runLocked begins to serve.
func (g *Gateway) runLocked() {
	g.state = serverServing
	g.goRun(g.clients.serve)
	g.goRun(g.inner.serve)
	g.startJobsLocked()
}

// addresses are those of listeners, for the log.
func addresses(listeners []net.Listener) string {
	var text []string
	for _, l := range listeners {
		text = append(text, l.Addr().String())
	}
	return strings.Join(text, ", ")
}

// fail ends Serve with the error that a port died of: clients and workers find
// another gateway, where a dead port would keep them for nothing. It does not
// wait, as its caller is one of those that Close waits for.
func (g *Gateway) fail(port string, err error) {
	g.mu.Lock()
	if g.failure == nil && g.state == serverServing {
		g.failure = fmt.Errorf("gateway: %s failed: %w", port, err)
	}
	g.mu.Unlock()
	g.log.WithError(err).Errorf("%s failed", port)
	go func() { _ = g.Close() }()
}

func (g *Gateway) goRun(f func()) {
	g.running.Go(f)
}

// StopAccepting closes the client ports: no more clients come, and those that are
// there stay, until they go by themselves or Shutdown ends them.
func (g *Gateway) StopAccepting() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state == serverServing {
		g.clients.stopAccepting()
		for _, l := range g.open[:len(g.listeners)] {
			_ = l.Close()
		}
	}
}

// Shutdown ends the gateway in good order: it takes its address from the
// Registers, accepts no more connections, closes every client after what waits for
// it has been sent (at once if a handshake is not done), tells the workers of
// every close, and closes their connections when their systems have confirmed
// all of it (TCP's acknowledgements). When ctx ends first, it does what Close
// does and returns ctx's error. Several goroutines may call it at once.
func (g *Gateway) Shutdown(ctx context.Context) error {
	g.standstill.RLock()
	g.mu.Lock()
	switch g.state {
	case serverNew, serverClosed:
		g.mu.Unlock()
		g.standstill.RUnlock()
		return g.Close()
	case serverServing:
		g.state = serverStopping
		g.jobs.cancel()
		g.closeListenersLocked()
		g.stopped.Store(true)
		g.clients.stopAccepting()
	}
	g.mu.Unlock()

	g.closeClients()
	g.standstill.RUnlock()
	select {
	case <-g.clientsGone:
		g.clients.stop()
		g.inner.finish()
	case <-ctx.Done():
	}
	select {
	case <-g.served:
		return g.Close()
	case <-ctx.Done():
		_ = g.Close()
		return ctx.Err()
	}
}

// Close ends the gateway at once, like [net/http.Server.Close]: connections are
// closed and what waits for them is lost. Workers get no event of a
// client's close, as they see the end of the gateway's connection; Shutdown sends
// them. Close returns when all is over, and may be called after or during
// Shutdown.
func (g *Gateway) Close() error {
	if !g.end() {
		return nil
	}
	<-g.served
	return nil
}

// end has everything end, and reports whether it was ever begun.
func (g *Gateway) end() bool {
	g.standstill.RLock()
	defer g.standstill.RUnlock()
	g.mu.Lock()
	was := g.state
	g.state = serverClosed
	if g.jobs.cancel == nil { // never served
		g.dropTakenLinksLocked()
		g.mu.Unlock()
		return false
	}
	if was != serverClosed {
		g.jobs.cancel()
		g.closeListenersLocked()
		g.stopped.Store(true)
	}
	g.mu.Unlock()
	g.hub.Mu.Lock()
	g.workers.closeLocked()
	g.hub.Mu.Unlock()
	g.clients.stop()
	g.inner.stop()
	g.destroyClients()
	return true
}

func (g *Gateway) closeListenersLocked() {
	for _, l := range g.open {
		_ = l.Close()
	}
	g.open = nil
}

// closeClients closes every client after its queue. Who has not finished the TLS
// handshake may never do so, and no message waits for that, as none does for the
// websocket handshake.
func (g *Gateway) closeClients() {
	b := new(batch)
	for _, c := range g.allClients() {
		if c.transport.handshaking() {
			g.destroyClient(b, c, ClosedByShutdown)
		} else {
			c.closeAfter(b, nil, false, immortal, ClosedByShutdown)
		}
	}
	b.flush()
	g.clientGone()
}

// destroyClients closes every client at once.
func (g *Gateway) destroyClients() {
	b := new(batch)
	for {
		all := g.allClients()
		if len(all) == 0 {
			break
		}
		for _, c := range all {
			g.destroyClient(b, c, ClosedByShutdown)
		}
	}
	b.flush()
}

func (g *Gateway) allClients() []*client {
	g.hub.Mu.Lock()
	defer g.hub.Mu.Unlock()
	all := make([]*client, 0, g.hub.ClientsLocked().Len())
	for c := range g.hub.ClientsLocked().All() {
		all = append(all, clientOf(c))
	}
	return all
}

// clientGone tells Shutdown when the last client is gone.
func (g *Gateway) clientGone() {
	if !g.stopped.Load() {
		return
	}
	g.hub.Mu.Lock()
	defer g.hub.Mu.Unlock()
	if g.hub.ClientsLocked().Len() > 0 {
		return
	}
	select {
	case <-g.clientsGone:
	default:
		close(g.clientsGone)
	}
}
