package compattests

import "slices"

func init() {
	scene("group/join-and-ask", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 3)
		a.ask(countBy("g"), sessionsBy("g"), groupIDList())
		a.ask(joinGroup(c[1].id, "g"), joinGroup(c[0].id, "g"), joinGroup(c[0].id, "h"))
		a.ask(countBy("g"), countBy("h"), countBy("none"), sessionsBy("g"), groupIDList(), everything())
		a.ask(sendToGroup(groupMessage("g"), "to g"), sendToGroup(groupMessage("g", "h"), "to g and h"))
		s.drainAll()
	})
	scene("group/order-of-members", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 3)
		for _, c := range c {
			a.ask(joinGroup(c.id, "g"))
		}
		a.ask(sessionsBy("g"), joinGroup(c[0].id, "g"), sessionsBy("g"))
		a.ask(leaveGroup(c[0].id, "g"), joinGroup(c[0].id, "g"), sessionsBy("g"))
		a.ask(selectClients(`{"fields":["groups"],"where":{"groups":["g"]}}`))
	})
	scene("group/order-of-groups", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 2)
		a.ask(joinGroup(c[0].id, "b"), joinGroup(c[0].id, "a"), joinGroup(c[1].id, "c"), groupIDList())
		a.ask(leaveGroup(c[0].id, "b"), groupIDList(), joinGroup(c[1].id, "b"), groupIDList(), everything())
		a.ask(leaveGroup(c[0].id, "a"), joinGroup(c[0].id, "a"), everything())
	})
	for _, k := range oddKeys {
		scene("group/key-"+k.name, func(s *stage) {
			a, c := s.set(gatewayConfig{}, 2)
			list := encode([]string{k.key})
			a.ask(
				joinGroup(c[0].id, k.key), joinGroup(c[1].id, k.key), countBy(k.key), sessionsBy(k.key), groupIDList(),
				batchCount(list), everything(), selectClients(`{"fields":["uid"],"where":{"groups":`+list+`}}`),
				sendToGroup(groupMessage(k.key), "to group"),
				leaveGroup(c[0].id, k.key), countBy(k.key), everything(), ungroup(k.key), countBy(k.key), everything(), groupIDList(),
			)
			s.drainAll()
		})
	}
	scene("group/empty-is-refused", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 2)
		for _, group := range []string{"", "0"} {
			a.ask(joinGroup(c[0].id, group), leaveGroup(c[0].id, group), ungroup(group), countBy(group), sessionsBy(group))
		}
		a.ask(groupIDList(), everything(), batchCount(`["","0",0,null,false]`))
	})
	scene("group/leave", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 2)
		a.ask(leaveGroup(c[0].id, "g"), everything())
		a.ask(joinGroup(c[0].id, "g"), leaveGroup(c[1].id, "g"), leaveGroup(99, "g"), everything())
		a.ask(leaveGroup(c[0].id, "g"), everything(), groupIDList(), leaveGroup(c[0].id, "g"), countBy("g"))
	})
	scene("group/ungroup", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 3)
		a.ask(joinGroup(c[0].id, "g"), joinGroup(c[1].id, "g"), joinGroup(c[1].id, "h"), joinGroup(c[2].id, "h"))
		a.ask(ungroup("none"), ungroup("g"), everything(), groupIDList(), countBy("g"), sessionsBy("g"))
		a.ask(joinGroup(c[2].id, "g"), groupIDList(), everything())
	})
	scene("group/unknown-client", func(s *stage) {
		a, _ := s.set(gatewayConfig{}, 1)
		a.ask(joinGroup(99, "g"), joinGroup(0, "g"), countBy("g"), groupIDList(), everything())
	})
	scene("group/count-all-with-empty-name", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 3)
		a.ask(countBy(""), sessionsBy(""), joinGroup(c[0].id, "g"), countBy("g"))
		c[2].close()
		s.workers[0].expect()
		a.ask(countBy(""))
	})
	scene("group/batch-count", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 3)
		a.ask(joinGroup(c[0].id, "g"), joinGroup(c[1].id, "g"), joinGroup(c[1].id, "7"), joinGroup(c[2].id, "1"))
		for _, list := range []string{
			`["g","none","7"]`, `[7,"7",7.9]`, `[true,false,null]`, `{"a":"g","b":"7"}`, `[]`, `["g","g"]`, `[-1,"-1","007"]`,
		} {
			a.ask(batchCount(list))
		}
	})
	scene("group/send-shapes", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 3)
		a.ask(joinGroup(c[0].id, "g"), joinGroup(c[1].id, "g"), joinGroup(c[1].id, "7"), joinGroup(c[2].id, "1"))
		for _, ext := range []string{
			`{"group":["g"],"exclude":null}`, `{"group":["g","g"],"exclude":null}`, `{"group":["g","7"],"exclude":null}`,
			`{"group":[7],"exclude":null}`, `{"group":[7.5,true],"exclude":null}`, `{"group":{"x":"g","y":"1"},"exclude":null}`,
			`{"group":["g"],"exclude":{"1":1}}`, `{"group":["g"],"exclude":[1]}`, `{"group":["g"],"exclude":[0,5]}`,
			`{"group":["g"],"exclude":{"1":null}}`, `{"group":["g"],"exclude":{"1":false}}`, `{"group":["g"],"exclude":[]}`,
			`{"group":["g"],"exclude":{"2":2,"1":1}}`, `{"group":[],"exclude":null}`, `{"group":["none"],"exclude":null}`,
			`{"exclude":null,"group":["g"]}`, `{"group":["g"]}`, `{"group":["g"],"exclude":"1"}`, `{"group":["g"],"exclude":"12"}`,
			`{"group":["g"],"exclude":1}`,
		} {
			a.ask(sendToGroup(ext, ext))
		}
		s.drainAll()
	})
	scene("group/disconnect-cleans", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 2)
		a.ask(joinGroup(c[0].id, "g"), joinGroup(c[0].id, "h"), joinGroup(c[1].id, "g"))
		c[0].close()
		s.workers[0].expect()
		a.ask(groupIDList(), countBy("g"), countBy("h"), sessionsBy("g"), everything())
	})
	scene("group/many-members", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 12)
		for _, member := range slices.Backward(c) {
			a.ask(joinGroup(member.id, "g"))
		}
		for _, i := range []int{3, 7, 0} {
			a.ask(leaveGroup(c[i].id, "g"))
		}
		a.ask(sessionsBy("g"), joinGroup(c[3].id, "g"), sessionsBy("g"), countBy("g"), sendToGroup(groupMessage("g"), "hello"))
		s.drainAll()
	})
}
