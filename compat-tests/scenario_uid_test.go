package compattests

func init() {
	scene("uid/bind-and-ask", func(s *stage) {
		s.gateway(gatewayConfig{})
		s.worker()
		c := s.connectN(2)
		a := s.inner()
		a.ask(
			clientIDByUID("u1"),
			bindUID(c[0].id, "u1"), clientIDByUID("u1"),
			bindUID(c[1].id, "u1"), clientIDByUID("u1"),
			unbindUID(c[0].id, "other"), clientIDByUID("u1"),
			everything(),
		)
		a.ask(sendToUID(`["u1"]`, "to u1"))
		s.drainAll()
	})
}
