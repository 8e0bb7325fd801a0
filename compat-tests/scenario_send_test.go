package compattests

import "strings"

func init() {
	scene("send/to-one", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 2)
		a.ask(sendToOne(c[0].id, "hello"), sendToOne(c[0].id, ""), sendToOne(99, "nobody"), sendToOne(0, "nobody"),
			sendToOne(c[1].id, "äöü \U0001f600"), sendToOne(c[1].id, "\x00\xff\xfe"))
		s.drainAll()
	})
	scene("send/lengths", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 1)
		for _, n := range []int{1, 125, 126, 127, 65535, 65536, 200000} {
			a.ask(sendToOne(c[0].id, strings.Repeat("x", n)))
			c[0].expect()
		}
		s.drainAll()
	})
	scene("send/raw", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 2)
		a.ask(unencoded(sendToOne(c[0].id, "\x81\x03raw")), unencoded(sendToAll("", "\x81\x03all")),
			joinGroup(c[0].id, "g"), bindUID(c[1].id, "u"), unencoded(sendToGroup(groupMessage("g"), "\x81\x05group")),
			unencoded(sendToUID(`["u"]`, "\x81\x03uid")))
		s.drainAll()
	})
	bodies := []struct{ name, value string }{
		{"string", `s:5:"hello";`}, {"string-empty", `s:0:"";`}, {"null", `N;`}, {"list", `a:2:{i:0;i:1;i:1;s:1:"b";}`},
		{"map", `a:2:{s:1:"a";i:1;s:2:"bc";b:1;}`}, {"empty-array", `a:0:{}`}, {"sparse", `a:2:{i:0;i:1;i:2;i:2;}`},
		{"unicode-and-slash", `a:1:{s:3:"ä/";s:8:"你好/"";}`},
		{"floats", `a:6:{i:0;d:1;i:1;d:1.0E+25;i:2;d:0.1;i:3;d:-0;i:4;d:1.5E-7;i:5;d:100000.0;}`},
		{"nested", `a:1:{s:1:"a";a:1:{s:1:"b";a:1:{i:0;N;}}}`}, {"object", `O:8:"stdClass":1:{s:1:"a";i:1;}`},
		{"object-in-array", `a:1:{i:0;O:7:"Unknown":1:{s:1:"a";i:1;}}`}, {"control-characters", "a:1:{i:0;s:5:\"\x01\t\n\r\x7f\";}"},
		{"bad-utf8", "a:1:{i:0;s:2:\"\xff\xfe\";}"}, {"inf", `a:1:{i:0;d:INF;}`}, {"object-empty", `O:8:"stdClass":0:{}`},
	}
	for _, b := range bodies {
		var options []func(*scenario)
		if b.name == "bad-utf8" || b.name == "inf" {
			options = append(options, differs("body-json-cannot-encode"))
		}
		scene("send/body-"+b.name, func(s *stage) {
			a, c := s.set(gatewayConfig{}, 2)
			a.ask(serialized(sendToOne(c[0].id, ""), b.value), serialized(sendToAll("", ""), b.value))
			s.survey()
		}, options...)
	}
	all := []struct{ name, ext string }{
		{"everybody", ``}, {"bad-json", `{"connections":`}, {"json-null", `null`}, {"connections-null", `{"connections":null}`},
		{"connections-empty", `{"connections":[]}`}, {"connections-list", `{"connections":[1,3]}`}, {"connections-map", `{"connections":{"3":3,"1":1}}`},
		{"connections-duplicates", `{"connections":[2,2,"2",2.9]}`}, {"connections-unknown", `{"connections":[99,-1,"x",null]}`},
		{"connections-odd", `{"connections":[true,"01"," 1"]}`}, {"exclude-map", `{"exclude":{"2":2}}`}, {"exclude-list", `{"exclude":[2]}`},
		{"exclude-list-of-three", `{"exclude":[7,7,7]}`}, {"exclude-null-value", `{"exclude":{"2":null}}`}, {"exclude-false-value", `{"exclude":{"2":false}}`},
		{"exclude-empty", `{"exclude":[]}`}, {"exclude-null", `{"exclude":null}`}, {"both", `{"connections":[1,2],"exclude":{"1":1}}`},
		{"empty-object", `{}`}, {"empty-list", `[]`}, {"zero", `0`}, {"number", `5`}, {"string", `"connections"`}, {"true", `true`},
		{"other-keys", `{"group":["g"]}`}, {"exclude-string", `{"exclude":"abc"}`}, {"exclude-number", `{"exclude":2}`}, {"exclude-true", `{"exclude":true}`},
		{"connections-string", `{"connections":"1"}`}, {"connections-number", `{"connections":1}`}, {"connections-false", `{"connections":false}`},
	}
	for _, shape := range all {
		scene("send/all-"+shape.name, func(s *stage) {
			a, _ := s.set(gatewayConfig{}, 3)
			a.ask(sendToAll(shape.ext, "message"))
			s.survey()
		})
	}
	scene("send/order-of-many", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 2)
		var frames []*frame
		for i := range 20 {
			text := strings.Repeat("m", i+1)
			frames = append(frames, sendToOne(c[0].id, text), sendToAll("", text))
		}
		a.send(frames...)
		s.drainAll()
	})
	scene("send/from-the-worker-connection", func(s *stage) {
		s.gateway(gatewayConfig{})
		w := s.worker()
		c := s.connect()
		c.say("question")
		w.send(sendToOne(c.id, "answer"))
		c.expect()
		w.ask(isOnline(c.id), countBy(""))
	})
	scene("send/write-and-hang-up", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 1)
		a.send(joinGroup(c[0].id, "g"), sendToOne(c[0].id, "last words"))
		a.close()
		c[0].expect()
		s.inner().ask(countBy("g"))
	})
	scene("send/protocol-accelerate", func(s *stage) {
		a, c := s.set(gatewayConfig{ProtocolAccelerate: true}, 2)
		a.ask(sendToOne(c[0].id, "one"), sendToAll("", "all"), bindUID(c[1].id, "u"), sendToUID(`["u"]`, "uid"),
			joinGroup(c[0].id, "g"), sendToGroup(groupMessage("g"), "group"))
		s.drainAll()
	})
	scene("send/binary-websocket-type", func(s *stage) {
		a, c := s.set(gatewayConfig{Binary: true}, 1)
		a.ask(sendToOne(c[0].id, "binary"), serialized(sendToOne(c[0].id, ""), `a:1:{i:0;i:1;}`), unencoded(sendToOne(c[0].id, "\x81\x03raw")))
		s.drainAll()
		c[0].say("hello")
	})
}
