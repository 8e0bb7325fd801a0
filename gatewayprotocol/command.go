package gatewayprotocol

import "strconv"

// Command is the cmd byte of a frame. The constants carry PHP's names
// (GatewayProtocol::CMD_…) in Go spelling; String gives PHP's spelling back.
type Command uint8

// Commands that a gateway sends to a worker.
const (
	CmdOnConnect          Command = 1   // a client connected (TCP accept)
	CmdOnMessage          Command = 3   // a client sent a whole message
	CmdOnClose            Command = 4   // a client is gone
	CmdOnWebSocketConnect Command = 205 // a client's websocket handshake was read
)

// Commands that a worker or a GatewayClient sends to a gateway.
const (
	CmdSendToOne                  Command = 5
	CmdSendToAll                  Command = 6
	CmdKick                       Command = 7
	CmdDestroy                    Command = 8
	CmdUpdateSession              Command = 9
	CmdGetAllClientSessions       Command = 10
	CmdIsOnline                   Command = 11
	CmdBindUID                    Command = 12
	CmdUnbindUID                  Command = 13
	CmdSendToUID                  Command = 14
	CmdGetClientIDByUID           Command = 15
	CmdBatchGetClientIDByUID      Command = 16
	CmdJoinGroup                  Command = 20
	CmdLeaveGroup                 Command = 21
	CmdSendToGroup                Command = 22
	CmdGetClientSessionsByGroup   Command = 23
	CmdGetClientCountByGroup      Command = 24
	CmdSelect                     Command = 25
	CmdGetGroupIDList             Command = 26
	CmdUngroup                    Command = 27
	CmdBatchGetClientCountByGroup Command = 28
	CmdWorkerConnect              Command = 200
	CmdPing                       Command = 201 // both directions
	CmdGatewayClientConnect       Command = 202
	CmdGetSessionByClientID       Command = 203
	CmdSetSession                 Command = 204
)

var commandNames = [256]string{
	CmdOnConnect:                  "CMD_ON_CONNECT",
	CmdOnMessage:                  "CMD_ON_MESSAGE",
	CmdOnClose:                    "CMD_ON_CLOSE",
	CmdSendToOne:                  "CMD_SEND_TO_ONE",
	CmdSendToAll:                  "CMD_SEND_TO_ALL",
	CmdKick:                       "CMD_KICK",
	CmdDestroy:                    "CMD_DESTROY",
	CmdUpdateSession:              "CMD_UPDATE_SESSION",
	CmdGetAllClientSessions:       "CMD_GET_ALL_CLIENT_SESSIONS",
	CmdIsOnline:                   "CMD_IS_ONLINE",
	CmdBindUID:                    "CMD_BIND_UID",
	CmdUnbindUID:                  "CMD_UNBIND_UID",
	CmdSendToUID:                  "CMD_SEND_TO_UID",
	CmdGetClientIDByUID:           "CMD_GET_CLIENT_ID_BY_UID",
	CmdBatchGetClientIDByUID:      "CMD_BATCH_GET_CLIENT_ID_BY_UID",
	CmdJoinGroup:                  "CMD_JOIN_GROUP",
	CmdLeaveGroup:                 "CMD_LEAVE_GROUP",
	CmdSendToGroup:                "CMD_SEND_TO_GROUP",
	CmdGetClientSessionsByGroup:   "CMD_GET_CLIENT_SESSIONS_BY_GROUP",
	CmdGetClientCountByGroup:      "CMD_GET_CLIENT_COUNT_BY_GROUP",
	CmdSelect:                     "CMD_SELECT",
	CmdGetGroupIDList:             "CMD_GET_GROUP_ID_LIST",
	CmdUngroup:                    "CMD_UNGROUP",
	CmdBatchGetClientCountByGroup: "CMD_BATCH_GET_CLIENT_COUNT_BY_GROUP",
	CmdWorkerConnect:              "CMD_WORKER_CONNECT",
	CmdPing:                       "CMD_PING",
	CmdGatewayClientConnect:       "CMD_GATEWAY_CLIENT_CONNECT",
	CmdGetSessionByClientID:       "CMD_GET_SESSION_BY_CLIENT_ID",
	CmdSetSession:                 "CMD_SET_SESSION",
	CmdOnWebSocketConnect:         "CMD_ON_WEBSOCKET_CONNECT",
}

// String returns PHP's name of the command, or "CMD_<number>" for a number
// that the protocol does not define.
func (c Command) String() string {
	if s := commandNames[c]; s != "" {
		return s
	}
	return "CMD_" + strconv.Itoa(int(c))
}

// IsQuery reports whether a gateway answers the command with a reply
// (see [AppendReply]). All other commands are fire and forget.
func (c Command) IsQuery() bool {
	switch c {
	case CmdGetAllClientSessions, CmdIsOnline, CmdGetClientIDByUID, CmdBatchGetClientIDByUID,
		CmdGetClientSessionsByGroup, CmdGetClientCountByGroup, CmdSelect, CmdGetGroupIDList,
		CmdBatchGetClientCountByGroup, CmdGetSessionByClientID:
		return true
	}
	return false
}
