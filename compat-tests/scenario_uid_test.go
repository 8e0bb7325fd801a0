package compattests

import (
	"strings"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// oddKeys are names that PHP treats in different ways as array keys.
var oddKeys = []struct{ name, key string }{
	{"integer", "123"}, {"negative", "-5"}, {"leading-zeros", "007"}, {"plus", "+5"}, {"minus-zero", "-0"},
	{"float", "1.5"}, {"exponent", "1e3"}, {"hex", "0x1A"}, {"max-int64", "9223372036854775807"},
	{"min-int64", "-9223372036854775808"}, {"beyond-int64", "9223372036854775808"}, {"below-int64", "-9223372036854775809"},
	{"leading-blank", " 1"}, {"trailing-blank", "1 "}, {"blank", " "}, {"false", "false"}, {"null", "null"},
	{"unicode", "用户-äß-\U0001f600"}, {"quotes", `a"b\c'd`}, {"newline", "a\nb\r\t"}, {"slash", "a/b"},
	{"kilobyte", strings.Repeat("k", 1024)}, {"double-zero", "00"}, {"zero-float", "0.0"},
}

func init() {
	scene("uid/bind-and-ask", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 2)
		a.ask(
			clientIDByUID("u1"),
			bindUID(c[0].id, "u1"), clientIDByUID("u1"),
			bindUID(c[1].id, "u1"), clientIDByUID("u1"),
			unbindUID(c[0].id, "other"), clientIDByUID("u1"),
			everything(),
			sendToUID(`["u1"]`, "to u1"),
		)
		s.drainAll()
	})
	scene("uid/rebind-goes-to-the-end", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 3)
		for _, c := range c {
			a.ask(bindUID(c.id, "u"))
		}
		a.ask(clientIDByUID("u"), bindUID(c[0].id, "u"), clientIDByUID("u"))
		a.ask(bindUID(c[1].id, "v"), clientIDByUID("u"), clientIDByUID("v"), bindUID(c[1].id, "u"), clientIDByUID("u"), clientIDByUID("v"))
		a.ask(sendToUID(`["u","v"]`, "hello"), everything())
		s.drainAll()
	})
	for _, k := range oddKeys {
		scene("uid/key-"+k.name, func(s *stage) {
			a, c := s.set(gatewayConfig{}, 2)
			list := encode([]string{k.key})
			a.ask(
				bindUID(c[0].id, k.key), bindUID(c[1].id, k.key),
				clientIDByUID(k.key), batchByUID(list), everything(),
				selectClients(`{"fields":["uid"],"where":{"uid":`+list+`}}`),
				sendToUID(list, "by uid"), unbindUID(c[0].id, k.key), clientIDByUID(k.key), batchByUID(list),
			)
			s.drainAll()
		})
	}
	scene("uid/key-binary", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 1)
		key := "\x00\xff\xfe\x80key"
		a.ask(bindUID(c[0].id, key), clientIDByUID(key), everything())
	})
	scene("uid/empty-is-refused", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 2)
		a.ask(bindUID(c[0].id, "old"))
		for _, uid := range []string{"", "0"} {
			a.ask(bindUID(c[0].id, uid), bindUID(c[1].id, uid), clientIDByUID(uid))
		}
		a.ask(clientIDByUID("old"), batchByUID(`["","0",0,null,false]`), everything())
		a.ask(unbindUID(c[0].id, ""), clientIDByUID("old"))
	})
	scene("uid/unknown-client", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 1)
		a.ask(bindUID(99, "u"), bindUID(0, "u"), bindUID(4294967295, "u"), clientIDByUID("u"))
		a.ask(bindUID(c[0].id, "u"), unbindUID(99, "u"), clientIDByUID("u"), unbindUID(c[0].id, "u"), unbindUID(c[0].id, "u"), clientIDByUID("u"))
	})
	scene("uid/list-types", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 4)
		a.ask(bindUID(c[0].id, "123"), bindUID(c[1].id, "1"), bindUID(c[2].id, "abc"), bindUID(c[3].id, "-7"))
		for _, list := range []string{
			`[123]`, `["123"]`, `[123.9]`, `[true]`, `["1",1,1.0,true]`, `[null]`, `[false]`, `[-7.5]`, `["abc"]`,
			`{"x":"abc","y":123}`, `[]`, `[1e2]`, `[12345678901234567890]`, `["nobody"]`,
		} {
			a.ask(batchByUID(list), sendToUID(list, "to "+list))
		}
		s.drainAll()
	})
	scene("uid/duplicates-are-delivered-twice", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 2)
		a.ask(bindUID(c[0].id, "5"), bindUID(c[1].id, "x"))
		a.ask(sendToUID(`[5,"5"]`, "five"), sendToUID(`["x","x","5"]`, "x"), batchByUID(`[5,"5","x","x"]`))
		s.drainAll()
	})
	scene("uid/batch-order-and-unknown", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 3)
		a.ask(bindUID(c[0].id, "b"), bindUID(c[1].id, "a"), bindUID(c[2].id, "b"))
		a.ask(batchByUID(`["a","zzz","b","9","a"]`))
	})
	scene("uid/disconnect-cleans", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 2)
		a.ask(bindUID(c[0].id, "u"), bindUID(c[1].id, "u"))
		c[0].close()
		s.workers[0].expect()
		a.ask(clientIDByUID("u"), everything())
		c[1].close()
		s.workers[0].expect()
		a.ask(clientIDByUID("u"), batchByUID(`["u"]`), everything())
	})
	scene("uid/worker-hears-close-with-clean-tables", func(s *stage) {
		s.gateway(gatewayConfig{})
		w := s.worker()
		c := s.connect()
		w.ask(bindUID(c.id, "u"), joinGroup(c.id, "g"), setSession(c.id, `a:1:{s:1:"k";i:1;}`), sessionByID(c.id))
		c.close()
		w.expect()
		w.ask(clientIDByUID("u"), countBy("g"), isOnline(c.id), everything(), groupIDList())
	})
	scene("uid/body-and-flag-are-ignored", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 1)
		f := bindUID(c[0].id, "u")
		f.Body = []byte("body")
		a.ask(f, clientIDByUID("u"), serialized(unbindUID(c[0].id, ""), "N;"), clientIDByUID("u"))
		g := bindUID(c[0].id, "v")
		g.Flag, g.Body = 0, []byte("no serialized value")
		a.ask(g, clientIDByUID("v"))
		h := command(gp.CmdGetClientIDByUID, 77, "v", "body")
		h.LocalIP, h.LocalPort, h.ClientIP, h.ClientPort, h.GatewayPort, h.Flag = 1, 2, 3, 4, 5, 0xff
		a.ask(h)
	})
}
