package gateway

import (
	"context"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/hub"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// heartbeat pings silent clients and drops those that stay silent, until ctx
// ends (PHP: Gateway::ping). With a limit it runs every half interval.
func (g *Gateway) heartbeat(ctx context.Context) {
	opts := g.options() // it starts anew when they change
	interval, limit := opts.PingInterval, opts.PingNotResponseLimit
	if interval <= 0 {
		return
	}
	if limit > 0 {
		interval = max(interval/2, 1)
	}
	frames := g.pingFrames(opts.PingData)
	b := new(batch)
	var clients []*hub.Client
	g.every(ctx, interval, &g.beats, func() {
		g.hub.Mu.Lock()
		clients = g.hub.ClientsLocked().AppendTo(clients[:0])
		g.hub.Mu.Unlock()
		for i, c := range clients {
			c := clientOf(c)
			g.beat(b, c, int32(limit), frames[c.listener.encoding])
			if i%heartbeatBatch == heartbeatBatch-1 {
				b.flush()
			}
		}
		b.flush()
		clear(clients)
	})
}

// pingFrames returns PingData as it goes on the wire, by the listener's encoding;
// nil where nothing is sent.
func (g *Gateway) pingFrames(data string) [][]byte {
	frames := make([][]byte, g.encodings)
	if data == "" || data == "0" {
		return frames
	}
	for _, l := range g.listeners {
		if frames[l.encoding] == nil {
			frames[l.encoding] = l.codec.AppendMessage(nil, []byte(data))
		}
	}
	return frames
}

// heartbeatBatch is the number of clients after which a heartbeat is flushed.
const heartbeatBatch = 512

// beat is one client's part of a heartbeat.
func (g *Gateway) beat(b *batch, c *client, limit int32, frame []byte) {
	if limit > 0 && c.silent.Load() >= 2*limit {
		g.clientLog(c).Debug("client was silent for too long, dropping it")
		g.destroyClient(b, c, ClosedForSilence)
		return
	}
	silent := c.silent.Add(1)
	if frame == nil || silent == 0 || limit > 0 && silent%2 == 1 {
		return
	}
	c.send(b, frame, false, immortal)
}

// pingWorkers keeps connections to workers on other hosts alive (PHP:
// Gateway::pingBusinessWorker).
func (g *Gateway) pingWorkers(ctx context.Context) {
	b := new(batch)
	ping := gatewayprotocol.Message{Cmd: gatewayprotocol.CmdPing, Flag: gatewayprotocol.FlagBodyIsScalar}
	g.every(ctx, keepAliveInterval, &g.workerBeats, func() {
		g.hub.Mu.Lock()
		for _, s := range g.workers.live {
			if w := s.conn.Load(); w != nil {
				w.event(b, &ping, nil, nil)
			}
		}
		g.hub.Mu.Unlock()
		b.flush()
	})
}
