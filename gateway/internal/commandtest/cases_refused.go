package commandtest

import gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"

// refused are the conversations about connecting, and about what a gateway
// refuses and PHP's does not survive.
var refused = []Conversation{
	// Authorisation.
	{
		Name: "worker connects without a key",
		Steps: script(
			connectsAs(gp.CmdWorkerConnect, `{"worker_key":"w:0","secret_key":""}`, scalar, "w:0"),
			Asks(gp.CmdIsOnline, 1, "", "i:0;"),
		),
	},
	{
		Name:  "worker connects with a serialized body",
		Steps: script(connectsAs(gp.CmdWorkerConnect, `s:33:"{"worker_key":5,"secret_key":""} ";`, 0, "5")),
	},
	{
		Name: "client connects without a key",
		Steps: script(
			connectsAs(gp.CmdGatewayClientConnect, `{"secret_key":""}`, scalar, ""),
			Asks(gp.CmdIsOnline, 1, "", "i:0;"),
			Sends(gp.CmdGatewayClientConnect, 0, "", `{"secret_key":"x"}`, scalar).closing(),
		),
	},
	{Name: "null key", Steps: script(Sends(gp.CmdGatewayClientConnect, 0, "", `{"secret_key":null}`, scalar).closing())},
	{Name: "missing key", Steps: script(Sends(gp.CmdWorkerConnect, 0, "", `{"worker_key":"w"}`, scalar).closing())},
	{Name: "numeric key", Steps: script(Sends(gp.CmdWorkerConnect, 0, "", `{"secret_key":0}`, scalar).closing())},
	{Name: "connect body no JSON", Steps: script(Sends(gp.CmdWorkerConnect, 0, "", `bad`, scalar).closing())},
	{Name: "connect body a JSON list", Steps: script(Sends(gp.CmdWorkerConnect, 0, "", `[]`, scalar).closing())},
	{Name: "connect body a JSON number", Steps: script(Sends(gp.CmdWorkerConnect, 0, "", `5`, scalar).closing())},
	{Name: "connect body empty", Steps: script(Sends(gp.CmdWorkerConnect, 0, "", ``, scalar).closing())},
	{Name: "connect body not serialized", Steps: script(Sends(gp.CmdWorkerConnect, 0, "", `bad`, 0).closing())},
	{Name: "connect body serialized null", Steps: script(Sends(gp.CmdWorkerConnect, 0, "", `N;`, 0).closing())},
	{Name: "connect body serialized int", Steps: script(Sends(gp.CmdGatewayClientConnect, 0, "", `i:5;`, 0).closing())},
	{Name: "connect body a JSON string", Steps: script(Sends(gp.CmdWorkerConnect, 0, "", `"x"`, scalar).KillsPHP())},
	{Name: "connect body a serialized array", Steps: script(Sends(gp.CmdGatewayClientConnect, 0, "", `a:0:{}`, 0).KillsPHP())},
	{Name: "connect body a serialized object", Steps: script(Sends(gp.CmdGatewayClientConnect, 0, "", `O:3:"Foo":0:{}`, 0).KillsPHP())},
	{
		Name: "secret key", SecretKey: "s3cret",
		Steps: script(
			connectsAs(gp.CmdGatewayClientConnect, `{"secret_key":"s3cret"}`, scalar, ""),
			Asks(gp.CmdIsOnline, 1, "", "i:0;"),
			connectsAs(gp.CmdWorkerConnect, `{"worker_key":"w:1","secret_key":"s3cret"}`, scalar, "w:1"),
			Sends(gp.CmdWorkerConnect, 0, "", `{"worker_key":"w:1","secret_key":"S3cret"}`, scalar).closing(),
		),
	},
	{Name: "query before the key", SecretKey: "s3cret", Steps: script(Does(gp.CmdIsOnline, 1, "").closing())},
	{Name: "ping before the key", SecretKey: "s3cret", Steps: script(Does(gp.CmdPing, 0, "").closing())},
	{Name: "unknown command before the key", SecretKey: "s3cret", Steps: script(Does(99, 0, "").closing())},
	{Name: "empty key instead of the key", SecretKey: "s3cret", Steps: script(Sends(gp.CmdGatewayClientConnect, 0, "", `{"secret_key":""}`, scalar).closing())},
	{Name: "JSON string before the key", SecretKey: "s3cret", Steps: script(Sends(gp.CmdGatewayClientConnect, 0, "", `"s3cret"`, scalar).KillsPHP())},

	// What PHP's gateway dies of.
	kills("array in uids", Sends(gp.CmdSendToUID, 0, `["u",["u"]]`, "x", scalar)),
	kills("object in uids", Does(gp.CmdBatchGetClientIDByUID, 0, `[{"a":1}]`)),
	kills("array in groups to count", Does(gp.CmdBatchGetClientCountByGroup, 0, `[[]]`)),
	kills("array in groups", Sends(gp.CmdSendToGroup, 0, `{"group":[["g"]],"exclude":null}`, "x", scalar)),
	kills("array in connections", Sends(gp.CmdSendToAll, 0, `{"connections":[[1]]}`, "x", scalar)),
	kills("JSON string to a group", Sends(gp.CmdSendToGroup, 0, `"g"`, "x", scalar)),
	kills("JSON string to select", Does(gp.CmdSelect, 0, `"x"`)),
	kills("array in where groups", Does(gp.CmdSelect, 0, `{"fields":["uid"],"where":{"groups":[["g"]]}}`)),
	kills("array in where uid", Does(gp.CmdSelect, 0, `{"fields":["uid"],"where":{"uid":[[]]}}`)),
	kills("array in where connection_id", Does(gp.CmdSelect, 0, `{"fields":["uid"],"where":{"connection_id":[[1]]}}`)),
	kills("array in fields", Does(gp.CmdSelect, 0, `{"fields":[["uid"]]}`)),
	kills("int body to text", Sends(gp.CmdSendToOne, 1, "", "i:5;", 0)),
	kills("null body to text", Sends(gp.CmdSendToOne, 1, "", "N;", 0)),
	kills("array body to text", Sends(gp.CmdSendToAll, 0, "", "a:0:{}", 0)),
	kills("garbage body to text", Sends(gp.CmdSendToUID, 0, `["u"]`, "garbage", 0)),
	kills("raw null body", Sends(gp.CmdSendToGroup, 0, `{"group":["g"],"exclude":null}`, "N;", gp.FlagNotCallEncode)),
	kills("int kick to text", Sends(gp.CmdKick, 1, "", "i:5;", 0)),
	killsWebsocket("int body", Sends(gp.CmdSendToOne, 1, "", "i:5;", 0)),
	killsWebsocket("bool body", Sends(gp.CmdSendToAll, 0, "", "b:1;", 0)),
	killsWebsocket("float body", Sends(gp.CmdSendToUID, 0, `["u"]`, "d:0.5;", 0)),
	killsWebsocket("garbage body", Sends(gp.CmdKick, 1, "", "garbage", 0)),
	killsWebsocket("raw array body", Sends(gp.CmdSendToOne, 1, "", "a:0:{}", gp.FlagNotCallEncode)),
	killsWebsocket("body without JSON", Sends(gp.CmdSendToOne, 1, "", "a:1:{i:0;d:NAN;}", 0)),
	killsWebsocket("body with bad UTF-8", Sends(gp.CmdSendToOne, 1, "", "a:1:{i:0;s:1:\"\xff\";}", 0)),
	kills("update of a session with an int", Does(gp.CmdSetSession, 1, sessName), Does(gp.CmdUpdateSession, 1, "i:5;")),
	kills("update of a session with nothing", Does(gp.CmdSetSession, 1, sessName), Does(gp.CmdUpdateSession, 1, "")),
	kills("update of a session with garbage", Does(gp.CmdSetSession, 1, sessName), Does(gp.CmdUpdateSession, 1, "garbage")),
	kills("update of a session that is garbage", Does(gp.CmdSetSession, 1, "garbage"), Does(gp.CmdUpdateSession, 1, sessName)),
	kills("update of a session that is an object", Does(gp.CmdSetSession, 1, `O:3:"Foo":0:{}`), Does(gp.CmdUpdateSession, 1, sessName)),
}

// kills is a conversation whose last step PHP's gateway does not survive. There
// is one client, with uid u and in group g.
func kills(name string, steps ...Step) Conversation {
	steps[len(steps)-1].Kills = true
	return Conversation{Name: name, Steps: script(
		connects(1), Does(gp.CmdBindUID, 1, "u"), Does(gp.CmdJoinGroup, 1, "g"), steps,
	)}
}

func killsWebsocket(name string, steps ...Step) Conversation {
	c := kills(name+" to websocket", steps...)
	c.Websocket = true
	return c
}

// connectsAs is a connect command that is accepted; key is the worker's.
func connectsAs(cmd gp.Command, body string, flag gp.Flag, key string) Step {
	s := Sends(cmd, 0, "", body, flag)
	s.Worker = key
	return s
}

func (s Step) closing() Step { s.Closes = true; return s }
