package compattests

import "fmt"

// sessionValues are serialized values that a session may hold under key "v".
var sessionValues = []struct{ name, value string }{
	{"null", `N;`}, {"true", `b:1;`}, {"false", `b:0;`}, {"int", `i:42;`}, {"int-negative", `i:-9223372036854775808;`},
	{"int-plus", `i:+5;`}, {"float", `d:0.1;`}, {"float-integral", `d:100000.0;`}, {"float-17-digits", `d:0.10000000000000001;`},
	{"float-exponent", `d:1e25;`}, {"float-inf", `d:INF;`}, {"float-minus-inf", `d:-INF;`}, {"float-nan", `d:NAN;`},
	{"float-minus-zero", `d:-0;`}, {"string-empty", `s:0:"";`}, {"string-utf8", `s:6:"äöü";`}, {"string-bytes", "s:4:\"\x00\xff\"\n\";"},
	{"string-escaped", `S:3:"a\62c";`}, {"list", `a:3:{i:0;i:1;i:1;s:1:"b";i:2;a:0:{}}`}, {"map", `a:2:{s:1:"a";i:1;s:1:"5";i:2;}`},
	{"object", `O:8:"stdClass":1:{s:1:"a";i:1;}`}, {"object-unknown", `O:7:"Unknown":2:{s:1:"a";i:1;s:10:"` + "\x00Unknown\x00b" + `";i:2;}`},
	{"object-protected", `O:7:"Unknown":1:{s:4:"` + "\x00*\x00p" + `";s:1:"v";}`}, {"reference", `a:2:{i:0;a:1:{i:0;i:1;}i:1;R:3;}`},
	{"object-reference", `a:2:{i:0;O:8:"stdClass":0:{}i:1;r:3;}`}, {"date", `O:8:"DateTime":3:{s:4:"date";s:26:"2024-01-02 03:04:05.000000";s:13:"timezone_type";i:3;s:8:"timezone";s:3:"UTC";}`},
	{"array-object", `O:11:"ArrayObject":4:{i:0;i:0;i:1;a:1:{s:1:"a";i:1;}i:2;a:0:{}i:3;N;}`},
	{"nested-deep", `a:1:{i:0;a:1:{i:0;a:1:{i:0;a:1:{i:0;s:4:"deep";}}}}`},
}

func sessionWith(key, value string) string {
	return fmt.Sprintf(`a:1:{s:%d:"%s";%s}`, len(key), key, value)
}

func init() {
	scene("session/set-and-get", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 2)
		id := c[0].id
		a.ask(sessionByID(id), sessionByID(99), sessionByID(0), allSessions())
		a.ask(setSession(id, `a:1:{s:1:"k";s:1:"v";}`), sessionByID(id), allSessions(), setSession(id, ``), sessionByID(id), allSessions())
		a.ask(setSession(id, `0`), sessionByID(id), allSessions(), setSession(id, `a:0:{}`), sessionByID(id), allSessions())
		a.ask(setSession(id, "no \x00 serialized value"), sessionByID(id), allSessions(), setSession(99, `x`), sessionByID(99))
	})
	scene("session/travels-with-events", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 1)
		c[0].say("before")
		a.ask(setSession(c[0].id, `a:1:{s:1:"k";i:1;}`), sessionByID(c[0].id))
		c[0].say("with a session")
		a.ask(setSession(c[0].id, `0`), sessionByID(c[0].id))
		c[0].say("session 0")
		a.ask(setSession(c[0].id, "garbage"), sessionByID(c[0].id))
		c[0].close()
		s.workers[0].expect()
	})
	scene("session/by-group", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 3)
		a.ask(joinGroup(c[2].id, "g"), joinGroup(c[0].id, "g"), setSession(c[0].id, `a:1:{i:0;i:1;}`), sessionsBy("g"), allSessions())
		a.ask(selectClients(`{"fields":["session"],"where":{"groups":["g"]}}`))
	})
	for _, v := range sessionValues {
		scene("session/value-"+v.name, func(s *stage) {
			a, c := s.set(gatewayConfig{}, 1)
			id := c[0].id
			a.ask(setSession(id, sessionWith("v", v.value)), sessionByID(id))
			a.ask(updateSession(id, `a:1:{s:1:"w";i:1;}`), sessionByID(id))
			a.ask(updateSession(id, sessionWith("w", v.value)), sessionByID(id))
			a.ask(updateSession(id, sessionWith("v", `s:3:"new";`)), sessionByID(id), allSessions())
		})
	}
	scene("session/update-first-is-verbatim", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 2)
		id := c[0].id
		a.ask(updateSession(id, `a:1:{s:1:"5";d:1e25;}trailing`), sessionByID(id))
		a.ask(updateSession(id, `a:1:{s:1:"k";d:100000.0;}rest`), sessionByID(id))
		a.ask(updateSession(c[1].id, `garbage`), sessionByID(c[1].id), updateSession(99, `a:0:{}`), sessionByID(99))
		a.ask(setSession(id, `0`), updateSession(id, `a:1:{s:1:"z";i:0;}`), sessionByID(id))
	})
	merges := []struct{ name, base, update string }{
		{"disjoint", `a:1:{s:1:"a";i:1;}`, `a:1:{s:1:"b";i:2;}`},
		{"overwrite", `a:2:{s:1:"a";i:1;s:1:"b";i:2;}`, `a:1:{s:1:"a";s:1:"x";}`},
		{"null-overwrites", `a:1:{s:1:"a";i:1;}`, `a:1:{s:1:"a";N;}`},
		{"nested-maps", `a:1:{s:1:"a";a:2:{s:1:"x";i:1;s:1:"y";i:2;}}`, `a:1:{s:1:"a";a:2:{s:1:"y";i:3;s:1:"z";i:4;}}`},
		{"lists-by-index", `a:1:{s:1:"l";a:3:{i:0;i:1;i:1;i:2;i:2;i:3;}}`, `a:1:{s:1:"l";a:1:{i:0;i:9;}}`},
		{"empty-list-clears-nothing", `a:1:{s:1:"l";a:2:{i:0;i:1;i:1;i:2;}}`, `a:1:{s:1:"l";a:0:{}}`},
		{"scalar-over-array", `a:1:{s:1:"a";a:1:{i:0;i:1;}}`, `a:1:{s:1:"a";i:5;}`},
		{"array-over-scalar", `a:1:{s:1:"a";i:5;}`, `a:1:{s:1:"a";a:1:{i:0;i:1;}}`},
		{"object-replaces", `a:1:{s:1:"o";O:8:"stdClass":2:{s:1:"a";i:1;s:1:"b";i:2;}}`, `a:1:{s:1:"o";O:8:"stdClass":1:{s:1:"a";i:9;}}`},
		{"array-over-object", `a:1:{s:1:"o";O:8:"stdClass":1:{s:1:"a";i:1;}}`, `a:1:{s:1:"o";a:1:{s:1:"a";i:9;}}`},
		{"int-and-string-keys", `a:2:{i:5;s:3:"int";s:1:"6";s:3:"six";}`, `a:2:{s:1:"5";s:6:"string";i:6;s:3:"int";}`},
		{"empty-update", `a:1:{s:1:"a";i:1;}`, `a:0:{}`},
		{"empty-base", `a:0:{}`, `a:1:{s:1:"a";i:1;}`},
		{"deep", `a:1:{s:1:"a";a:1:{s:1:"b";a:1:{s:1:"c";i:1;}}}`, `a:1:{s:1:"a";a:1:{s:1:"b";a:1:{s:1:"d";i:2;}}}`},
		{"reference-untouched", `a:3:{s:1:"a";a:1:{i:0;i:1;}s:1:"b";R:2;s:1:"c";i:1;}`, `a:1:{s:1:"c";i:2;}`},
		{"reference-written", `a:2:{s:1:"a";a:1:{i:0;i:1;}s:1:"b";R:2;}`, `a:1:{s:1:"a";a:1:{i:0;i:9;}}`},
		{"reference-scalar-written", `a:2:{s:1:"a";i:1;s:1:"b";R:2;}`, `a:1:{s:1:"a";i:9;}`},
		{"reference-in-update", `a:1:{s:1:"x";i:0;}`, `a:2:{s:1:"a";a:1:{i:0;i:1;}s:1:"b";R:2;}`},
		{"reference-to-itself", `a:1:{i:0;R:1;}`, `a:1:{s:1:"k";i:1;}`},
		{"object-twice", `a:2:{s:1:"a";O:8:"stdClass":0:{}s:1:"b";r:2;}`, `a:1:{s:1:"c";i:1;}`},
		{"negative-and-large-keys", `a:2:{i:-5;i:1;i:9223372036854775807;i:2;}`, `a:2:{i:-5;i:3;s:19:"9223372036854775807";i:4;}`},
		{"order-kept", `a:3:{s:1:"c";i:1;s:1:"a";i:2;s:1:"b";i:3;}`, `a:3:{s:1:"b";i:4;s:1:"d";i:5;s:1:"c";i:6;}`},
		{"trailing-bytes", `a:1:{s:1:"a";i:1;}junk`, `a:1:{s:1:"b";i:2;}more junk`},
	}
	for _, m := range merges {
		scene("session/merge-"+m.name, func(s *stage) {
			a, c := s.set(gatewayConfig{}, 1)
			id := c[0].id
			a.ask(setSession(id, m.base), updateSession(id, m.update), sessionByID(id))
			a.ask(updateSession(id, `a:1:{s:4:"last";b:1;}`), sessionByID(id))
		})
	}
}
