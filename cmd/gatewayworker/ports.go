package main

import (
	"net"

	"github.com/go-gatewayworker/gatewayworker/internal/handover"
)

// port is a listener of the process that is no gateway's: it passes to the
// process that takes this one's place.
type port struct {
	name    string // of the flag that has the address
	address string // as configured
	ln      net.Listener
}

// open returns the listener that the process before had for an address of a flag, or
// else a new one.
func (p *process) open(name, address string, open func() (net.Listener, error)) (net.Listener, error) {
	ln := p.successor.port(name, address)
	if ln == nil {
		var err error
		if ln, err = open(); err != nil {
			return nil, err
		}
		ln = handover.NewListener(ln)
	}
	p.ports = append(p.ports, port{name, address, ln})
	return ln, nil
}
