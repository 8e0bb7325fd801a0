package command

import (
	"github.com/go-gatewayworker/gatewayworker/gateway/internal/hub"
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
func (x *Executor) selectClients(from Caller, m *gatewayprotocol.Message) error {
	sel, err := gatewayprotocol.DecodeSelectExt(m.ExtData)
	if err != nil {
		return err
	}
	fields := make([]selectField, len(sel.Fields))
	for i, name := range sel.Fields {
		fields[i] = selectField{name, selectKinds[name]}
	}
	x.hub.Mu.Lock()
	x.recipients = x.recipients[:0]
	switch {
	case sel.None:
	case !sel.All:
		x.selectLocked(sel.Where)
	case len(fields) > 0:
		x.recipients = x.hub.ClientsLocked().AppendTo(x.recipients)
	}
	x.out = phpserialize.AppendArrayStart(x.out[:0], len(x.recipients))
	for _, c := range x.recipients {
		x.out = phpserialize.AppendIntKey(x.out, int64(c.ID()))
		x.out = phpserialize.AppendArrayStart(x.out, len(fields))
		for _, f := range fields {
			x.out = phpserialize.AppendKey(x.out, f.name)
			x.out = appendFieldLocked(x.out, c, f.kind)
		}
		x.out = phpserialize.AppendArrayEnd(x.out)
		if len(x.out) > x.opts.MaxReply {
			break
		}
	}
	x.hub.Mu.Unlock()
	x.out = phpserialize.AppendArrayEnd(x.out)
	clear(x.recipients)
	return x.reply(from)
}

// selectLocked appends the clients that any clause matches to x.recipients, each
// once.
func (x *Executor) selectLocked(where []gatewayprotocol.WhereClause) {
	h := x.hub
	var seen map[*hub.Client]struct{} // nil while no client can come twice
	if len(where) > 1 || len(where) == 1 && len(where[0].Names)+len(where[0].IDs) > 1 {
		seen = make(map[*hub.Client]struct{})
	}
	for _, clause := range where {
		for _, id := range clause.IDs {
			if c := h.ClientLocked(id); c != nil {
				x.recipients = appendUnseen(x.recipients, c, seen)
			}
		}
		for _, name := range clause.Names {
			known := len(x.recipients)
			switch clause.Key {
			case gatewayprotocol.WhereUID:
				x.recipients = h.AppendUIDLocked(x.recipients, []byte(name))
			case gatewayprotocol.WhereGroups:
				x.recipients = h.MembersLocked([]byte(name)).AppendTo(x.recipients)
			}
			found := x.recipients[known:]
			x.recipients = x.recipients[:known]
			for _, c := range found {
				x.recipients = appendUnseen(x.recipients, c, seen)
			}
		}
	}
}

// appendUnseen appends c to dst unless it is in seen, and puts it there; nil
// stands for a set that nothing is in.
func appendUnseen(dst []*hub.Client, c *hub.Client, seen map[*hub.Client]struct{}) []*hub.Client {
	if seen != nil {
		if _, dup := seen[c]; dup {
			return dst
		}
		seen[c] = struct{}{}
	}
	return append(dst, c)
}

// appendFieldLocked appends a property of c as PHP has it: the uid is null
// while not bound, the groups are null before the first one was joined, and
// both are strings, whatever their array keys are.
func appendFieldLocked(dst []byte, c *hub.Client, kind selectKind) []byte {
	switch {
	case kind == selectID:
		return phpserialize.AppendInt(dst, int64(c.ID()))
	case kind == selectSession:
		return phpserialize.AppendBytes(dst, c.Session())
	case kind == selectUID && c.UIDLocked() != "":
		return phpserialize.AppendString(dst, c.UIDLocked())
	case kind == selectGroups && c.HasJoinedLocked():
		dst = phpserialize.AppendArrayStart(dst, c.GroupCountLocked())
		for name := range c.GroupsLocked() {
			dst = phpserialize.AppendKey(dst, name)
			dst = phpserialize.AppendString(dst, name)
		}
		return phpserialize.AppendArrayEnd(dst)
	}
	return phpserialize.AppendNull(dst)
}
