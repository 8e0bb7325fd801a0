package compattests

// Messages: who gets them.
func init() {
	parity("send-to-all", inhabited(
		same("sendToAll", "all"), same("sendToAll", "日本"), same("sendToAll", ""), same("sendToAll", object{"type": "say", "text": "äöü/\""}), same("sendToAll", list{1, "b", nil}),
		same("sendToAll", "some", list{"$1", "$4", "$3"}), same("sendToAll", "twice", list{"$2", "$2"}), same("sendToAll", "nobody", list{}), same("sendToAll", "gone", list{"$0"}),
		same("sendToAll", "not c2", nil, list{"$2"}), same("sendToAll", "not c3", nil, "$3"), same("sendToAll", "not the first gateway", nil, list{"$1", "$3", "$5"}),
		same("sendToAll", "c1 and c2 but c1", list{"$1", "$2"}, list{"$1"}), same("sendToAll", "\x81\x03raw", nil, nil, true), same("sendToAll", "\x81\x03raw", list{"$5", "$6"}, nil, true),
	))
	parity("send-to-client", inhabited(
		same("sendToClient", "$1", "one"), same("sendToClient", "$2", ""), same("sendToClient", "$3", object{"a": list{1.5, true}}), same("sendToClient", "$0", "nobody"), same("sendToClient", "$4", 5),
		same("sendToClient", "$1", true), same("sendToClient", "$1", false), same("sendToClient", "$1", 2.5), same("sendToClient", "$1", nil),
		sameLib("sendToClient", "$6", "\x81\x03raw", true),
	))
	parity("send-to-uid", inhabited(
		same("sendToUid", "123", "to 123"), same("sendToUid", 123, "to the same"), same("sendToUid", "üser-日本", "hello"), same("sendToUid", "nobody", "x"), same("sendToUid", "7", "not 007"),
		same("sendToUid", list{"123", "007", "-5"}, "several"), same("sendToUid", list{"007", "007"}, "twice"), same("sendToUid", list{}, "nobody"), same("sendToUid", "123", list{"an", "array"}),
		sameLib("sendToUid", "123", "\x81\x03raw", true), sameLib("sendToUid", list{"1.5", "007"}, "\x81\x03raw", true),
	))
	parity("send-to-group", inhabited(
		same("sendToGroup", "room", "to room"), same("sendToGroup", 7, "to 7"), same("sendToGroup", "группа", "hello"), same("sendToGroup", "none", "x"), same("sendToGroup", list{"room", "7"}, "several"),
		same("sendToGroup", "room", "not c1", list{"$1"}), same("sendToGroup", "room", "not c2", "$2"), same("sendToGroup", list{"room", "7"}, "neither c1 nor c4", list{"$1", "$4"}),
		same("sendToGroup", "7", object{"k": nil}), same("sendToGroup", "room", "\x81\x03raw", nil, true), same("sendToGroup", list{"7"}, "\x81\x03raw", list{"$3"}, true),
	))
	parityWith(gatewayConfig{SecretKey: secret}, "secret-key", inhabited(
		same("isOnline", "$1"), same("getSession", "$1"), same("getAllUidList"), same("select", list{"uid"}, object{"client_id": list{"$2", "$3"}}), same("batchGetClientIdCountByGroup", list{"room"}),
		same("joinGroup", "$6", "room"), same("sendToGroup", "room", "to room", list{"$4"}), same("sendToAll", "all"), same("closeClient", "$5", "bye"),
	))
}
