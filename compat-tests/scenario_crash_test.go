package compattests

import (
	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// What kills a PHP gateway with all its clients. Ours refuses the frame and
// serves on.
func init() {
	frames := []struct {
		name    string
		differs string
		frames  []*frame
	}{
		{"batch-uid-nested-list", "hostile-lists", []*frame{batchByUID(`[["a"]]`)}},
		{"batch-uid-object", "hostile-lists", []*frame{batchByUID(`[{"a":1}]`)}},
		{"batch-count-nested-list", "hostile-lists", []*frame{batchCount(`[["a"]]`)}},
		{"batch-count-nested-object", "hostile-lists", []*frame{batchCount(`[{"a":1}]`)}},
		{"send-to-uid-nested-list", "hostile-lists", []*frame{sendToUID(`[["a"]]`, "x")}},
		{"send-to-uid-object", "hostile-lists", []*frame{sendToUID(`[{"a":1}]`, "x")}},
		{"send-to-group-nested-list", "hostile-lists", []*frame{sendToGroup(`{"group":[["a"]],"exclude":null}`, "x")}},
		{"send-to-group-string-ext", "ext-is-json-string", []*frame{sendToGroup(`"abc"`, "x")}},
		{"send-to-all-nested-connections", "hostile-lists", []*frame{sendToAll(`{"connections":[[1]]}`, "x")}},
		{"select-string-ext", "ext-is-json-string", []*frame{selectClients(`"abc"`)}},
		{"select-nested-group", "hostile-lists", []*frame{selectClients(`{"fields":["uid"],"where":{"groups":[["a"]]}}`)}},
		{"select-nested-uid", "hostile-lists", []*frame{selectClients(`{"fields":["uid"],"where":{"uid":[["a"]]}}`)}},
		{"select-nested-connection-id", "hostile-lists", []*frame{selectClients(`{"fields":["uid"],"where":{"connection_id":[[1]]}}`)}},
		{"select-nested-field", "hostile-lists", []*frame{selectClients(`{"fields":[["uid"]],"where":{"connection_id":[1]}}`)}},
		{"body-int", "body-no-text", []*frame{serialized(sendToOne(1, ""), `i:5;`)}},
		{"body-float", "body-no-text", []*frame{serialized(sendToOne(1, ""), `d:1.5;`)}},
		{"body-true", "body-no-text", []*frame{serialized(sendToOne(1, ""), `b:1;`)}},
		{"body-false", "body-no-text", []*frame{serialized(sendToOne(1, ""), `b:0;`)}},
		{"body-garbage", "body-no-text", []*frame{serialized(sendToOne(1, ""), `garbage`)}},
		{"body-empty", "body-no-text", []*frame{serialized(sendToOne(1, ""), ``)}},
		{"body-to-all-int", "body-no-text", []*frame{serialized(sendToAll("", ""), `i:5;`)}},
		{"body-to-group-int", "body-no-text", []*frame{joinGroup(1, "g"), serialized(sendToGroup(groupMessage("g"), ""), `i:5;`)}},
		{"body-to-uid-int", "body-no-text", []*frame{bindUID(1, "u"), serialized(sendToUID(`["u"]`, ""), `i:5;`)}},
		{"kick-int", "body-no-text", []*frame{serialized(kick(1, ""), `i:5;`)}},
		{"kick-garbage", "body-no-text", []*frame{serialized(kick(1, ""), `garbage`)}},
		{"raw-array", "body-no-text", []*frame{unencoded(serialized(sendToOne(1, ""), `a:0:{}`))}},
		{"raw-null", "body-no-text", []*frame{unencoded(serialized(sendToOne(1, ""), `N;`))}},
		{"update-session-on-garbage", "update-session-no-array", []*frame{setSession(1, "garbage"), updateSession(1, `a:0:{}`)}},
		{"update-session-on-string", "update-session-no-array", []*frame{setSession(1, `s:1:"x";`), updateSession(1, `a:0:{}`)}},
		{"update-session-with-string", "update-session-no-array", []*frame{setSession(1, `a:0:{}`), updateSession(1, `s:1:"x";`)}},
		{"update-session-with-garbage", "update-session-no-array", []*frame{setSession(1, `a:0:{}`), updateSession(1, `garbage`)}},
		{"update-session-with-nothing", "update-session-no-array", []*frame{setSession(1, `a:0:{}`), updateSession(1, ``)}},
		{"update-session-with-object", "update-session-no-array", []*frame{setSession(1, `a:0:{}`), updateSession(1, `O:8:"stdClass":0:{}`)}},
		{"worker-connect-json-string", "connect-body-no-object", []*frame{command(gp.CmdWorkerConnect, 0, "", `"text"`)}},
		{"worker-connect-serialized-array", "connect-body-no-object", []*frame{serialized(command(gp.CmdWorkerConnect, 0, "", ""), `a:0:{}`)}},
		{"client-connect-json-string", "connect-body-no-object", []*frame{command(gp.CmdGatewayClientConnect, 0, "", `"text"`)}},
		{"client-connect-serialized-array", "connect-body-no-object", []*frame{serialized(command(gp.CmdGatewayClientConnect, 0, "", ""), `a:0:{}`)}},
	}
	for _, f := range frames {
		scene("crash/"+f.name, func(s *stage) {
			a, c := s.set(gatewayConfig{}, 2)
			b := s.inner()
			a.send(f.frames...)
			s.survey()
			if !b.over() {
				b.ask(sessionByID(c[0].id))
			}
		}, differs(f.differs))
	}
}
