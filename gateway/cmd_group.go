package gateway

import (
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// joinGroup is CMD_JOIN_GROUP.
func (x *executor) joinGroup(m *gatewayprotocol.Message) error {
	if phpEmpty(m.ExtData) {
		return extError(m, emptyName("group", m.ExtData))
	}
	h := x.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if c := h.clients[m.ConnectionID]; c != nil {
		h.joinGroupLocked(c, m.ExtData)
	}
	return nil
}

// leaveGroup is CMD_LEAVE_GROUP.
func (x *executor) leaveGroup(m *gatewayprotocol.Message) error {
	if phpEmpty(m.ExtData) {
		return extError(m, emptyName("group", m.ExtData))
	}
	h := x.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if c := h.clients[m.ConnectionID]; c != nil {
		h.leaveGroupLocked(c, m.ExtData)
	}
	return nil
}

// ungroup is CMD_UNGROUP: all members leave.
func (x *executor) ungroup(m *gatewayprotocol.Message) error {
	if phpEmpty(m.ExtData) {
		return extError(m, emptyName("group", m.ExtData))
	}
	x.hub.mu.Lock()
	defer x.hub.mu.Unlock()
	x.hub.ungroupLocked(m.ExtData)
	return nil
}

// getClientCountByGroup is CMD_GET_CLIENT_COUNT_BY_GROUP. Without a group it
// counts all clients.
func (x *executor) getClientCountByGroup(ic *innerConn, m *gatewayprotocol.Message) error {
	h := x.hub
	h.mu.Lock()
	n := h.countLocked()
	if len(m.ExtData) > 0 {
		n = h.memberCountLocked(m.ExtData)
	}
	h.mu.Unlock()
	x.out = phpserialize.AppendInt(x.out[:0], int64(n))
	return x.reply(ic)
}

// batchGetClientCountByGroup is CMD_BATCH_GET_CLIENT_COUNT_BY_GROUP: group =>
// count, each group once.
func (x *executor) batchGetClientCountByGroup(ic *innerConn, m *gatewayprotocol.Message) error {
	groups, err := x.uniqueNames(m)
	if err != nil {
		return err
	}
	x.out = phpserialize.AppendArrayStart(x.out[:0], len(groups))
	x.hub.mu.Lock()
	for _, name := range groups {
		x.out = phpserialize.AppendKey(x.out, string(name))
		x.out = phpserialize.AppendInt(x.out, int64(x.hub.memberCountLocked(name)))
	}
	x.hub.mu.Unlock()
	x.out = phpserialize.AppendArrayEnd(x.out)
	return x.reply(ic)
}

// getGroupIDList is CMD_GET_GROUP_ID_LIST: the names of all groups, integers
// where PHP's array keys are.
func (x *executor) getGroupIDList(ic *innerConn) error {
	h := x.hub
	h.mu.Lock()
	x.out = phpserialize.AppendArrayStart(x.out[:0], len(h.groups))
	n := 0
	for _, g := range h.groupOrder.items {
		if g != nil {
			x.out = phpserialize.AppendIntKey(x.out, int64(n))
			x.out = phpserialize.AppendKey(x.out, g.name)
			n++
		}
	}
	h.mu.Unlock()
	x.out = phpserialize.AppendArrayEnd(x.out)
	return x.reply(ic)
}

// memberCountLocked returns the number of members of the group of a name.
func (h *hub) memberCountLocked(name []byte) int {
	if g := h.groups[string(name)]; g != nil {
		return g.members.len()
	}
	return 0
}
