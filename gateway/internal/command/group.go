package command

import (
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// joinGroup is CMD_JOIN_GROUP.
func (x *Executor) joinGroup(m *gatewayprotocol.Message) error {
	if phpEmpty(m.ExtData) {
		return extError(m, emptyName("group", m.ExtData))
	}
	h := x.hub
	h.Mu.Lock()
	defer h.Mu.Unlock()
	if c := h.ClientLocked(m.ConnectionID); c != nil {
		h.JoinLocked(c, m.ExtData)
	}
	return nil
}

// leaveGroup is CMD_LEAVE_GROUP.
func (x *Executor) leaveGroup(m *gatewayprotocol.Message) error {
	if phpEmpty(m.ExtData) {
		return extError(m, emptyName("group", m.ExtData))
	}
	h := x.hub
	h.Mu.Lock()
	defer h.Mu.Unlock()
	if c := h.ClientLocked(m.ConnectionID); c != nil {
		h.LeaveLocked(c, m.ExtData)
	}
	return nil
}

// ungroup is CMD_UNGROUP: all members leave.
func (x *Executor) ungroup(m *gatewayprotocol.Message) error {
	if phpEmpty(m.ExtData) {
		return extError(m, emptyName("group", m.ExtData))
	}
	x.hub.Mu.Lock()
	defer x.hub.Mu.Unlock()
	x.hub.UngroupLocked(m.ExtData)
	return nil
}

// getClientCountByGroup is CMD_GET_CLIENT_COUNT_BY_GROUP. Without a group it
// counts all clients.
func (x *Executor) getClientCountByGroup(from Caller, m *gatewayprotocol.Message) error {
	h := x.hub
	h.Mu.Lock()
	n := h.ClientsLocked().Len()
	if len(m.ExtData) > 0 {
		n = h.MembersLocked(m.ExtData).Len()
	}
	h.Mu.Unlock()
	x.out = phpserialize.AppendInt(x.out[:0], int64(n))
	return x.reply(from)
}

// batchGetClientCountByGroup is CMD_BATCH_GET_CLIENT_COUNT_BY_GROUP: group =>
// count, each group once.
func (x *Executor) batchGetClientCountByGroup(from Caller, m *gatewayprotocol.Message) error {
	groups, err := x.uniqueNames(m)
	if err != nil {
		return err
	}
	x.out = phpserialize.AppendArrayStart(x.out[:0], len(groups))
	x.hub.Mu.Lock()
	for _, name := range groups {
		x.out = phpserialize.AppendKey(x.out, string(name))
		x.out = phpserialize.AppendInt(x.out, int64(x.hub.MembersLocked(name).Len()))
	}
	x.hub.Mu.Unlock()
	x.out = phpserialize.AppendArrayEnd(x.out)
	return x.reply(from)
}

// getGroupIDList is CMD_GET_GROUP_ID_LIST: the names of all groups, integers
// where PHP's array keys are.
func (x *Executor) getGroupIDList(from Caller) error {
	h := x.hub
	h.Mu.Lock()
	x.out = phpserialize.AppendArrayStart(x.out[:0], h.GroupCountLocked())
	n := 0
	for name := range h.GroupsLocked() {
		x.out = phpserialize.AppendIntKey(x.out, int64(n))
		x.out = phpserialize.AppendKey(x.out, name)
		n++
	}
	h.Mu.Unlock()
	x.out = phpserialize.AppendArrayEnd(x.out)
	return x.reply(from)
}
