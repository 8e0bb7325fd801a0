package gateway

import (
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// selectField is a property of a client that CMD_SELECT can ask for.
type selectField struct {
	name string
	kind selectKind
}

type selectKind uint8

const (
	selectNull selectKind = iota // any other property
	selectID
	selectUID
	selectGroups
	selectSession
)

// PHP reads any public property of its connection object. Those that mean
// something outside of PHP are these.
var selectKinds = map[string]selectKind{
	"id":      selectID,
	"uid":     selectUID,
	"groups":  selectGroups,
	"session": selectSession,
}

// selectClients is CMD_SELECT: connection id => field => value, in the order of
// the clauses of where and of what they list, each client once.
func (x *executor) selectClients(ic *innerConn, m *gatewayprotocol.Message) error {
	sel, err := gatewayprotocol.DecodeSelectExt(m.ExtData)
	if err != nil {
		return err
	}
	fields := make([]selectField, len(sel.Fields))
	for i, name := range sel.Fields {
		fields[i] = selectField{name, selectKinds[name]}
	}
	x.hub.mu.Lock()
	x.recipients = x.recipients[:0]
	switch {
	case sel.None:
	case !sel.Everybody:
		x.selectLocked(sel.Where)
	case len(fields) > 0:
		x.recipients = x.hub.order.appendTo(x.recipients)
	}
	x.out = phpserialize.AppendArrayStart(x.out[:0], len(x.recipients))
	for _, c := range x.recipients {
		x.out = phpserialize.AppendIntKey(x.out, int64(c.id))
		x.out = phpserialize.AppendArrayStart(x.out, len(fields))
		for _, f := range fields {
			x.out = phpserialize.AppendKey(x.out, f.name)
			x.out = c.appendFieldLocked(x.out, f.kind)
		}
		x.out = phpserialize.AppendArrayEnd(x.out)
		if len(x.out) > x.maxReply {
			break
		}
	}
	x.hub.mu.Unlock()
	x.out = phpserialize.AppendArrayEnd(x.out)
	clear(x.recipients)
	return x.reply(ic)
}

// selectLocked appends the clients that any clause matches to x.recipients.
func (x *executor) selectLocked(where []gatewayprotocol.WhereClause) {
	h := x.hub
	var seen map[*client]struct{} // nil while no client can come twice
	if len(where) > 1 || len(where) == 1 && len(where[0].Names)+len(where[0].IDs) > 1 {
		seen = make(map[*client]struct{})
	}
	add := func(c *client) {
		if c == nil {
			return
		}
		if seen != nil {
			if _, dup := seen[c]; dup {
				return
			}
			seen[c] = struct{}{}
		}
		x.recipients = append(x.recipients, c)
	}
	for _, clause := range where {
		for _, id := range clause.IDs {
			add(h.clients[id])
		}
		for _, name := range clause.Names {
			switch clause.Key {
			case gatewayprotocol.WhereUID:
				for c := range uidClientsLocked(h.uids[name]) {
					add(c)
				}
			case gatewayprotocol.WhereGroups:
				if g := h.groups[name]; g != nil {
					for _, c := range g.members.items {
						add(c)
					}
				}
			}
		}
	}
}

// appendFieldLocked appends a property of c as PHP has it: the uid is null
// while not bound, the groups are null before the first one was joined, and
// both are strings, whatever their array keys are.
func (c *client) appendFieldLocked(dst []byte, kind selectKind) []byte {
	switch {
	case kind == selectID:
		return phpserialize.AppendInt(dst, int64(c.id))
	case kind == selectSession:
		return phpserialize.AppendBytes(dst, c.session)
	case kind == selectUID && c.uid != "":
		return phpserialize.AppendString(dst, c.uid)
	case kind == selectGroups && c.memberships.joined:
		dst = phpserialize.AppendArrayStart(dst, c.memberships.len())
		c.memberships.all(func(m membership) bool {
			dst = phpserialize.AppendKey(dst, m.group.name)
			dst = phpserialize.AppendString(dst, m.group.name)
			return true
		})
		return phpserialize.AppendArrayEnd(dst)
	}
	return phpserialize.AppendNull(dst)
}
