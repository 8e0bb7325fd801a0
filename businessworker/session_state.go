package businessworker

import (
	"bytes"
	"hash/crc32"
	"sync/atomic"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// A sessionState is what the worker remembers of a client's session between
// events. known and version belong to the goroutine that handles the client's
// event.
type sessionState struct {
	known   bool
	version uint32      // of the session's text as it was last known to be
	changed atomic.Bool // it was changed by other than its event since

	handling bool           // an event of the client is being handled; guarded by dispatcher.mu
	writes   []sessionWrite // meanwhile, not yet part of the event's Session; guarded by dispatcher.mu
}

// A sessionWrite is a SetSession or an UpdateSession.
type sessionWrite struct {
	update bool
	text   []byte
}

// saw remembers the text of the session.
func (st *sessionState) saw(text []byte) { st.known, st.version = true, sessionVersion(text) }

// sessionVersion is crc32, as BusinessWorker::$_sessionVersion. No session and
// an empty one are the same: it comes as "" with events, and as an empty array
// when asked for.
func sessionVersion(text []byte) uint32 {
	if string(text) == "a:0:{}" {
		return 0
	}
	return crc32.ChecksumIEEE(text)
}

// sessionWritten notes a command of the worker's Client that changes a client's
// session. The event of the client that is being handled, if any, has it in its
// Session from then on; the next event asks for the session.
func (d *dispatcher) sessionWritten(id ClientID, m *gatewayprotocol.Message) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := d.clients.get(id)
	if c == nil {
		return
	}
	c.changed.Store(true)
	if c.handling {
		c.writes = append(c.writes, sessionWrite{m.Cmd == gatewayprotocol.CmdUpdateSession, bytes.Clone(m.ExtData)})
	}
}

// takeSessionWrites returns what was written since the last call.
func (d *dispatcher) takeSessionWrites(c *clientState) []sessionWrite {
	d.mu.Lock()
	defer d.mu.Unlock()
	writes := c.writes
	c.writes = nil
	return writes
}
