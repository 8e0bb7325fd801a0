package businessworker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"sync/atomic"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// Session is the session of the client that an event is about: PHP's $_SESSION,
// shared with PHP workers and GatewayClients.
//
// It comes with the event. When the client's session was changed elsewhere
// since this worker saw it last, or by an earlier event whose change the
// gateway had not seen yet, it is asked for again; that happens when the handler
// first looks at it. When the handler returns, and not in OnClose, the session
// is written back if it is not what it was.
//
// As in PHP a write replaces the whole session: of two workers that change one
// session at the same time, the last one wins. gatewayclient's UpdateSession
// merges at the gateway instead.
//
// When a session cannot be loaded it reads as empty and is not written back;
// Err tells why, and the worker logs it. A Session is for the goroutine that
// runs the handler.
type Session struct {
	event *Event
	state *sessionState
	raw   []byte // as the gateway has it
	stale bool   // raw may be old: ask
	final bool   // OnClose: not written back

	loaded bool
	value  *phpserialize.Array // nil is PHP's null
	forced bool                // Replace or Clear was called: what raw was does not matter
	err    error
}

// load makes value what the session is.
func (s *Session) load() {
	if s.loaded {
		return
	}
	s.loaded = true
	if s.stale {
		s.fetch()
	}
	if s.err != nil || len(s.raw) == 0 {
		return
	}
	v, err := phpserialize.Unmarshal(s.raw)
	switch v := v.(type) {
	case *phpserialize.Array:
		s.value = v
	case nil:
		s.err = err
	default:
		s.err = errors.New("the session is no array")
	}
}

// A sessionState is what the worker remembers of a client's session between
// events. It belongs to the goroutine that runs the client, changed apart.
type sessionState struct {
	known   bool
	version uint32      // of the session's text as it was last known to be
	changed atomic.Bool // it was changed by other than an event since
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

// begin makes s the session that came with an event. PHP takes the text that
// came with an event for the latest after it has asked for a newer one, and so
// reads an old session with the next event; here the newer one is remembered.
func (s *Session) begin(e *Event, st *sessionState) {
	*s = Session{event: e, state: st, raw: e.msg.ExtData}
	switch {
	case e.msg.Cmd == gatewayprotocol.CmdOnClose:
		s.final = true
		st.known = false
	case !st.known:
		st.saw(s.raw)
	default:
		s.stale = st.version != sessionVersion(s.raw) || st.changed.Load()
	}
}

// fetch asks the gateway for the session, as BusinessWorker::onGatewayMessage
// does.
func (s *Session) fetch() {
	w := s.event.conn.worker
	ctx, cancel := context.WithTimeout(w.ctx, w.opts.QueryTimeout)
	defer cancel()
	s.state.changed.Store(false)
	raw, err := w.client.Session(ctx, s.event.ClientID())
	if err != nil && !errors.Is(err, gatewayclient.ErrClientOffline) {
		s.err = err
		s.state.changed.Store(true)
		return
	}
	s.raw = raw
	s.state.saw(raw)
}

// Err returns why the session could not be loaded.
func (s *Session) Err() error {
	s.load()
	return s.err
}

// Array returns the session as an ordered PHP array. Changes made to it are
// written back.
func (s *Session) Array() *phpserialize.Array {
	s.load()
	if s.value == nil {
		s.value = phpserialize.NewArray()
	}
	return s.value
}

// Get returns the value of a key, nil if there is none.
func (s *Session) Get(key string) phpserialize.Value {
	s.load()
	if s.value == nil {
		return nil
	}
	v, _ := s.value.GetString(key)
	return phpserialize.Deref(v)
}

// Has reports whether there is a value for the key that is not null (isset).
func (s *Session) Has(key string) bool { return s.Get(key) != nil }

// String returns the value of a key as PHP converts it to a string, "" for
// none, or for an array or object.
func (s *Session) String(key string) string {
	text, _ := phpserialize.ToString(s.Get(key))
	return text
}

// Int returns the value of a key if it is an integer, or a string or float that
// is one exactly, and else 0.
func (s *Session) Int(key string) int64 {
	var n int64
	_ = gatewayclient.DecodeValue(s.Get(key), &n)
	return n
}

// Set sets a key to a Go value; see [gatewayclient.EncodeValue] for how it maps.
// It fails for a value that PHP has nothing for.
func (s *Session) Set(key string, value any) error {
	v, err := gatewayclient.EncodeValue(value)
	if err == nil {
		s.Array().SetString(key, v)
	}
	return err
}

// Delete removes a key (unset).
func (s *Session) Delete(key string) {
	if s.load(); s.value != nil {
		s.value.Delete(phpserialize.StringKey(key))
	}
}

// Decode stores the session in a struct, a map or a *phpserialize.Array; see
// [gatewayclient.DecodeValue].
func (s *Session) Decode(into any) error {
	if err := s.Err(); err != nil {
		return err
	}
	if s.value == nil {
		return gatewayclient.DecodeValue(phpserialize.NewArray(), into)
	}
	return gatewayclient.DecodeValue(s.value, into)
}

// Encode sets the keys that a struct or map has; others stay.
func (s *Session) Encode(from any) error {
	arr, err := encodeArray(from)
	if err != nil {
		return err
	}
	for k, v := range arr.All() {
		s.Array().Set(k, v)
	}
	return nil
}

// Replace makes the session what a struct, a map or a *phpserialize.Array has
// (Gateway::setSession for the current client).
func (s *Session) Replace(from any) error {
	arr, err := encodeArray(from)
	if err == nil {
		s.loaded, s.forced, s.value, s.err = true, true, arr, nil
	}
	return err
}

// Clear removes the session altogether ($_SESSION = null).
func (s *Session) Clear() { s.loaded, s.forced, s.value, s.err = true, true, nil, nil }

func encodeArray(from any) (*phpserialize.Array, error) {
	v, err := gatewayclient.EncodeValue(from)
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case *phpserialize.Array:
		return v, nil
	case nil:
		return phpserialize.NewArray(), nil
	}
	return nil, &gatewayclient.EncodeError{What: "a session must be an array"}
}

// Save writes the session back now, if it was changed; otherwise that happens
// when the handler returns, so that another client that is told something by
// this handler may look at the session before. In OnClose it does nothing.
func (s *Session) Save(ctx context.Context) error {
	text, changed, err := s.changed()
	if err != nil {
		return fmt.Errorf("session: %w", err)
	}
	if !changed {
		return nil
	}
	id := s.event.ClientID()
	err = s.event.conn.worker.transport.send(ctx, id.Gateway(), gatewayprotocol.Message{
		Cmd:          gatewayprotocol.CmdSetSession,
		ConnectionID: id.ConnectionID,
		Flag:         gatewayprotocol.FlagBodyIsScalar,
		ExtData:      text,
	})
	if err == nil {
		s.raw, s.stale, s.forced = text, false, false
		s.state.saw(text)
	}
	return err
}

// changed returns the session's text if it has to be written back. Values
// count, not spelling: a session that PHP or Go would write differently is not
// changed by that.
func (s *Session) changed() (text []byte, changed bool, err error) {
	if !s.loaded || s.final || s.err != nil {
		return nil, false, nil
	}
	if s.value == nil || s.value.Len() == 0 && len(s.raw) == 0 && !s.forced {
		return nil, s.forced && s.value == nil && (s.stale || len(s.raw) > 0), nil
	}
	text, err = phpserialize.Marshal(s.value)
	if err != nil {
		return nil, false, err
	}
	if s.forced && s.stale { // what it replaces is not known
		return text, true, nil
	}
	if bytes.Equal(text, s.raw) {
		return nil, false, nil
	}
	before, err := phpserialize.Unmarshal(s.raw)
	if err == nil {
		if old, err := phpserialize.Marshal(before); err == nil && bytes.Equal(text, old) {
			return nil, false, nil
		}
	}
	return text, true, nil
}
