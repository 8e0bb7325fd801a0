package gateway

import "github.com/sirupsen/logrus"

// warn logs what a peer could cause very often: of each message 10 at once, and
// then one a second. No lock may be held.
func (g *Gateway) warn(entry *logrus.Entry, msg string) { g.limited.Warn(msg, entry, msg) }

func (g *Gateway) clientLog(c *client) *logrus.Entry {
	return g.log.WithFields(logrus.Fields{"client_id": c.clientID(), "remote": c.remoteAddr()})
}

// handshakeFailed logs that a client's TLS handshake failed.
func (g *Gateway) handshakeFailed(c *client, err error) {
	g.warn(g.clientLog(c).WithError(err), "TLS handshake failed")
}

// dropped counts a message that a client does not get because its send buffer
// is full. A client that reads nothing can have very many of them, so the fields
// are only made for lines that are logged.
func (g *Gateway) dropped(c *client, n int) {
	g.traffic.droppedToClients.Add(1)
	g.limited.WarnFunc("client buffer", "client's send buffer is full, message dropped", func() logrus.FieldLogger {
		return g.clientLog(c).WithField("bytes", n)
	})
}

// droppedEarly counts a message that a client does not get because too much waits
// for handshakes, those of other clients included.
func (g *Gateway) droppedEarly(c *client, n int) {
	g.traffic.droppedToClients.Add(1)
	g.traffic.droppedEarly.Add(1)
	g.limited.WarnFunc("early messages", "too much waits for handshakes, message dropped", func() logrus.FieldLogger {
		return g.clientLog(c).WithField("bytes", n)
	})
}

// acceptFailed logs that a connection could not be accepted.
func (g *Gateway) acceptFailed(port string, err error) {
	g.warn(g.log.WithField("port", port).WithError(err), "cannot accept a connection")
}
