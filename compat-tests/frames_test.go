package compattests

import (
	"encoding/json"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// Constructors of frames as the PHP libraries write them: scalar bodies with
// flag 1, all the addresses 0.

func command(cmd gp.Command, id uint32, ext, body string) *frame {
	return &frame{Cmd: cmd, ConnectionID: id, Flag: gp.FlagBodyIsScalar, ExtData: []byte(ext), Body: []byte(body)}
}

// serialized makes the body a PHP value: flag bit 0 is cleared.
func serialized(f *frame, value string) *frame {
	f.Flag &^= gp.FlagBodyIsScalar
	f.Body = []byte(value)
	return f
}

// unencoded sets FLAG_NOT_CALL_ENCODE.
func unencoded(f *frame) *frame {
	f.Flag |= gp.FlagNotCallEncode
	return f
}

// encode returns JSON; the scenarios' keys and values need none of PHP's peculiarities.
func encode(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(data)
}

func workerConnect(key, secret string) *frame {
	return command(gp.CmdWorkerConnect, 0, "", `{"worker_key":`+encode(key)+`,"secret_key":`+encode(secret)+`}`)
}

func clientConnect(secret string) *frame {
	return command(gp.CmdGatewayClientConnect, 0, "", `{"secret_key":`+encode(secret)+`}`)
}

func ping() *frame { return command(gp.CmdPing, 0, "", "") }

func sendToOne(id uint32, body string) *frame    { return command(gp.CmdSendToOne, id, "", body) }
func sendToAll(ext, body string) *frame          { return command(gp.CmdSendToAll, 0, ext, body) }
func kick(id uint32, body string) *frame         { return command(gp.CmdKick, id, "", body) }
func destroy(id uint32) *frame                   { return command(gp.CmdDestroy, id, "", "") }
func updateSession(id uint32, ext string) *frame { return command(gp.CmdUpdateSession, id, ext, "") }
func setSession(id uint32, ext string) *frame    { return command(gp.CmdSetSession, id, ext, "") }
func bindUID(id uint32, uid string) *frame       { return command(gp.CmdBindUID, id, uid, "") }
func unbindUID(id uint32, uid string) *frame     { return command(gp.CmdUnbindUID, id, uid, "") }
func joinGroup(id uint32, group string) *frame   { return command(gp.CmdJoinGroup, id, group, "") }
func leaveGroup(id uint32, group string) *frame  { return command(gp.CmdLeaveGroup, id, group, "") }
func ungroup(group string) *frame                { return command(gp.CmdUngroup, 0, group, "") }
func sendToUID(ext, body string) *frame          { return command(gp.CmdSendToUID, 0, ext, body) }
func sendToGroup(ext, body string) *frame        { return command(gp.CmdSendToGroup, 0, ext, body) }

func allSessions() *frame             { return command(gp.CmdGetAllClientSessions, 0, "", "") }
func isOnline(id uint32) *frame       { return command(gp.CmdIsOnline, id, "", "") }
func clientIDByUID(uid string) *frame { return command(gp.CmdGetClientIDByUID, 0, uid, "") }
func batchByUID(ext string) *frame    { return command(gp.CmdBatchGetClientIDByUID, 0, ext, "") }
func sessionsBy(group string) *frame  { return command(gp.CmdGetClientSessionsByGroup, 0, group, "") }
func countBy(group string) *frame     { return command(gp.CmdGetClientCountByGroup, 0, group, "") }
func batchCount(ext string) *frame    { return command(gp.CmdBatchGetClientCountByGroup, 0, ext, "") }
func selectClients(ext string) *frame { return command(gp.CmdSelect, 0, ext, "") }
func groupIDList() *frame             { return command(gp.CmdGetGroupIDList, 0, "", "") }
func sessionByID(id uint32) *frame    { return command(gp.CmdGetSessionByClientID, id, "", "") }
func everything() *frame              { return selectClients(`{"fields":["session","uid","groups"],"where":[]}`) }
func groupMessage(groups ...any) string {
	return encode(map[string]any{"group": groups, "exclude": nil})
}
