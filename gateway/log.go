package gateway

import (
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// limitedLog writes entries that one peer could cause very often, at most one
// of a kind in a second.
type limitedLog struct {
	mu    sync.Mutex // guards kinds
	kinds map[string]*limitedKind
}

type limitedKind struct {
	last       time.Time
	suppressed int
}

// limitedKinds bounds the kinds remembered.
const limitedKinds = 1024

func (l *limitedLog) warn(kind string, entry *logrus.Entry, msg string) {
	now := time.Now()
	l.mu.Lock()
	k := l.kinds[kind]
	if k == nil {
		if l.kinds == nil || len(l.kinds) >= limitedKinds {
			l.kinds = make(map[string]*limitedKind)
		}
		k = new(limitedKind)
		l.kinds[kind] = k
	}
	if !k.last.IsZero() && now.Sub(k.last) < time.Second {
		k.suppressed++
		l.mu.Unlock()
		return
	}
	suppressed := k.suppressed
	k.last, k.suppressed = now, 0
	l.mu.Unlock()
	if suppressed > 0 {
		entry = entry.WithField("suppressed", suppressed)
	}
	entry.Warn(msg)
}

func (g *Gateway) clientLog(c *client) *logrus.Entry {
	return g.log.WithFields(logrus.Fields{"client_id": c.clientID(), "remote": c.remote})
}

// handshakeFailed logs that a client's TLS handshake failed.
func (g *Gateway) handshakeFailed(c *client, err error) {
	g.limited.warn("tls "+c.remote.Addr().String(), g.clientLog(c).WithError(err), "TLS handshake failed")
}

// dropped counts a message that a client does not get because its send buffer
// is full. The caller holds c.mu.
func (g *Gateway) dropped(c *client, n int) {
	g.traffic.droppedToClients.Add(1)
	g.limited.warn("client buffer", g.clientLog(c).WithField("bytes", n), "client's send buffer is full, message dropped")
}

// droppedInner is the same for a worker or GatewayClient. The caller holds w.mu.
func (g *Gateway) droppedInner(w *innerConn, cmd gatewayprotocol.Command) {
	g.traffic.droppedToWorkers.Add(1)
	entry := g.log.WithField("remote", w.remote)
	if cmd != 0 {
		entry = entry.WithField("command", cmd.String())
	}
	g.limited.warn("inner buffer", entry, "send buffer of inner connection is full, message dropped")
}

// acceptFailed logs that a connection could not be accepted.
func (g *Gateway) acceptFailed(port string, err error) {
	g.limited.warn("accept "+port, g.log.WithField("port", port).WithError(err), "cannot accept a connection")
}
