//go:build !linux

package gateway

import "net"

func (g *Gateway) newClientServer(l net.Listener) (clientServer, error) {
	return g.newClientGoroutines(l), nil
}

func (g *Gateway) newInnerServer(l net.Listener) (innerServer, error) {
	return newInnerGoroutines(g, l), nil
}
