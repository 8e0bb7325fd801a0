package gateway

import (
	"github.com/go-gatewayworker/gatewayworker/gateway/internal/hub"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// setSession is CMD_SET_SESSION.
func (x *executor) setSession(m *gatewayprotocol.Message) error {
	h := x.hub
	h.Mu.Lock()
	defer h.Mu.Unlock()
	if c := h.ClientLocked(m.ConnectionID); c != nil {
		h.SetSessionLocked(c, copySession(m.ExtData))
	}
	return nil
}

// updateSession is CMD_UPDATE_SESSION. As no one else writes sessions, the merge
// can do without hub.Mu.
func (x *executor) updateSession(m *gatewayprotocol.Message) error {
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
func (x *executor) getSessionByClientID(ic *innerConn, m *gatewayprotocol.Message) error {
	c, session := x.session(m)
	switch {
	case c == nil:
		x.out = phpserialize.AppendNull(x.out[:0])
	case phpEmpty(session):
		x.out = phpserialize.AppendArrayEnd(phpserialize.AppendArrayStart(x.out[:0], 0))
	default:
		x.sink.reply(ic, session)
		return nil
	}
	return x.reply(ic)
}

// getAllClientSessions is CMD_GET_ALL_CLIENT_SESSIONS: connection id => session
// as a string.
func (x *executor) getAllClientSessions(ic *innerConn) error {
	x.hub.Mu.Lock()
	x.appendSessionsLocked(x.hub.ClientsLocked())
	x.hub.Mu.Unlock()
	return x.reply(ic)
}

// getClientSessionsByGroup is CMD_GET_CLIENT_SESSIONS_BY_GROUP: the same for the
// members of a group.
func (x *executor) getClientSessionsByGroup(ic *innerConn, m *gatewayprotocol.Message) error {
	x.hub.Mu.Lock()
	x.appendSessionsLocked(x.hub.MembersLocked(m.ExtData))
	x.hub.Mu.Unlock()
	return x.reply(ic)
}

// appendSessionsLocked makes the sessions of clients the reply.
func (x *executor) appendSessionsLocked(clients *hub.List[hub.Client]) {
	x.out = phpserialize.AppendArrayStart(x.out[:0], clients.Len())
	for c := range clients.All() {
		if len(x.out) <= x.maxReply {
			x.out = phpserialize.AppendIntKey(x.out, int64(c.ID()))
			x.out = phpserialize.AppendBytes(x.out, c.Session())
		}
	}
	x.out = phpserialize.AppendArrayEnd(x.out)
}

// session returns the client that m is about and its session.
func (x *executor) session(m *gatewayprotocol.Message) (*hub.Client, []byte) {
	x.hub.Mu.Lock()
	defer x.hub.Mu.Unlock()
	c := x.hub.ClientLocked(m.ConnectionID)
	if c == nil {
		return nil, nil
	}
	return c, c.Session()
}

// isOnline is CMD_IS_ONLINE: 1 or 0.
func (x *executor) isOnline(ic *innerConn, m *gatewayprotocol.Message) error {
	var n int64
	if x.client(m) != nil {
		n = 1
	}
	x.out = phpserialize.AppendInt(x.out[:0], n)
	return x.reply(ic)
}

// reply answers with x.out.
func (x *executor) reply(ic *innerConn) error {
	if len(x.out) > x.maxReply {
		return &replyTooLongError{Limit: x.maxReply}
	}
	x.sink.reply(ic, x.out)
	return nil
}
