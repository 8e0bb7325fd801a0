package gatewayclient

import (
	"cmp"
	"context"
	"iter"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// A Field of [ClientInfo].
type Field string

// The fields that gateways know.
const (
	FieldSession Field = "session"
	FieldUID     Field = "uid"
	FieldGroups  Field = "groups"
)

// A Query says which clients to return and what of them (Gateway::select). The
// zero value means everything of all clients.
type Query struct {
	// Fields to return; none means all three.
	Fields []Field
	// Groups, UIDs and ClientIDs select the clients in any of them. A nil list
	// asks for nothing; three of them mean all clients. An empty list that is
	// not nil selects no client, so that a list which a program has computed
	// never means all by mistake.
	Groups    []string
	UIDs      []string
	ClientIDs []ClientID
}

// selectsNone reports whether there are lists, and all are empty.
func (q *Query) selectsNone() bool {
	return (q.Groups != nil || q.UIDs != nil || q.ClientIDs != nil) &&
		len(q.Groups)+len(q.UIDs)+len(q.ClientIDs) == 0
}

func (q *Query) fields() []string {
	if len(q.Fields) == 0 {
		return []string{string(FieldSession), string(FieldUID), string(FieldGroups)}
	}
	out := make([]string, len(q.Fields))
	for i, f := range q.Fields {
		out[i] = string(f)
	}
	return out
}

// ClientInfo is what a gateway knows of a client. Fields that were not asked for
// are zero.
type ClientInfo struct {
	ClientID ClientID
	UID      string   // "" without one
	Groups   []string // in order of joining; nil if it never joined one, empty if it has left all
	Session  SessionData
}

// Select returns the clients that match the query, gateway by gateway, in order
// of connect, or of binding and joining when it selects by uid or group
// (Gateway::select). A query by client ids alone is sent only to the gateways
// concerned.
func (c *Client) Select(ctx context.Context, q Query) ([]ClientInfo, error) {
	addrs, frame, err := c.selection(ctx, &q)
	if err != nil {
		return nil, err
	}
	return c.selectEach(ctx, addrs, frame)
}

// SelectClients returns those of the clients that are online, with the given
// fields (none means all three).
func (c *Client) SelectClients(ctx context.Context, ids []ClientID, fields ...Field) ([]ClientInfo, error) {
	if ids == nil {
		ids = []ClientID{} // none, not all
	}
	return c.Select(ctx, Query{Fields: fields, ClientIDs: ids})
}

// Clients is [Client.Select] for lists that may be long: it asks one gateway
// after another, when the loop comes to it, and holds the answer of one at a
// time. A gateway that fails yields one element with an error; the loop then goes
// on with the next gateway.
func (c *Client) Clients(ctx context.Context, q Query) iter.Seq2[ClientInfo, error] {
	return func(yield func(ClientInfo, error) bool) {
		addrs, frame, err := c.selection(ctx, &q)
		if err != nil {
			yield(ClientInfo{}, err)
			return
		}
		for i := range addrs {
			infos, err := c.selectEach(ctx, addrs[i:i+1], frame)
			for _, info := range infos {
				if !yield(info, nil) {
					return
				}
			}
			if err != nil && !yield(ClientInfo{}, err) {
				return
			}
		}
	}
}

// selection returns the gateways that a query goes to, and its frame for each.
func (c *Client) selection(ctx context.Context, q *Query) ([]GatewayAddress, func(GatewayAddress) gatewayprotocol.Message, error) {
	if err := cmp.Or(checkNames(q.Groups...), checkNames(q.UIDs...)); err != nil {
		return nil, nil, err
	}
	if q.selectsNone() {
		return nil, nil, nil
	}
	ids := byGateway(q.ClientIDs)
	ext := func(addr GatewayAddress) ([]byte, error) {
		var where []gatewayprotocol.WhereClause
		if len(q.Groups) > 0 {
			where = append(where, gatewayprotocol.WhereClause{Key: gatewayprotocol.WhereGroups, Names: q.Groups})
		}
		if len(q.UIDs) > 0 {
			where = append(where, gatewayprotocol.WhereClause{Key: gatewayprotocol.WhereUID, Names: q.UIDs})
		}
		if len(ids.of(addr)) > 0 {
			where = append(where, gatewayprotocol.WhereClause{Key: gatewayprotocol.WhereConnectionID, IDs: ids.of(addr)})
		}
		return gatewayprotocol.AppendSelectExt(nil, q.fields(), where)
	}
	if _, err := ext(GatewayAddress{}); err != nil {
		return nil, nil, err
	}
	addrs := ids.addrs
	if len(q.Groups)+len(q.UIDs) > 0 || len(addrs) == 0 {
		var err error
		if addrs, err = c.gateways(ctx); err != nil {
			return nil, nil, err
		}
	}
	return addrs, func(addr GatewayAddress) gatewayprotocol.Message {
		e, _ := ext(addr) // the names were good before
		return command(gatewayprotocol.CmdSelect, ClientID{}, e)
	}, nil
}

func (c *Client) selectEach(ctx context.Context, addrs []GatewayAddress, frame func(GatewayAddress) gatewayprotocol.Message) ([]ClientInfo, error) {
	var out []ClientInfo
	err := c.queryEach(ctx, addrs, frame, func(a answer) error {
		arr, err := a.array("a map of connection id to fields")
		if err != nil {
			return err
		}
		return a.clients(arr, func(id ClientID, v phpserialize.Value) error {
			info := ClientInfo{ClientID: id}
			if err := info.read(v); err != nil {
				return err
			}
			out = append(out, info)
			return nil
		})
	})
	return out, err
}

func (info *ClientInfo) read(v phpserialize.Value) error {
	fields, ok := v.(*phpserialize.Array)
	if !ok {
		return badReply("a client's fields", v)
	}
	for name, v := range fields.All() {
		v = phpserialize.Deref(v)
		if v == nil {
			continue
		}
		switch Field(name.String()) {
		case FieldUID:
			uid, ok := phpserialize.ToString(v)
			if !ok {
				return badReply("a uid", v)
			}
			info.UID = uid
		case FieldGroups:
			groups, ok := v.(*phpserialize.Array)
			if !ok {
				return badReply("a client's groups", v)
			}
			info.Groups = make([]string, 0, groups.Len())
			for g := range groups.All() { // group => group
				info.Groups = append(info.Groups, g.String())
			}
		case FieldSession:
			s, ok := v.(string)
			if !ok {
				return badReply("a session", v)
			}
			info.Session = SessionData(s)
		}
	}
	return nil
}
