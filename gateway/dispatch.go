package gateway

import (
	"errors"
	"fmt"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/hub"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// sink is what executing commands does to the world outside the hub. Its
// methods are called without hub.Mu.
type sink interface {
	// deliver queues body for each client, once for each time it is in to. body
	// and to are used again afterwards.
	deliver(to []*hub.Client, body []byte, raw bool)
	// kick sends body, if send, flushes and closes.
	kick(c *hub.Client, body []byte, send bool)
	// destroy closes at once.
	destroy(c *hub.Client)
	// reply answers a query. payload is used again afterwards.
	reply(ic *innerConn, payload []byte)
	// workerConnected makes ic the connection of the worker with a key.
	workerConnected(ic *innerConn, key string)
	// closeInner closes ic because of err. No frame of it is executed any more.
	closeInner(ic *innerConn, err error)
	// refuse logs a frame that had no effect.
	refuse(ic *innerConn, m *gatewayprotocol.Message, err error)
}

// executor runs the commands of workers and GatewayClients. It corresponds to
// PHP's Gateway::onWorkerMessage. It is used by one goroutine only, which calls
// execute in the order in which frames arrived, across connections.
//
// Commands that PHP's gateway dies of are refused and change nothing.
type executor struct {
	hub  *hub.Hub
	sink sink

	secretKey string // "" is a key like any other
	websocket bool   // clients speak websocket: arrays go out as JSON
	maxReply  int    // longer replies are refused with a *replyTooLongError

	// Memory that is used again.
	recipients []*hub.Client
	out        []byte // reply
	body       []byte
	toAll      gatewayprotocol.SendToAll
	toGroup    gatewayprotocol.SendToGroup
	names      [][]byte
}

const (
	// recipientsBatch is the number of recipients from which on those found so
	// far are served before more are looked for. It bounds the memory that a
	// list with repeated names can take.
	recipientsBatch = 1 << 14
	// keepBytes, keepRecipients and keepExt (what was read from so much
	// ext_data) bound the memory kept for the next command.
	keepBytes      = 4 << 20
	keepExt        = 1 << 18
	keepRecipients = 1 << 17
	// maxReplyLen is the default of executor.maxReply.
	maxReplyLen = 1 << 28
)

var (
	errUnauthorized   = errors.New("gateway: no secret key was given yet")
	errSecretKey      = errors.New("gateway: the secret key does not match")
	errUnknownCommand = errors.New("gateway: a gateway does not know this command")
)

// replyTooLongError reports a query whose answer would be too long.
type replyTooLongError struct{ Limit int }

func (e *replyTooLongError) Error() string {
	return fmt.Sprintf("gateway: the reply would be longer than %d bytes", e.Limit)
}

// newExecutor returns an executor for a gateway with a secret key, which may be
// "". websocket says whether its clients speak websocket.
func newExecutor(h *hub.Hub, s sink, secretKey string, websocket bool) *executor {
	return &executor{hub: h, sink: s, secretKey: secretKey, websocket: websocket, maxReply: maxReplyLen}
}

// execute runs one frame of ic.
func (x *executor) execute(ic *innerConn, m *gatewayprotocol.Message) {
	connect := m.Cmd == gatewayprotocol.CmdWorkerConnect || m.Cmd == gatewayprotocol.CmdGatewayClientConnect
	if !ic.authorized && !connect {
		x.sink.closeInner(ic, fmt.Errorf("%w: %v", errUnauthorized, m.Cmd))
		return
	}
	if err := x.run(ic, m); err != nil {
		x.sink.refuse(ic, m, err)
	}
	x.shrink(len(m.ExtData))
}

// shrink gives memory back after an unusually large command, whose ext_data had
// a length.
func (x *executor) shrink(ext int) {
	if cap(x.out) > keepBytes {
		x.out = nil
	}
	if cap(x.body) > keepBytes {
		x.body = nil
	}
	if cap(x.recipients) > keepRecipients {
		x.recipients = nil
	}
	if ext > keepExt {
		x.toAll = gatewayprotocol.SendToAll{}
		x.toGroup = gatewayprotocol.SendToGroup{}
		x.names = nil
	}
}

func (x *executor) run(ic *innerConn, m *gatewayprotocol.Message) error {
	switch m.Cmd {
	case gatewayprotocol.CmdWorkerConnect, gatewayprotocol.CmdGatewayClientConnect:
		return x.connect(ic, m)
	case gatewayprotocol.CmdPing:
		return nil

	case gatewayprotocol.CmdSendToOne:
		return x.sendToOne(m)
	case gatewayprotocol.CmdSendToAll:
		return x.sendToAll(m)
	case gatewayprotocol.CmdSendToUID:
		return x.sendToUID(m)
	case gatewayprotocol.CmdSendToGroup:
		return x.sendToGroup(m)
	case gatewayprotocol.CmdKick:
		return x.kick(m)
	case gatewayprotocol.CmdDestroy:
		return x.destroy(m)

	case gatewayprotocol.CmdBindUID:
		return x.bindUID(m)
	case gatewayprotocol.CmdUnbindUID:
		return x.unbindUID(m)
	case gatewayprotocol.CmdGetClientIDByUID:
		return x.getClientIDByUID(ic, m)
	case gatewayprotocol.CmdBatchGetClientIDByUID:
		return x.batchGetClientIDByUID(ic, m)

	case gatewayprotocol.CmdJoinGroup:
		return x.joinGroup(m)
	case gatewayprotocol.CmdLeaveGroup:
		return x.leaveGroup(m)
	case gatewayprotocol.CmdUngroup:
		return x.ungroup(m)
	case gatewayprotocol.CmdGetClientCountByGroup:
		return x.getClientCountByGroup(ic, m)
	case gatewayprotocol.CmdBatchGetClientCountByGroup:
		return x.batchGetClientCountByGroup(ic, m)
	case gatewayprotocol.CmdGetGroupIDList:
		return x.getGroupIDList(ic)

	case gatewayprotocol.CmdSetSession:
		return x.setSession(m)
	case gatewayprotocol.CmdUpdateSession:
		return x.updateSession(m)
	case gatewayprotocol.CmdGetSessionByClientID:
		return x.getSessionByClientID(ic, m)
	case gatewayprotocol.CmdGetAllClientSessions:
		return x.getAllClientSessions(ic)
	case gatewayprotocol.CmdGetClientSessionsByGroup:
		return x.getClientSessionsByGroup(ic, m)

	case gatewayprotocol.CmdIsOnline:
		return x.isOnline(ic, m)
	case gatewayprotocol.CmdSelect:
		return x.selectClients(ic, m)
	}
	return errUnknownCommand
}
