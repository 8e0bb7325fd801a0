package command

import (
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// bindUID is CMD_BIND_UID.
func (x *Executor) bindUID(m *gatewayprotocol.Message) error {
	if phpEmpty(m.ExtData) {
		return extError(m, emptyName("uid", m.ExtData))
	}
	h := x.hub
	h.Mu.Lock()
	defer h.Mu.Unlock()
	if c := h.ClientLocked(m.ConnectionID); c != nil {
		h.BindUIDLocked(c, m.ExtData)
	}
	return nil
}

// unbindUID is CMD_UNBIND_UID: from whatever uid the client has, the one in
// ext_data does not matter.
func (x *Executor) unbindUID(m *gatewayprotocol.Message) error {
	h := x.hub
	h.Mu.Lock()
	defer h.Mu.Unlock()
	if c := h.ClientLocked(m.ConnectionID); c != nil {
		h.UnbindUIDLocked(c)
	}
	return nil
}

// getClientIDByUID is CMD_GET_CLIENT_ID_BY_UID: the list of connection ids.
func (x *Executor) getClientIDByUID(from Caller, m *gatewayprotocol.Message) error {
	x.hub.Mu.Lock()
	x.out = x.appendUIDClientsLocked(x.out[:0], m.ExtData)
	x.hub.Mu.Unlock()
	return x.reply(from)
}

// batchGetClientIDByUID is CMD_BATCH_GET_CLIENT_ID_BY_UID: uid => list of
// connection ids, each uid once.
func (x *Executor) batchGetClientIDByUID(from Caller, m *gatewayprotocol.Message) error {
	uids, err := x.uniqueNames(m)
	if err != nil {
		return err
	}
	x.out = phpserialize.AppendArrayStart(x.out[:0], len(uids))
	x.hub.Mu.Lock()
	for _, uid := range uids {
		x.out = phpserialize.AppendKey(x.out, string(uid))
		x.out = x.appendUIDClientsLocked(x.out, uid)
	}
	x.hub.Mu.Unlock()
	x.out = phpserialize.AppendArrayEnd(x.out)
	return x.reply(from)
}

// appendUIDClientsLocked appends the list of the connection ids of a uid.
func (x *Executor) appendUIDClientsLocked(dst, uid []byte) []byte {
	x.recipients = x.hub.AppendUIDLocked(x.recipients[:0], uid)
	dst = phpserialize.AppendArrayStart(dst, len(x.recipients))
	for i, c := range x.recipients {
		dst = phpserialize.AppendIntKey(dst, int64(i))
		dst = phpserialize.AppendInt(dst, int64(c.ID()))
	}
	clear(x.recipients)
	return phpserialize.AppendArrayEnd(dst)
}

// uniqueNames returns the names in the JSON list that m carries, each once, in
// order. They are valid until the next command.
func (x *Executor) uniqueNames(m *gatewayprotocol.Message) ([][]byte, error) {
	var err error
	if x.names, err = gatewayprotocol.DecodeNamesExt(m.Cmd, m.ExtData, x.names); err != nil {
		return nil, err
	}
	if len(x.names) < 2 {
		return x.names, nil
	}
	seen := make(map[string]struct{}, len(x.names))
	unique := x.names[:0]
	for _, name := range x.names {
		if _, dup := seen[string(name)]; !dup {
			seen[string(name)] = struct{}{}
			unique = append(unique, name)
		}
	}
	return unique, nil
}

func emptyName(what string, name []byte) string {
	return "has the " + what + " \"" + string(name) + "\", which PHP counts as none"
}
