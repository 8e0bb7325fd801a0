package gateway

import (
	"sync/atomic"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// Stats is what a gateway holds and has done. Reading it costs a gateway next to
// nothing, with any number of clients.
type Stats struct {
	// Now.
	Clients int // connected, those in a handshake included
	Workers int // business workers
	UIDs    int // uids that clients are bound to
	Groups  int // groups with members

	BytesBeforeHandshake int // that wait for clients' handshakes, websocket and TLS, at most 64 MiB

	// Since the gateway was made. Each loop counts for itself and tells when a
	// turn of it is over, so that the last microseconds may be missing.
	MessagesFromClients uint64
	BytesFromClients    uint64 // of the client protocol: frames, heads and requests included, TLS not
	MessagesToClients   uint64 // that commands addressed to clients, dropped ones included; each recipient counts
	BytesToClients      uint64 // of these messages, as the client protocol encodes them

	// Messages that were dropped because too much waited: for a client
	// (SendToClientBufferSize), and for a worker or a GatewayClient
	// (SendToWorkerBufferSize).
	DroppedToClients uint64
	DroppedToWorkers uint64
	// DroppedBeforeHandshake is how many of DroppedToClients would have had to
	// wait for a handshake when BytesBeforeHandshake was at its bound.
	DroppedBeforeHandshake uint64

	ClientConnects  uint64                             // accepted, also those that were closed for want of a worker
	ClientCloses    map[CloseReason]uint64             // has every reason
	Commands        map[gatewayprotocol.Command]uint64 // that were executed, refused ones included
	CommandsRefused uint64                             // that had no effect
	InnerTurns      Turns
	Limited         map[Limit]uint64 // how often each limit acted; has every limit
	ConnectHook     ConnectHookStats
	Compression     CompressionStats
}

// Stats returns what the gateway holds and has done.
func (g *Gateway) Stats() Stats {
	s := Stats{
		MessagesFromClients: g.traffic.fromClients.messages.Load(),
		BytesFromClients:    g.traffic.fromClients.bytes.Load(),
		MessagesToClients:   g.traffic.toClients.messages.Load(),
		BytesToClients:      g.traffic.toClients.bytes.Load(),
		DroppedToClients:    g.traffic.droppedToClients.Load(),
		DroppedToWorkers:    g.traffic.droppedToWorkers.Load(),

		BytesBeforeHandshake:   int(g.early.Load()),
		DroppedBeforeHandshake: g.traffic.droppedEarly.Load(),

		ClientCloses:    make(map[CloseReason]uint64, closeReasons),
		Commands:        make(map[gatewayprotocol.Command]uint64),
		CommandsRefused: g.commands.Refused(),
		InnerTurns:      g.turns.read(),
		Limited:         g.limits.hits.read(),
		ConnectHook:     g.hooks.read(),
		Compression:     g.compression.read(),
	}
	g.commands.Executed(func(cmd gatewayprotocol.Command, times uint64) { s.Commands[cmd] = times })
	g.hub.Mu.Lock()
	defer g.hub.Mu.Unlock()
	s.Clients = g.hub.ClientsLocked().Len()
	s.UIDs = g.hub.UIDCountLocked()
	s.Groups = g.hub.GroupCountLocked()
	s.Workers = len(g.workers.live)
	s.ClientConnects = g.lives.connects
	for reason, n := range g.lives.closes {
		s.ClientCloses[CloseReason(reason)] = n
	}
	return s
}

// traffic is what all loops have reported, and what is dropped, which is rare
// enough to be counted at once.
type traffic struct {
	fromClients      counted
	toClients        counted
	droppedToClients atomic.Uint64
	droppedToWorkers atomic.Uint64
	droppedEarly     atomic.Uint64
}

type counted struct{ messages, bytes atomic.Uint64 }

// tally is what one goroutine has counted in the turn at hand.
type tally struct{ messages, bytes uint64 }

func (t *tally) add(messages, bytes int) {
	t.messages += uint64(messages)
	t.bytes += uint64(bytes)
}

// tell adds the tally to a sum and begins anew.
func (t *tally) tell(sum *counted) {
	if t.bytes == 0 && t.messages == 0 {
		return
	}
	sum.messages.Add(t.messages)
	sum.bytes.Add(t.bytes)
	*t = tally{}
}
