package main

import (
	"context"
	"net"
	"net/netip"
	"time"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/workerman"
	"github.com/go-gatewayworker/gatewayworker/gateway"
)

// What Workerman's commands show of a gateway and of a Register.

// vacatedLook is the time between two looks at whether everyone has gone.
const vacatedLook = 100 * time.Millisecond

// await returns when done returns true, or ctx ends.
func await(ctx context.Context, done func() bool) {
	ticker := time.NewTicker(vacatedLook)
	defer ticker.Stop()
	for !done() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

func (s gatewayServer) figures() workerman.Figures {
	stats := s.Stats()
	f := workerman.Figures{
		Connections:  stats.Clients + stats.Workers,
		SendFail:     stats.DroppedToClients + stats.DroppedToWorkers,
		TotalRequest: stats.MessagesFromClients,
	}
	for _, r := range s.Registers() {
		if r.Connected {
			f.Connections++
		}
	}
	for _, n := range stats.Commands {
		f.TotalRequest += n
	}
	return f
}

// vacated waits for the clients to go, and sends them away where there is a
// --drain-time for it.
func (s gatewayServer) vacated(ctx context.Context) {
	s.StopAccepting()
	if opts := s.draining.options(); opts.Time > 0 {
		s.draining.begin(opts).follow(ctx)
	}
	await(ctx, func() bool { return s.Stats().Clients == 0 })
}

// connections are those of clients, workers, GatewayClients and Registers.
func (s gatewayServer) connections() ([]workerman.Connection, error) {
	sockets, err := workerman.Sockets()
	if err != nil {
		return nil, err
	}
	type client struct {
		id      uint32
		waiting int
	}
	clients := map[netip.AddrPort]client{}
	s.EachClient(func(c *gateway.ClientInfo) bool {
		clients[unmapped(c.Remote)] = client{c.ID.ConnectionID, c.Waiting}
		return true
	})
	clientPort, innerPort := portOf(s.ClientAddr()), portOf(s.InnerAddr())
	all := make([]workerman.Connection, 0, len(sockets))
	for i, socket := range sockets {
		c := connection(socket, i)
		switch socket.Local.Port() {
		case clientPort:
			c.Transport, c.Protocol = s.master.Transport, s.master.AppProtocol
			if known, ok := clients[unmapped(socket.Remote)]; ok {
				c.ID, c.SendQ = uint64(known.id), known.waiting
			}
		case innerPort:
			c.Worker, c.Protocol = "GatewayInnerWorker", "GatewayProtocol"
		}
		all = append(all, c)
	}
	return all, nil
}

// connection is a line about a socket, of a Register's protocol unless the caller
// knows better. Its number is its place in the list.
func connection(s workerman.Socket, place int) workerman.Connection {
	return workerman.Connection{
		ID: uint64(place) + 1, Transport: "tcp", Protocol: "Text",
		RecvQ: s.Unread, Read: s.Read, Written: s.Written, Local: s.Local, Remote: s.Remote,
	}
}

func unmapped(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

func portOf(a net.Addr) uint16 {
	if a, ok := a.(*net.TCPAddr); ok {
		return a.AddrPort().Port()
	}
	return 0
}

func (s registerServer) figures() workerman.Figures {
	stats := s.Stats()
	return workerman.Figures{Connections: stats.Connections, TotalRequest: stats.Requests}
}

// vacated waits for the gateways to go.
func (s registerServer) vacated(ctx context.Context) {
	await(ctx, func() bool { return s.Stats().Gateways == 0 })
}

func (s registerServer) connections() ([]workerman.Connection, error) {
	sockets, err := workerman.Sockets()
	if err != nil {
		return nil, err
	}
	all := make([]workerman.Connection, len(sockets))
	for i, socket := range sockets {
		all[i] = connection(socket, i)
	}
	return all, nil
}
