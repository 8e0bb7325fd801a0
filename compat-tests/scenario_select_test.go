package compattests

func init() {
	shapes := []struct{ name, ext string }{
		{"no-fields-no-where", `{"fields":[],"where":[]}`},
		{"all-fields-no-where", `{"fields":["session","uid","groups"],"where":[]}`},
		{"no-fields-with-where", `{"fields":[],"where":{"groups":["g"]}}`},
		{"unknown-field", `{"fields":["uid","colour","id"],"where":{"connection_id":[1]}}`},
		{"fields-twice", `{"fields":["uid","uid"],"where":{"connection_id":[1]}}`},
		{"fields-order", `{"fields":["groups","session","uid"],"where":{"connection_id":[2]}}`},
		{"fields-object", `{"fields":{"a":"uid","b":"groups"},"where":{"connection_id":[1]}}`},
		{"where-null", `{"fields":["uid"],"where":null}`},
		{"where-zero", `{"fields":["uid"],"where":0}`},
		{"where-empty-string", `{"fields":["uid"],"where":""}`},
		{"where-false", `{"fields":["uid"],"where":false}`},
		{"where-missing", `{"fields":["uid"]}`},
		{"where-empty-object", `{"fields":["uid"],"where":{}}`},
		{"by-connection-id-list", `{"fields":["uid"],"where":{"connection_id":[2,1,99]}}`},
		{"by-connection-id-map", `{"fields":["uid"],"where":{"connection_id":{"3":3,"1":1}}}`},
		{"by-connection-id-strings", `{"fields":["uid"],"where":{"connection_id":["2","1","x"," 3","03"]}}`},
		{"by-connection-id-odd", `{"fields":["uid"],"where":{"connection_id":[2.9,true,null,"1.5"]}}`},
		{"by-connection-id-twice", `{"fields":["uid"],"where":{"connection_id":[2,1,2]}}`},
		{"by-connection-id-empty", `{"fields":["uid"],"where":{"connection_id":[]}}`},
		{"by-group", `{"fields":["uid","groups"],"where":{"groups":["g"]}}`},
		{"by-groups", `{"fields":["uid"],"where":{"groups":["h","g","none"]}}`},
		{"by-groups-object", `{"fields":["uid"],"where":{"groups":{"x":"h","y":"g"}}}`},
		{"by-group-integer", `{"fields":["uid"],"where":{"groups":[7]}}`},
		{"by-group-odd", `{"fields":["uid"],"where":{"groups":[7.9,true,null,false]}}`},
		{"by-uid", `{"fields":["uid","session"],"where":{"uid":["u1"]}}`},
		{"by-uids", `{"fields":["uid"],"where":{"uid":["8","u1",8]}}`},
		{"by-uid-and-group", `{"fields":["uid"],"where":{"uid":["8"],"groups":["g"]}}`},
		{"by-group-and-connection-id", `{"fields":["uid"],"where":{"groups":["g"],"connection_id":[3,1]}}`},
		{"by-connection-id-and-group", `{"fields":["uid"],"where":{"connection_id":[3,1],"groups":["g"]}}`},
		{"ext-empty", ``},
		{"ext-zero", `0`},
		{"ext-bad-json", `{"fields":`},
		{"ext-null", `null`},
		{"ext-empty-list", `[]`},
		{"ext-empty-object", `{}`},
		{"ext-extra-keys", `{"fields":["uid"],"where":{"connection_id":[1]},"more":1}`},
		{"unknown-where", `{"fields":["uid"],"where":{"colour":["red"]}}`},
		{"unknown-where-beside", `{"fields":["uid"],"where":{"colour":["red"],"uid":["u1"]}}`},
		{"where-client-id", `{"fields":["uid"],"where":{"client_id":["7f000001000000000001"]}}`},
		{"items-null", `{"fields":["uid"],"where":{"groups":null}}`},
		{"items-string", `{"fields":["uid"],"where":{"groups":"g"}}`},
		{"items-number", `{"fields":["uid"],"where":{"uid":8}}`},
		{"items-connection-id-number", `{"fields":["uid"],"where":{"connection_id":1}}`},
		{"fields-null", `{"fields":null,"where":{"connection_id":[1]}}`},
		{"fields-missing", `{"where":{"connection_id":[1]}}`},
		{"fields-string", `{"fields":"uid","where":{"connection_id":[1]}}`},
		{"fields-empty-name", `{"fields":[""],"where":{"connection_id":[1]}}`},
		{"ext-list", `[["uid"],[]]`},
		{"ext-true", `true`},
		{"ext-number", `5`},
	}
	for _, shape := range shapes {
		scene("select/"+shape.name, func(s *stage) {
			a, c := s.set(gatewayConfig{}, 3)
			a.ask(bindUID(c[0].id, "u1"), bindUID(c[2].id, "8"), joinGroup(c[2].id, "g"), joinGroup(c[0].id, "g"),
				joinGroup(c[0].id, "h"), joinGroup(c[1].id, "7"), setSession(c[0].id, `a:1:{s:1:"k";i:1;}`))
			a.ask(selectClients(shape.ext))
			s.survey()
		})
	}
	scene("select/nulls-and-empties", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 1)
		id := c[0].id
		a.ask(everything(), bindUID(id, "u"), joinGroup(id, "g"), everything(), unbindUID(id, "u"), leaveGroup(id, "g"), everything())
	})
	scene("select/nobody", func(s *stage) {
		s.gateway(gatewayConfig{})
		a := s.inner()
		a.ask(everything(), allSessions(), groupIDList(), countBy(""), isOnline(1), sessionByID(1))
	})
}
