package gateway

import (
	"github.com/sirupsen/logrus"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/clientproto"
	"github.com/go-gatewayworker/gatewayworker/gateway/internal/hub"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// innerSink is what commands of the inner port do to clients and connections.
// It belongs to whoever executes commands, one at a time.
type innerSink struct {
	gw *Gateway
	b  *batch
}

// encode returns body as it goes on a client's socket, in the batch's arena.
func (s *innerSink) encode(body []byte, raw bool) []byte {
	a := &s.b.arena
	if raw {
		return a.commit(append(a.tail(len(body)), body...))
	}
	return a.commit(s.gw.codec.AppendMessage(a.tail(len(body)+clientproto.MaxOverhead), body))
}

func (s *innerSink) deliver(to []*hub.Client, body []byte, raw bool) {
	if len(to) == 0 {
		return
	}
	frame := s.encode(body, raw)
	for _, c := range to {
		clientOf(c).send(s.b, frame, raw, arenaLived)
	}
	if s.b.arena.used >= arenaFlushAt {
		s.b.flush()
	}
}

func (s *innerSink) kick(c *hub.Client, body []byte, send bool) {
	var frame []byte
	if send {
		frame = s.encode(body, false)
	}
	clientOf(c).closeAfter(s.b, frame, false, arenaLived)
}

func (s *innerSink) destroy(c *hub.Client) { s.gw.destroyClient(s.b, clientOf(c)) }

func (s *innerSink) reply(ic *innerConn, payload []byte) {
	ic.reply(s.b, payload)
	ic.flushIfLarge()
}

func (s *innerSink) workerConnected(ic *innerConn, key string) {
	g := s.gw
	g.hub.Mu.Lock()
	evicted := g.workers.connectLocked(ic, key)
	g.hub.Mu.Unlock()
	log := g.log.WithFields(logrus.Fields{"worker_key": key, "remote": ic.remote})
	if evicted != nil && evicted != ic {
		log.WithField("evicted", evicted.remote).Warn("worker key conflict: closing the older connection; give every worker on a host its own name")
		evicted.closeAfterFlush()
	} else {
		log.Info("business worker connected")
	}
	if f := g.opts.OnBusinessWorkerConnected; f != nil {
		f(BusinessWorker{Key: key, Remote: ic.remote})
	}
}

func (s *innerSink) closeInner(ic *innerConn, err error) {
	s.gw.limited.warn("inner "+ic.remoteIP, s.gw.log.WithField("remote", ic.remote).WithError(err), "closing inner connection")
	ic.closeAfterFlush()
}

func (s *innerSink) refuse(ic *innerConn, m *gatewayprotocol.Message, err error) {
	s.gw.limited.warn("refused "+m.Cmd.String(), s.gw.log.WithFields(logrus.Fields{
		"remote":    ic.remote,
		"command":   m.Cmd.String(),
		"client_id": m.ClientID(),
	}).WithError(err), "command refused")
}
