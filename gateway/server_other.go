//go:build !linux

package gateway

import "net"

func (g *Gateway) newClientServer(ls []net.Listener) (clientServer, error) {
	return g.newClientGoroutines(ls), nil
}

func (g *Gateway) newInnerServer(l net.Listener) (innerServer, error) {
	return newInnerGoroutines(g, l), nil
}
