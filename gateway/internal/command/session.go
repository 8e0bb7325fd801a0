package command

import (
	"github.com/go-gatewayworker/gatewayworker/gateway/internal/hub"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// setSession is CMD_SET_SESSION.
func (x *Executor) setSession(m *gatewayprotocol.Message) error {
	h := x.hub
	h.Mu.Lock()
	defer h.Mu.Unlock()
	if c := h.ClientLocked(m.ConnectionID); c != nil {
		h.SetSessionLocked(c, m.ExtData)
	}
	return nil
}

// updateSession is CMD_UPDATE_SESSION. Only this goroutine sets sessions, so the
// merge can do without hub.Mu.
func (x *Executor) updateSession(m *gatewayprotocol.Message) error {
	c, session := x.session(m)
	if c == nil {
		return nil
	}
	merged, err := mergeSessions(session, m.ExtData)
	if err != nil {
		return extError(m, err.Error())
	}
	x.hub.Mu.Lock()
	defer x.hub.Mu.Unlock()
	x.hub.SetSessionLocked(c, merged)
	return nil
}

// getSessionByClientID is CMD_GET_SESSION_BY_CLIENT_ID: the session's bytes, an
// empty array for an empty session, null for an unknown client.
func (x *Executor) getSessionByClientID(from Caller, m *gatewayprotocol.Message) error {
	c, session := x.session(m)
	switch {
	case c == nil:
		x.out = phpserialize.AppendNull(x.out[:0])
	case phpEmpty(session):
		x.out = phpserialize.AppendArrayEnd(phpserialize.AppendArrayStart(x.out[:0], 0))
	default:
		from.Reply(session)
		return nil
	}
	return x.reply(from)
}

// getAllClientSessions is CMD_GET_ALL_CLIENT_SESSIONS: connection id => session
// as a string.
func (x *Executor) getAllClientSessions(from Caller) error {
	x.hub.Mu.Lock()
	x.appendSessionsLocked(x.hub.ClientsLocked())
	x.hub.Mu.Unlock()
	return x.reply(from)
}

// getClientSessionsByGroup is CMD_GET_CLIENT_SESSIONS_BY_GROUP: the same for the
// members of a group.
func (x *Executor) getClientSessionsByGroup(from Caller, m *gatewayprotocol.Message) error {
	x.hub.Mu.Lock()
	x.appendSessionsLocked(x.hub.MembersLocked(m.ExtData))
	x.hub.Mu.Unlock()
	return x.reply(from)
}

// appendSessionsLocked makes the sessions of clients the reply.
func (x *Executor) appendSessionsLocked(clients *hub.List[hub.Client]) {
	x.out = phpserialize.AppendArrayStart(x.out[:0], clients.Len())
	for c := range clients.All() {
		if len(x.out) <= x.opts.MaxReply {
			x.out = phpserialize.AppendIntKey(x.out, int64(c.ID()))
			x.out = phpserialize.AppendBytes(x.out, c.Session())
		}
	}
	x.out = phpserialize.AppendArrayEnd(x.out)
}

// session returns the client that m is about and its session.
func (x *Executor) session(m *gatewayprotocol.Message) (*hub.Client, []byte) {
	x.hub.Mu.Lock()
	defer x.hub.Mu.Unlock()
	c := x.hub.ClientLocked(m.ConnectionID)
	if c == nil {
		return nil, nil
	}
	return c, c.Session()
}

// isOnline is CMD_IS_ONLINE: 1 or 0.
func (x *Executor) isOnline(from Caller, m *gatewayprotocol.Message) error {
	var n int64
	if x.client(m) != nil {
		n = 1
	}
	x.out = phpserialize.AppendInt(x.out[:0], n)
	return x.reply(from)
}

// reply answers with x.out.
func (x *Executor) reply(from Caller) error {
	if len(x.out) > x.opts.MaxReply {
		return &ReplyTooLongError{Limit: x.opts.MaxReply}
	}
	from.Reply(x.out)
	return nil
}
