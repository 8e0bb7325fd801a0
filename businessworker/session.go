package businessworker

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// Session is the session of the client that an event is about: PHP's $_SESSION,
// shared with PHP workers and GatewayClients.
//
// It comes with the event. When another program has changed the client's session
// since this worker saw it last, or an earlier event has changed it and the
// gateway did not know yet, the worker asks the gateway for it when the handler
// first looks at it. When the handler returns, and not in OnClose, the session
// is written back if it is not what it was.
//
// SetSession and UpdateSession of gatewayclient take part while a handler runs:
// what they write to the handler's own client, by whichever Client of the
// worker, is in the Session from then on, and is not undone when the Session is
// written back.
//
// As in PHP a write replaces the whole session: of two workers that change one
// session at the same time, the last one wins. UpdateSession merges at the
// gateway instead.
//
// PHP's null, which is no session, and an empty array are two things here, as
// they are in PHP: see [Session.IsNull] and [Session.Clear].
//
// When a session cannot be loaded it reads as empty and is not written back;
// Err tells why, and the worker logs it. A Session is for the goroutine that
// runs the handler.
type Session struct {
	event *Event
	state *clientState
	raw   []byte // as the gateway has it
	stale bool   // raw may be old: ask
	final bool   // OnClose: not written back

	loaded bool
	value  *phpserialize.Array // nil is PHP's null
	lent   bool                // value was nil, and is an array because Array returned one: null as long as it is empty
	must   bool                // differs from what the gateway has, whatever raw says
	err    error
}

// load makes value what the session is.
func (s *Session) load() {
	if !s.loaded {
		s.loaded = true
		if s.stale {
			s.fetch()
		}
		if s.err == nil {
			s.value, s.err = decodeSession(s.raw)
		}
	}
	s.join()
}

func decodeSession(text []byte) (*phpserialize.Array, error) {
	if len(text) == 0 {
		return nil, nil
	}
	v, err := phpserialize.Unmarshal(text)
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case *phpserialize.Array:
		return v, nil
	case nil:
		return nil, nil
	}
	return nil, errors.New("the session is no array")
}

// begin makes s the session that came with an event. PHP takes the text that
// came with an event for the latest after it has asked for a newer one, and so
// reads an old session with the next event; here the newer one is remembered.
func (s *Session) begin(e *Event, c *clientState) {
	*s = Session{event: e, state: c, raw: e.msg.ExtData}
	switch {
	case e.msg.Cmd == gatewayprotocol.CmdOnClose:
		s.final = true
		c.known = false
	case !c.known:
		c.saw(s.raw)
	default:
		s.stale = c.version != sessionVersion(s.raw) || c.changed.Load()
	}
}

// fetch asks the gateway for the session, as BusinessWorker::onGatewayMessage
// does.
func (s *Session) fetch() {
	w := s.event.conn.worker
	ctx, cancel := context.WithTimeout(w.ctx, w.opts.QueryTimeout)
	defer cancel()
	s.state.changed.Store(false)
	w.dispatcher.takeSessionWrites(s.state) // the answer has them
	raw, err := w.client.Session(ctx, s.event.ClientID())
	if err != nil && !errors.Is(err, gatewayclient.ErrClientOffline) {
		s.err = err
		s.state.changed.Store(true)
		return
	}
	s.raw = raw
	s.state.saw(raw)
}

// join applies what SetSession and UpdateSession have written since the session
// was last looked at.
func (s *Session) join() {
	if !s.state.changed.Load() {
		return
	}
	for _, w := range s.event.conn.worker.dispatcher.takeSessionWrites(s.state) {
		written, err := decodeSession(w.text)
		switch {
		case !w.update:
			*s = Session{event: s.event, state: s.state, raw: w.text, final: s.final, loaded: true, value: written, err: err}
		case s.err == nil && err == nil && written != nil: // else the gateway does nothing, either
			_, s.must, _ = s.differs()
			if s.err = s.merge(written); s.err == nil && !s.must {
				s.raw, s.err = phpserialize.Marshal(s.value)
			}
		}
	}
}

// merge is array_replace_recursive. The array that Array returned stays the one.
func (s *Session) merge(values *phpserialize.Array) error {
	if s.value == nil {
		s.value = phpserialize.NewArray()
	}
	merged := phpserialize.ArrayReplaceRecursive(s.value, values)
	if merged == nil {
		return errRecursion
	}
	*s.value = *merged
	s.lent = false
	return nil
}

var errRecursion = errors.New("array_replace_recursive: the arrays contain themselves, or are too large")

// Err returns why the session could not be loaded.
func (s *Session) Err() error {
	s.load()
	return s.err
}

// IsNull reports whether there is no session: $_SESSION is null, not an empty
// array.
func (s *Session) IsNull() bool {
	s.load()
	return s.isNull()
}

func (s *Session) isNull() bool { return s.value == nil || s.lent && s.value.Len() == 0 }

// Array returns the session as an ordered PHP array, an empty one for null.
// Changes made to it are written back.
func (s *Session) Array() *phpserialize.Array {
	s.load()
	if s.value == nil {
		s.value, s.lent = phpserialize.NewArray(), true
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
// It fails for a value that has no counterpart in PHP, such as a channel.
func (s *Session) Set(key string, value any) error {
	v, err := gatewayclient.EncodeValue(value)
	if err == nil {
		s.Array().SetString(key, v)
		s.lent = false
	}
	return err
}

// Delete removes a key (unset). The last one leaves an empty array, not null.
func (s *Session) Delete(key string) {
	if s.load(); s.value != nil {
		s.value.Delete(phpserialize.StringKey(key))
	}
}

// Decode stores the session in a struct, a map or a *phpserialize.Array; see
// [gatewayclient.DecodeValue]. Null is decoded as an empty array.
func (s *Session) Decode(into any) error {
	if err := s.Err(); err != nil {
		return err
	}
	if s.value == nil {
		return gatewayclient.DecodeValue(phpserialize.NewArray(), into)
	}
	return gatewayclient.DecodeValue(s.value, into)
}

// Encode sets the keys that a struct or map has; others stay. A key's value is
// replaced whole; see [Session.Update] for merging.
func (s *Session) Encode(from any) error {
	arr, err := encodeArray(from)
	if err != nil {
		return err
	}
	for k, v := range arr.All() {
		s.Array().Set(k, v)
		s.lent = false
	}
	return nil
}

// Update merges a struct, a map or a *phpserialize.Array into the session, as
// array_replace_recursive does: arrays are merged key by key, everything else is
// replaced.
func (s *Session) Update(from any) error {
	arr, err := encodeArray(from)
	if err != nil {
		return err
	}
	s.load()
	return s.merge(arr)
}

// Replace makes the session what a struct, a map or a *phpserialize.Array has
// ($_SESSION = [...]).
func (s *Session) Replace(from any) error {
	arr, err := encodeArray(from)
	if err == nil {
		s.put(arr)
	}
	return err
}

// Clear removes the session altogether ($_SESSION = null). For an empty array
// see [Session.Replace].
func (s *Session) Clear() { s.put(nil) }

// put makes value the session, without asking what it was.
func (s *Session) put(value *phpserialize.Array) {
	if s.stale && !s.loaded {
		s.loaded, s.must = true, true
		s.state.changed.Store(false)
		s.event.conn.worker.dispatcher.takeSessionWrites(s.state)
	}
	s.load()
	s.must = s.must || s.err != nil
	s.value, s.lent, s.err = value, false, nil
}

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
	return nil, &gatewayclient.EncodeError{What: "a session", Reason: "want a map, a struct or a PHP array, got " + phpserialize.Describe(v)}
}

// Save writes the session back now, if it was changed; otherwise that happens
// when the handler returns, so that another handler, for a client that this one
// sends something, may still find the session from before. In OnClose it does nothing.
func (s *Session) Save(ctx context.Context) error {
	if s.loaded {
		s.join()
	}
	text, changed, err := s.differs()
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
		s.raw, s.stale, s.must = text, false, false
		s.state.saw(text)
	}
	return err
}

// differs returns the session's text, and whether it has to be written back.
// Values count, not spelling: a session that PHP or Go would write differently
// is not changed by that.
func (s *Session) differs() (text []byte, changed bool, err error) {
	if !s.loaded || s.final || s.err != nil {
		return nil, false, nil
	}
	if s.isNull() {
		return nil, s.must || len(s.raw) > 0, nil
	}
	text, err = phpserialize.Marshal(s.value)
	if err != nil {
		return nil, false, err
	}
	if s.must {
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
