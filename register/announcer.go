package register

import (
	"context"
	"net"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/sirupsen/logrus"
)

// Announcer keeps a gateway announced at several Registers, as PHP's
// Gateway::registerAddress does: it reconnects for ever, and every connection
// begins with the announcement.
type Announcer struct{ links links }

// NewAnnouncer returns an announcer of the inner address address, ip:port.
func NewAnnouncer(address string, opts ClientOptions) *Announcer {
	a := &Announcer{}
	a.links.opts = opts.withDefaults()
	a.links.hello = gatewayprotocol.AppendGatewayConnect(nil, address, opts.SecretKey)
	a.links.read = discard
	return a
}

// Run announces until ctx is done and returns its error. Closing the
// connections is what takes the gateway off the Registers' lists.
func (a *Announcer) Run(ctx context.Context) error { return a.links.run(ctx) }

// Connected returns the number of Registers that are connected now. A Register
// gives no sign that it accepts the announcement but not closing the
// connection.
func (a *Announcer) Connected() int { return int(a.links.connected.Load()) }

// discard reads until the connection ends. A Register has nothing to say to a
// gateway; what it says is told once and dropped.
func discard(_ string, nc net.Conn, log logrus.FieldLogger) error {
	buf := make([]byte, 512)
	for told := false; ; {
		n, err := nc.Read(buf)
		if n > 0 && !told {
			log.Warnf("register: ignoring what the Register says to a gateway: %q", clip(string(buf[:n])))
			told = true
		}
		if err != nil {
			return endOf(err)
		}
	}
}
