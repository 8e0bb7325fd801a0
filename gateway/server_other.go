//go:build !linux

package gateway

import "net"

func (g *Gateway) newClientServer(l net.Listener) (clientServer, error) {
	return g.newClientGoroutines(l), nil
}

func (g *Gateway) newInnerServer(l net.Listener) (innerServer, error) {
	return newInnerGoroutines(g, l), nil
}

// clientPoller is there for the compiler: no client has one on this system.
type clientPoller struct{}

func (*clientPoller) watch(*client, bool, bool) {}
func (*clientPoller) watchOnce(*client, bool)   {}
func (*clientPoller) forget(*client)            {}
