package register

import (
	"net"
	"slices"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/handover"
	"github.com/go-gatewayworker/gatewayworker/internal/keepalive"
)

// TakenLink is a connection to a Register that another process has had; see
// [HeldLinks.HandOver].
type TakenLink struct {
	Address string // of the Register, as that process's options have it

	nc       net.Conn
	accepted bool
	limit    time.Duration // until it counts as accepted; 0 without
	ping     time.Duration // until the next one is due
	unread   []byte
	out      []byte // of a ping that was not written to its end
}

// Close closes the connection, which nobody wants here.
func (t *TakenLink) Close() { _ = t.nc.Close() }

// adopt makes t the first connection of the link to its Register.
func (l *links) adopt(t *TakenLink) bool {
	i := slices.IndexFunc(l.each, func(k *link) bool { return k.addr == t.Address && k.taken == nil })
	if i < 0 {
		return false
	}
	k := l.each[i]
	keepalive.Set(t.nc)
	conn := handover.NewConn(t.nc)
	if t.limit > 0 {
		_ = conn.SetReadDeadline(time.Now().Add(t.limit))
	}
	if len(t.out) > 0 && k.write(conn, t.out) != nil {
		_ = conn.Close() // the reader finds out
	}
	k.taken = t
	k.lines = newLineReader(conn, gatewayprotocol.MaxRegisterLine)
	k.lines.restore(t.unread)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.conn, k.up, k.ping = conn, t.accepted, time.Now().Add(min(t.ping, k.opts.PingInterval))
	return true
}

// Adopt has Run, which is called at once, begin with a connection of another
// process in place of dialing and announcing: the Register notices nothing. It
// reports false where the options do not name the Register; call TakenLink.Close
// then.
func (a *Announcer) Adopt(t *TakenLink) bool { return a.links.adopt(t) }

// Adopt has Run, which is called at once, begin with a connection of another
// process in place of dialing. It reports false where the options do not name the
// Register; call TakenLink.Close then.
func (w *Watcher) Adopt(t *TakenLink) bool { return w.links.adopt(t) }
