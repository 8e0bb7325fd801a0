package compattests

// Clients: who is there, their sessions, select, and the ends of clients.
func init() {
	parity("clients", inhabited(
		same("getAllGatewayAddress"),
		same("getAllClientIdCount"), same("getAllClientCount"), same("getAllClientIdList"), same("isOnline", "$1"), same("isOnline", "$6"), same("isOnline", "$0"),
		hangUp,
		same("getAllClientIdCount"), same("getAllClientIdList"), same("isOnline", "$6"), same("getUidByClientId", "$6"), same("getClientIdByUid", "1.5"), same("getClientIdListByGroup", "7"),
		same("getSession", "$6"), same("bindUid", "$6", "again"), same("joinGroup", "$6", "room"), same("setSession", "$6", sessionText(`a:1:{i:0;i:1;}`)), same("sendToClient", "$6", "late"), same("closeClient", "$6"),
	))
	parity("select", inhabited(
		same("select"), same("select", list{"uid"}), same("select", list{"groups", "uid"}), same("select", list{"session"}),
		same("select", list{"uid"}, object{"groups": list{"room"}}), same("select", list{"uid"}, object{"groups": list{"7", "room"}}), same("select", list{"uid"}, object{"groups": list{"none"}}),
		same("select", list{"uid", "session"}, object{"uid": list{"123", "007"}}), same("select", list{"uid"}, object{"uid": list{"nobody"}}),
		same("select", list{"uid", "groups", "session"}, object{"client_id": list{"$4", "$1", "$3"}}), same("select", list{"uid"}, object{"client_id": list{"$0"}}), same("select", list{"uid"}, object{"client_id": list{"$2"}}),
		same("select", list{"uid"}, object{"client_id": list{"$1", "$3"}, "groups": list{"7"}}), same("select", list{"uid"}, object{"groups": list{"7"}, "uid": list{"007", "123"}}),
	))
	parity("sessions", inhabited(
		same("getSession", "$1"), same("getSession", "$2"), same("getSession", "$4"), same("getSession", "$0"),
		same("getAllClientSessions"), same("getAllClientSessions", "room"), same("getAllClientSessions", "none"), same("getAllClientInfo"), same("getClientInfoByGroup", "7"),
		same("getClientSessionsByGroup", "room"), same("getClientSessionsByGroup", "7"), same("getClientSessionsByGroup", "none"),
	))
	parity("session-changes", inhabited(
		same("updateSession", "$1", sessionText(`a:3:{s:4:"null";i:1;s:6:"nested";a:2:{i:0;a:1:{s:1:"l";d:2.5;}i:5;b:1;}s:3:"new";a:0:{}}`)), same("getSession", "$1"),
		same("updateSession", "$1", sessionText(`a:2:{s:3:"int";N;s:6:"object";s:4:"text";}`)), same("getSession", "$1"), same("updateSession", "$1", sessionText(`a:0:{}`)),
		same("updateSession", "$2", sessionText(`a:1:{s:5:"first";d:100000;}`)), same("getSession", "$2"), same("updateSession", "$2", sessionText(`a:1:{i:0;s:6:"second";}`)), same("getSession", "$2"),
		same("setSession", "$1", sessionText(`a:0:{}`)), same("getSession", "$1"), same("setSession", "$4", sessionText(`a:2:{i:0;s:1:"a";i:1;a:1:{i:0;i:1;}}`)), same("updateSession", "$4", sessionText(`a:1:{i:1;a:1:{i:1;i:2;}}`)), same("getSession", "$4"),
		same("setSocketSession", "$3", `a:1:{s:3:"key";d:0.10000000000000001;}`), same("getSession", "$3"), same("setSession", "$0", sessionText(`a:0:{}`)), same("updateSession", "$0", sessionText(`a:0:{}`)),
		same("getAllClientSessions"),
	))
	parity("session-no-array", inhabited(
		same("setSocketSession", "$1", "i:5;"), same("getSession", "$1"), same("setSocketSession", "$2", `s:4:"text";`), same("getSession", "$2"), same("setSocketSession", "$3", `O:7:"Unknown":1:{s:1:"a";i:1;}`), same("getSession", "$3"),
		same("setSocketSession", "$4", ""), same("getSession", "$4"), same("getAllClientSessions"),
	))
	parity("closing", inhabited(
		same("closeClient", "$1"), same("isOnline", "$1"), same("closeClient", "$2", "bye"), same("closeClient", "$3", ""), same("destoryClient", "$4"), same("isOnline", "$4"), same("getAllClientIdList"),
		same("closeClient", "$1", "again"), same("destoryClient", "$4"), same("destoryClient", "$0"),
	))
	const unknown = "7f000001000100000001" // of 127.0.0.1:1
	parity("unknown-gateway", inhabited(
		same("isOnline", unknown), same("getSession", unknown), same("getUidByClientId", unknown), same("sendToClient", unknown, "x"), same("bindUid", unknown, "u"), same("closeClient", unknown),
		same("sendToAll", "some", list{"$1", unknown, "$2"}), same("sendToAll", "others", nil, list{unknown}),
	), differs("unknown-gateways"))
}
