package gateway

import (
	"sync/atomic"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/hub"
)

// A gateway passes to another process as records, in this order: one of the
// gateway, one for each inner connection, one for each place of the worker table
// (those with a connection first, in their order), one for each client in order
// of connecting, those of the hub, one for each connection whose PROXY head is
// not whole; behind the gateway's own, those of register.HeldLinks. Numbers that
// name a connection or a place count them from 1.

// Kinds of records.
const (
	kindGateway = hub.FirstKind + iota
	kindInner
	kindSlot
	kindClient
	kindProxyHead
)

// Fields of the gateway's record.
const (
	fieldInnerAddress = 1 + iota // as configured
	fieldInnerFile
	fieldListenAddress // as configured; one for each listener
	fieldListenFile    // one for each listener
	fieldCount         // one for each of Gateway.counters
	fieldCloses        // one for each CloseReason
	fieldClientID      // lanIp and port, as client ids have them
	fieldBeat          // microseconds until the next heartbeat
	fieldWorkerBeat    // and until the next ping of workers
)

// Fields of an inner connection's.
const (
	fieldConnFile = 1 + iota
	fieldConnRemote
	fieldConnAuthorized
	fieldConnUnread
	fieldConnParked
	fieldConnParkedAt // place among those that are parked, from 1
	fieldConnKey
	fieldConnOut
	fieldConnState
	fieldConnAge // microseconds
	fieldConnLost
)

// Fields of a place of the worker table.
const (
	fieldSlotKey = 1 + iota
	fieldSlotConn
	fieldSlotCount
)

// Fields of a client's, behind those of the hub.
const (
	fieldClientFile = hub.FirstField + iota
	fieldClientListener
	fieldClientRemote
	fieldClientProto
	fieldClientUnread
	fieldClientState
	fieldClientSlot
	fieldClientOut
	fieldClientEarly
	fieldClientSilent
	fieldClientWhy
	fieldClientProxied
)

// Fields of a connection whose PROXY head is not whole.
const (
	fieldHeadFile = 1 + iota
	fieldHeadListener
	fieldHeadPeer
	fieldHeadGot
)

// What of the states passes; the rest is about goroutines and batches.
const (
	clientPassedOn = clientReady | clientClosing
	innerPassedOn  = innerClosing | innerLinger
)

// counters are what Stats counts, in an order that does not change.
func (g *Gateway) counters() []*atomic.Uint64 {
	t, z := &g.traffic, &g.compression
	return []*atomic.Uint64{
		&t.fromClients.messages, &t.fromClients.bytes,
		&t.toClients.messages, &t.toClients.bytes,
		&t.droppedToClients, &t.droppedToWorkers, &t.droppedEarly,
		&g.hooks.asked, &g.hooks.allowed, &g.hooks.refused, &g.hooks.failed, &g.hooks.abandoned,
		&z.compressed, &z.sent.messages, &z.sent.from, &z.sent.to,
		&z.received.messages, &z.received.from, &z.received.to,
	}
}
