package register

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/handover"
)

// Announcer keeps a gateway announced at several Registers, as PHP's
// Gateway::registerAddress does: it reconnects until Run's context ends, and every connection
// begins with the announcement.
type Announcer struct{ links links }

// NewAnnouncer returns an announcer of the inner address address, ip:port. It
// fails with an [*OptionError].
func NewAnnouncer(address string, opts ClientOptions) (*Announcer, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	a := &Announcer{}
	a.links.init(opts, gatewayprotocol.AppendGatewayConnect(nil, address, opts.SecretKey), discard)
	return a, nil
}

// Run announces until ctx is done and returns its error. Closing the
// connections is what takes the gateway off the Registers' lists.
func (a *Announcer) Run(ctx context.Context) error { return a.links.run(ctx) }

// Connected returns the number of Registers that are connected now. A Register
// does not confirm an announcement: it only closes the connection if it refuses
// one.
func (a *Announcer) Connected() int { return int(a.links.connected.Load()) }

// State is what an Announcer knows of one Register.
type State struct {
	Address string
	// Connected says that the Register has let a connection stand for a second
	// after the announcement, and that it stands.
	Connected bool
	Err       error // why it is not connected; nil also before the first attempt has ended
}

// States returns what is known of each Register, in the order of
// ClientOptions.RegisterAddresses.
func (a *Announcer) States() []State { return a.links.states() }

// acceptTime is how long a Register must keep the connection open to count as
// one that has accepted the announcement. It closes at once when it does not.
const acceptTime = time.Second

// discard reads until the connection ends. A Register has nothing to say to a
// gateway; what it says is logged once and dropped.
func discard(k *link, nc *handover.Conn, accept func()) error {
	buf := make([]byte, 512)
	if !k.isAccepted() && nc.ReadLimit() == 0 {
		_ = nc.SetReadDeadline(time.Now().Add(acceptTime))
	}
	for told := false; ; {
		n, err := nc.Read(buf)
		if n > 0 && !told {
			k.log.Warnf("register: ignoring what the Register says to a gateway: %q", clip(string(buf[:n])))
			told = true
		}
		var ne net.Error
		switch {
		case err == nil:
		case errors.As(err, &ne) && ne.Timeout():
			_ = nc.SetReadDeadline(time.Time{})
			accept()
		default:
			return err
		}
	}
}
