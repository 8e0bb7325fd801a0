package compattests

func init() {
	scene("routing/events-in-order", func(s *stage) {
		s.gateway(gatewayConfig{})
		w := s.worker()
		c := s.dial()
		c.raw(standardHandshake)
		w.expect()
		c.log("%s < %s", c.name, quote([]byte(c.readHead())))
		c.send("one", "two", "")
		w.expectN(3)
		c.close()
		w.expect()
		w.drain()
	})
	scene("routing/connect-before-handshake-counts", func(s *stage) {
		s.gateway(gatewayConfig{})
		w := s.worker()
		c := s.dial()
		a := s.inner()
		a.ask(isOnline(c.id), countBy(""), bindUID(c.id, "u"), joinGroup(c.id, "g"), setSession(c.id, "a:0:{}"), everything())
		c.close()
		w.expect()
		a.ask(everything(), countBy(""))
	})
	scene("routing/no-worker", func(s *stage) {
		gw := s.gateway(gatewayConfig{})
		c := s.open(gw)
		c.expectClosed()
		s.worker()
		d := s.connect()
		s.inner().ask(isOnline(1), isOnline(2), countBy(""))
		d.say("hello")
	})
	scene("routing/worker-goes-clients-stay-until-they-speak", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 3)
		s.workers[0].close()
		a.ask(countBy(""), isOnline(1))
		a.ask(sendToOne(c[0].id, "still here"))
		c[0].expect()
		c[0].raw(string(wsFrame(0x89, "ping")))
		c[0].expect()
		c[0].send("anybody?")
		c[0].expectClosed()
		a.ask(countBy(""), isOnline(1), isOnline(2))
		c[1].close()
		s.awaitGone(c[1])
		c[2].send("anybody?")
		c[2].expectClosed()
		a.ask(countBy(""))
	})
	scene("routing/worker-comes-back", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 2)
		s.workers[0].close()
		a.ask(countBy(""))
		w := s.workerKeyed(s.gateways[0], "w:0")
		c[0].worker, c[1].worker = w, w
		c[0].say("hello new worker")
		c[1].close()
		w.expect()
	})
	scene("routing/least-connections", func(s *stage) {
		gw := s.gateway(gatewayConfig{})
		s.worker()
		s.worker()
		s.worker()
		s.connectN(7)
		s.note("a newcomer gets everything until it is even")
		s.workerAt(gw)
		s.connectN(5)
		s.note("closes lower the count")
		for _, i := range []int{0, 3} {
			s.clients[i].close()
			s.clients[i].worker.expect()
		}
		s.connectN(4)
	})
	scene("routing/orphans-move-with-their-next-event", func(s *stage) {
		gw := s.gateway(gatewayConfig{})
		w1 := s.worker()
		c := s.connectN(4)
		w2 := s.workerAt(gw)
		s.inner().ask(countBy(""))
		w1.close()
		s.inner().ask(countBy(""))
		for _, c := range c[:3] {
			c.worker = w2
			c.say("hello")
		}
		c[3].close()
		w2.expect()
		w2.drain()
		w3 := s.workerAt(gw)
		s.connectN(4)
		w3.drain()
	})
	scene("routing/same-key-evicts", func(s *stage) {
		gw := s.gateway(gatewayConfig{})
		old := s.workerKeyed(gw, "same:0")
		c := s.connectN(3)
		fresh := s.workerKeyed(gw, "same:0")
		old.expectClosed()
		for _, c := range c {
			c.worker = fresh
			c.say("hello")
		}
		other := s.workerKeyed(gw, "other:0")
		s.connectN(4)
		other.drain()
	})
	scene("routing/same-key-evicts-count-starts-at-zero", func(s *stage) {
		gw := s.gateway(gatewayConfig{})
		s.workerKeyed(gw, "a:0")
		s.workerKeyed(gw, "b:0")
		s.connectN(4)
		s.workers[0].mute = true
		s.workerKeyed(gw, "a:0")
		s.workers[0].expectClosed()
		s.connectN(3)
		c := s.clients[0]
		c.close()
		s.workers[2].expect()
		s.connectN(2)
	})
	scene("routing/different-names-on-one-address", func(s *stage) {
		gw := s.gateway(gatewayConfig{})
		s.workerKeyed(gw, "")
		s.workerKeyed(gw, "0")
		s.workerKeyed(gw, "ü:1")
		s.connectN(3)
	})
	scene("routing/worker-connects-again-under-another-key", func(s *stage) {
		gw := s.gateway(gatewayConfig{})
		w := s.workerKeyed(gw, "first:0")
		w.send(workerConnect("second:0", ""))
		s.connect().say("one")
		w.drain()
	})
	scene("routing/messages-of-one-client-stay-with-its-worker", func(s *stage) {
		s.gateway(gatewayConfig{})
		s.worker()
		s.worker()
		c := s.connectN(4)
		for range 3 {
			for _, c := range c {
				c.say("m")
			}
		}
	})
	scene("routing/connection-ids-count-up", func(s *stage) {
		gw := s.gateway(gatewayConfig{})
		w := s.worker()
		for range 3 {
			c := s.connect()
			c.close()
			w.expect()
		}
		w.close()
		s.inner().ask(countBy(""))
		s.open(gw).expectClosed()
		s.worker()
		s.connect()
	})
	scene("routing/worker-as-gateway-client", func(s *stage) {
		s.gateway(gatewayConfig{})
		w := s.worker()
		c := s.connect()
		c.send("before")
		w.expect()
		w.send(isOnline(1), clientConnect(""), sendToOne(1, "x"))
		w.expect()
		c.expect()
		c.say("after")
	})
	scene("routing/half-closed-worker", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 1)
		w := s.workers[0]
		w.mute = true
		w.closeWrite()
		w.expectClosed()
		a.ask(countBy(""))
		c[0].send("nobody hears")
		c[0].expectClosed()
	})
}
