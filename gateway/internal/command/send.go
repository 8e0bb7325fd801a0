package command

import (
	"github.com/go-gatewayworker/gatewayworker/gateway/internal/hub"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// sendToOne is CMD_SEND_TO_ONE.
func (x *Executor) sendToOne(m *gatewayprotocol.Message) error {
	c := x.client(m)
	if c == nil {
		return nil
	}
	body, _, err := x.message(m)
	if err != nil {
		return err
	}
	x.recipients = append(x.recipients[:0], c)
	x.deliver(body, isRaw(m))
	return nil
}

// sendToAll is CMD_SEND_TO_ALL: to all clients but some, or to some connections.
func (x *Executor) sendToAll(m *gatewayprotocol.Message) error {
	to := &x.toAll
	if err := gatewayprotocol.DecodeSendToAllExt(m.ExtData, to); err != nil {
		return err
	}
	body, _, err := x.message(m)
	if err != nil {
		return err
	}
	raw := isRaw(m)
	h := x.hub
	x.recipients = x.recipients[:0]
	h.Mu.Lock()
	if to.Only {
		for _, id := range to.Connections {
			if c := h.ClientLocked(id); c != nil {
				x.recipients = append(x.recipients, c)
				x.batchLocked(body, raw)
			}
		}
	} else {
		x.appendRecipients(h.ClientsLocked(), &to.Exclude)
	}
	h.Mu.Unlock()
	x.deliver(body, raw)
	return nil
}

// sendToUID is CMD_SEND_TO_UID: to the clients of some uids.
func (x *Executor) sendToUID(m *gatewayprotocol.Message) error {
	var err error
	if x.names, err = gatewayprotocol.DecodeNamesExt(m.Cmd, m.ExtData, x.names); err != nil {
		return err
	}
	body, _, err := x.message(m)
	if err != nil {
		return err
	}
	raw := isRaw(m)
	h := x.hub
	x.recipients = x.recipients[:0]
	h.Mu.Lock()
	for _, uid := range x.names {
		x.recipients = h.AppendUIDLocked(x.recipients, uid)
		x.batchLocked(body, raw)
	}
	h.Mu.Unlock()
	x.deliver(body, raw)
	return nil
}

// sendToGroup is CMD_SEND_TO_GROUP: to the members of some groups, but some. A
// member of several of them gets the message several times.
func (x *Executor) sendToGroup(m *gatewayprotocol.Message) error {
	to := &x.toGroup
	if err := gatewayprotocol.DecodeSendToGroupExt(m.ExtData, to); err != nil {
		return err
	}
	body, _, err := x.message(m)
	if err != nil {
		return err
	}
	raw := isRaw(m)
	h := x.hub
	x.recipients = x.recipients[:0]
	h.Mu.Lock()
	for _, name := range to.Groups {
		x.appendRecipients(h.MembersLocked(name), &to.Exclude)
		x.batchLocked(body, raw)
	}
	h.Mu.Unlock()
	x.deliver(body, raw)
	return nil
}

// kick is CMD_KICK: a last message, or none, then the end.
func (x *Executor) kick(m *gatewayprotocol.Message) error {
	c := x.client(m)
	if c == nil {
		return nil
	}
	body, send, err := x.message(m)
	if err != nil {
		return err
	}
	x.to.Kick(c, body, send)
	return nil
}

// destroy is CMD_DESTROY: the end at once.
func (x *Executor) destroy(m *gatewayprotocol.Message) error {
	if c := x.client(m); c != nil {
		x.to.Destroy(c)
	}
	return nil
}

// client returns the client that m is about, or nil.
func (x *Executor) client(m *gatewayprotocol.Message) *hub.Client {
	x.hub.Mu.Lock()
	defer x.hub.Mu.Unlock()
	return x.hub.ClientLocked(m.ConnectionID)
}

// appendRecipients appends the clients of l, but those in exclude, in order.
// The caller holds hub.Mu.
func (x *Executor) appendRecipients(l *hub.List[hub.Client], exclude *gatewayprotocol.IDSet) {
	if exclude.Empty() {
		x.recipients = l.AppendTo(x.recipients)
		return
	}
	for c := range l.All() {
		if !exclude.Has(c.ID()) {
			x.recipients = append(x.recipients, c)
		}
	}
}

// batchLocked serves the recipients found so far if they are many, releasing
// hub.Mu meanwhile. Between its calls at most all clients are appended.
func (x *Executor) batchLocked(body []byte, raw bool) {
	if len(x.recipients) >= recipientsBatch {
		x.hub.Mu.Unlock()
		x.deliver(body, raw)
		x.hub.Mu.Lock()
	}
}

// deliver serves the recipients and forgets them, lest they be kept from the
// collector.
func (x *Executor) deliver(body []byte, raw bool) {
	if len(x.recipients) == 0 {
		return
	}
	x.to.Deliver(x.recipients, body, raw)
	clear(x.recipients)
	x.recipients = x.recipients[:0]
}
