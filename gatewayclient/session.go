package gatewayclient

import (
	"context"
	"errors"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// SessionData is a client's session as its gateway holds it: serialize() output,
// read by PHP and Go programs alike. Empty means that there is none, as does
// "a:0:{}".
type SessionData []byte

// Array returns the session as an ordered PHP array. A session that PHP set to
// something other than an array is a [*DecodeError].
func (s SessionData) Array() (*phpserialize.Array, error) {
	if len(s) == 0 {
		return phpserialize.NewArray(), nil
	}
	v, err := phpserialize.Unmarshal(s)
	if err != nil {
		return nil, &DecodeError{Want: "a session", Err: err}
	}
	switch v := v.(type) {
	case nil:
		return phpserialize.NewArray(), nil
	case *phpserialize.Array:
		return v, nil
	}
	return nil, &DecodeError{Want: "a session", Got: phpserialize.Describe(v)}
}

// Map returns the session as Go values; see [DecodeValue] for how PHP values
// map to them. The order of the keys is lost.
func (s SessionData) Map() (map[string]any, error) {
	var m map[string]any
	if err := s.Decode(&m); err != nil {
		return nil, err
	}
	return m, nil
}

// Decode stores the session in what into points to: a struct with `php:"name"`
// tags, a map or a *phpserialize.Array. See [DecodeValue].
func (s SessionData) Decode(into any) error {
	arr, err := s.Array()
	if err != nil {
		return err
	}
	return DecodeValue(arr, into)
}

// EncodeSession returns the session for v: a *phpserialize.Array, a map with
// string or int keys, a struct with `php:"name"` tags, or a SessionData, which
// is taken as it is. See [EncodeValue].
func EncodeSession(v any) (SessionData, error) {
	switch v := v.(type) {
	case SessionData:
		return v, nil
	case nil:
		return SessionData("a:0:{}"), nil
	}
	p, err := EncodeValue(v)
	if err != nil {
		return nil, err
	}
	if _, ok := p.(*phpserialize.Array); !ok {
		return nil, &EncodeError{What: "a session", Reason: "want a map, a struct or a PHP array, got " + phpserialize.Describe(p)}
	}
	return phpserialize.Marshal(p)
}

// Session returns a client's session (Gateway::getSession). A client that is
// not online is an [ErrClientOffline].
func (c *Client) Session(ctx context.Context, id ClientID) (SessionData, error) {
	a, err := c.query(ctx, id.Gateway(), command(gatewayprotocol.CmdGetSessionByClientID, id, nil))
	if errors.Is(err, ErrUnknownGateway) {
		return nil, ErrClientOffline
	}
	if err != nil {
		return nil, err
	}
	if string(a.payload) == "N;" {
		return nil, ErrClientOffline
	}
	return SessionData(a.payload), nil
}

// SetSession replaces a client's session (Gateway::setSession); see
// [EncodeSession] for what session may be.
//
// Inside a handler of a business worker, use the event's Session for the
// client that the event is about.
func (c *Client) SetSession(ctx context.Context, id ClientID, session any) error {
	s, err := EncodeSession(session)
	if err != nil {
		return err
	}
	return c.sendTo(ctx, id, gatewayprotocol.CmdSetSession, s)
}

// UpdateSession merges values into a client's session as array_replace_recursive
// does (Gateway::updateSession): arrays are merged key by key, everything else
// is replaced. The gateway merges, so that updates from several programs do not
// overwrite each other.
func (c *Client) UpdateSession(ctx context.Context, id ClientID, values any) error {
	s, err := EncodeSession(values)
	if err != nil {
		return err
	}
	return c.sendTo(ctx, id, gatewayprotocol.CmdUpdateSession, s)
}

// ClientSession is a client and its session.
type ClientSession struct {
	ClientID ClientID
	Session  SessionData
}

// AllClientSessions returns the sessions of all clients, gateway by gateway in
// order of connect (Gateway::getAllClientSessions).
func (c *Client) AllClientSessions(ctx context.Context) ([]ClientSession, error) {
	return c.sessions(ctx, command(gatewayprotocol.CmdGetAllClientSessions, ClientID{}, nil))
}

// ClientSessionsByGroup returns the sessions of a group's members, in order of
// joining (Gateway::getClientSessionsByGroup).
func (c *Client) ClientSessionsByGroup(ctx context.Context, group string) ([]ClientSession, error) {
	if err := checkNames(group); err != nil {
		return nil, err
	}
	return c.sessions(ctx, command(gatewayprotocol.CmdGetClientSessionsByGroup, ClientID{}, []byte(group)))
}

func (c *Client) sessions(ctx context.Context, m gatewayprotocol.Message) ([]ClientSession, error) {
	var out []ClientSession
	err := c.queryAll(ctx, m, func(a answer) error {
		arr, err := a.array("a map of connection id to session")
		if err != nil {
			return err
		}
		return a.clients(arr, func(id ClientID, v phpserialize.Value) error {
			cs := ClientSession{ClientID: id}
			switch v := v.(type) {
			case nil:
			case string:
				cs.Session = SessionData(v)
			default:
				return badReply("a session", v)
			}
			out = append(out, cs)
			return nil
		})
	})
	return out, err
}
