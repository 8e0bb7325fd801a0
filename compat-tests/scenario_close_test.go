package compattests

func init() {
	scene("close/kick-with-message", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 2)
		a.ask(bindUID(c[0].id, "u"), joinGroup(c[0].id, "g"), setSession(c[0].id, `a:0:{}`), kick(c[0].id, "bye"), isOnline(c[0].id))
		c[0].expect()
		c[0].expectClosed()
		s.workers[0].expect()
		a.ask(countBy(""), countBy("g"), clientIDByUID("u"))
		c[1].drain()
	})
	kicks := []struct {
		name  string
		frame func(id uint32) *frame
	}{
		{"empty-scalar", func(id uint32) *frame { return kick(id, "") }},
		{"null", func(id uint32) *frame { return serialized(kick(id, ""), "N;") }},
		{"serialized-string", func(id uint32) *frame { return serialized(kick(id, ""), `s:3:"bye";`) }},
		{"array", func(id uint32) *frame { return serialized(kick(id, ""), `a:1:{s:1:"a";i:1;}`) }},
		{"raw-flag-is-ignored", func(id uint32) *frame { return unencoded(kick(id, "bye")) }},
		{"unknown-client", func(id uint32) *frame { return kick(id+50, "bye") }},
	}
	for _, k := range kicks {
		scene("close/kick-"+k.name, func(s *stage) {
			a, c := s.set(gatewayConfig{}, 1)
			a.ask(k.frame(c[0].id), isOnline(c[0].id), countBy(""))
			s.workers[0].drain()
			c[0].drain()
		})
	}
	scene("close/kick-after-messages", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 1)
		a.send(sendToOne(c[0].id, "one"), sendToOne(c[0].id, "two"), kick(c[0].id, "three"), sendToOne(c[0].id, "four"))
		c[0].expectN(3)
		c[0].expectClosed()
		s.workers[0].expect()
		a.drain()
	})
	scene("close/kick-before-handshake-loses-the-message", func(s *stage) {
		s.gateway(gatewayConfig{})
		w := s.worker()
		c := s.dial()
		a := s.inner()
		a.ask(sendToOne(c.id, "early"), kick(c.id, "bye"), isOnline(c.id))
		c.expectClosed()
		w.expect()
	})
	scene("close/destroy", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 2)
		a.ask(bindUID(c[0].id, "u"), joinGroup(c[0].id, "g"), destroy(c[0].id), destroy(99), isOnline(c[0].id), countBy("g"), clientIDByUID("u"))
		c[0].expectClosed()
		s.workers[0].expect()
		c[1].drain()
	})
	scene("close/send-then-destroy", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 1)
		a.send(sendToOne(c[0].id, "one"), sendToOne(c[0].id, "two"), destroy(c[0].id), sendToOne(c[0].id, "three"))
		c[0].expectN(2)
		c[0].expectClosed()
		s.workers[0].expect()
		a.drain()
	})
	sends := []struct {
		name string
		send func(id uint32) *frame
	}{
		{"all", func(uint32) *frame { return sendToAll("", "bye") }},
		{"group", func(uint32) *frame { return sendToGroup(groupMessage("g"), "bye") }},
		{"uid", func(uint32) *frame { return sendToUID(`["u"]`, "bye") }},
	}
	for _, to := range sends {
		scene("close/send-to-"+to.name+"-then-destroy", func(s *stage) {
			a, c := s.set(gatewayConfig{}, 2)
			a.ask(bindUID(c[0].id, "u"), joinGroup(c[0].id, "g"), isOnline(c[0].id))
			a.send(to.send(c[0].id), destroy(c[0].id))
			c[0].expect()
			c[0].expectClosed()
			s.workers[0].expect()
			c[1].drain()
		})
	}
	scene("close/destroy-before-handshake", func(s *stage) {
		s.gateway(gatewayConfig{})
		w := s.worker()
		c := s.dial()
		s.inner().ask(destroy(c.id), isOnline(c.id))
		c.expectClosed()
		w.expect()
		w.drain()
	})
	scene("close/one-event-each", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 3)
		w := s.workers[0]
		a.ask(destroy(c[0].id), destroy(c[0].id), kick(c[0].id, "x"), isOnline(c[0].id))
		a.ask(kick(c[1].id, "x"), destroy(c[1].id), isOnline(c[1].id))
		c[2].close()
		w.expectN(3)
		w.drain()
	})
	scene("close/client-resets", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 1)
		a.ask(sendToOne(c[0].id, "unread"), isOnline(c[0].id))
		c[0].reset()
		s.workers[0].expect()
		a.ask(isOnline(c[0].id), sendToOne(c[0].id, "too late"), isOnline(c[0].id))
	})
	scene("close/half-closed-client", func(s *stage) {
		_, c := s.set(gatewayConfig{}, 1)
		c[0].closeWrite()
		s.workers[0].expect()
		c[0].expectClosed()
	})
	scene("close/message-and-hang-up", func(s *stage) {
		_, c := s.set(gatewayConfig{}, 1)
		c[0].send("one", "two")
		c[0].close()
		s.workers[0].expectN(3)
		s.workers[0].drain()
	})
	scene("close/half-a-message-and-hang-up", func(s *stage) {
		_, c := s.set(gatewayConfig{}, 1)
		c[0].raw(string(wsFrame(0x81, "half"))[:7])
		c[0].close()
		s.workers[0].expect()
		s.workers[0].drain()
	})
}
