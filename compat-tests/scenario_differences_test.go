package compattests

import (
	"fmt"
	"strings"
)

// Deliberate differences that are not about PHP processes that die; see
// scenario_crash_test.go for those.
func init() {
	scene("inner/pack-len-zero-ends-the-connection", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 1)
		a.mute = true
		a.raw(withPackLen(bytesOf(bindUID(c[0].id, "u")), 0))
		if s.original() {
			a.stalls()
		} else {
			a.expectClosed()
		}
		s.inner().ask(clientIDByUID("u"))
	}, differs("pack-len-too-short"))
	for _, n := range []uint32{4, 27} {
		scene(fmt.Sprintf("inner/pack-len-%d", n), func(s *stage) {
			a, c := s.set(gatewayConfig{}, 1)
			a.mute = true
			s.note("PHP goes on behind that many bytes")
			a.raw(append(withPackLen(bytesOf(ping()), n)[:n], bytesOf(isOnline(c[0].id))...))
			a.expect()
		}, differs("pack-len-too-short"))
	}
	scene("routing/registers-twice-on-one-connection", func(s *stage) {
		s.gateway(gatewayConfig{})
		w := s.worker()
		c := s.connect()
		w.mute = true
		w.send(workerConnect("w:0", ""))
		if s.original() {
			w.expectClosed()
			c.send("to nobody")
		} else {
			c.say("to the same worker")
		}
		s.inner().ask(isOnline(c.id))
		c.drain()
	}, differs("worker-registers-twice"))
	scene("routing/evicted-worker-closes-late", func(s *stage) {
		gw := s.gateway(gatewayConfig{})
		old := s.workerKeyed(gw, "same:0")
		c := s.connect()
		old.deafen()
		old.mute = true
		s.note("300 messages of 100,000 bytes to a worker that does not read")
		for i := range 300 {
			c.put(wsFrame(0x81, chunk(i)))
		}
		c.raw(string(wsFrame(0x89, "all heard?")))
		c.expect()
		c.worker = s.workerKeyed(gw, "same:0")
		c.say("to the new one")
		s.note("the old one reads, and its connection ends")
		old.hear()
		old.expectEnd()
		if s.original() {
			c.send("to nobody")
			c.expectClosed()
		} else {
			c.say("to the new one")
			c.drain()
		}
	}, differs("evicted-worker-closes-late"))
	scene("select/other-properties", func(s *stage) {
		a, _ := s.set(gatewayConfig{}, 1)
		a.ask(selectClients(`{"fields":["uid","gatewayHeader","pingNotResponseCount","maxSendBufferSize","transport"],"where":{"connection_id":[1]}}`))
	}, differs("select-properties"))
	for _, property := range []string{"worker", "onMessage"} {
		scene("crash/select-"+property, func(s *stage) {
			a, _ := s.set(gatewayConfig{}, 2)
			s.inner()
			a.send(selectClients(`{"fields":["` + property + `"],"where":{"connection_id":[1]}}`))
			s.survey()
		}, differs("select-properties"))
	}
	scene("handshake/head-over-64-KiB", func(s *stage) {
		s.gateway(gatewayConfig{})
		w := s.worker()
		c := s.dial()
		c.log("%s > a request with a header of 70,000 bytes", c.name)
		c.put([]byte(request("GET / HTTP/1.1", "X: "+strings.Repeat("x", 70000), keyHeader, versionHeader)))
		if s.original() {
			w.log("%s < %v", w.name, s.eventOf(c).Cmd)
			c.log("%s < %s", c.name, quote([]byte(c.readHead())))
			c.say("hello")
		} else {
			c.expectClosed()
			w.expect()
		}
	}, differs("handshake-head-limit"))
	scene("handshake/head-over-1000-lines", func(s *stage) {
		s.gateway(gatewayConfig{})
		w := s.worker()
		c := s.dial()
		c.log("%s > a request with 1,200 headers", c.name)
		c.put([]byte(request("GET / HTTP/1.1", strings.Repeat("X: 1\r\n", 1197)+keyHeader, versionHeader)))
		if s.original() {
			w.log("%s < %v", w.name, s.eventOf(c).Cmd)
			c.log("%s < %s", c.name, quote([]byte(c.readHead())))
			c.say("hello")
		} else {
			c.expectClosed()
			w.expect()
		}
	}, differs("handshake-head-limit"))
	scene("handshake/key-behind-the-head", func(s *stage) {
		s.gateway(gatewayConfig{})
		w := s.worker()
		c := s.dial()
		c.raw(request("GET / HTTP/1.1", "Host: h", versionHeader) + string(wsFrameMasked(0x81, "Sec-WebSocket-Key: inner\r\n", [4]byte{})))
		w.expect()
		c.log("%s < %s", c.name, quote([]byte(c.readHead())))
		if c.upgraded {
			w.expect()
		} else {
			c.expectClosed()
		}
		w.drain()
	}, differs("handshake-key-behind-the-head"))
	scene("handshake/accelerated-messages-wait-for-it", func(s *stage) {
		a, _ := s.set(gatewayConfig{ProtocolAccelerate: true}, 1)
		c := s.dial()
		a.ask(sendToAll("", "early"), isOnline(c.id))
		if s.original() {
			c.expect()
		}
		c.raw(standardHandshake)
		c.finishHandshake()
		c.drain()
	}, differs("accelerated-before-handshake"))
	scene("websocket/rsv1-ping", func(s *stage) {
		s.gateway(gatewayConfig{})
		s.worker()
		c := s.connect()
		c.raw(string(wsFrame(0xc9, deflated("compressed"))))
		c.expect()
	}, differs("rsv1-ping"))
	scene("websocket/deflate-bomb", func(s *stage) {
		_, c := s.set(gatewayConfig{}, 2)
		c[0].log("%s > a compressed message of 11,000,000 bytes", c[0].name)
		c[0].put(wsFrame(0xc1, deflated(strings.Repeat("\x00", 11000000))))
		c[0].expectClosed()
		s.survey()
	}, differs("rsv1-garbage"))
	scene("websocket/rsv1-empty", func(s *stage) {
		_, c := s.set(gatewayConfig{}, 1)
		c[0].raw(string(wsFrame(0xc1, "")))
		s.workers[0].expect()
		c[0].say("after")
	})
	for _, v := range []struct{ name, value string }{{"enum", `E:3:"A:B";`}, {"serializable", `C:1:"A":3:{abc}`}} {
		scene("session/class-unknown-"+v.name, func(s *stage) {
			a, c := s.set(gatewayConfig{}, 1)
			id := c[0].id
			a.ask(setSession(id, sessionWith("v", v.value)), sessionByID(id))
			a.send(updateSession(id, `a:1:{s:1:"w";i:1;}`))
			s.survey()
			if !a.over() {
				a.ask(sessionByID(id))
			}
		}, differs("session-unknown-classes"))
	}
	scene("register/address-infinite", func(s *stage) {
		r := s.register("")
		w := s.subscribed(r, "worker")
		g := s.join(r, "gateway")
		g.send(`{"event":"gateway_connect","address":1e999}`)
		g.expectClosed()
		if _, original := s.cast.register.(php); original {
			w.expectClosed()
		} else {
			s.join(r, "another").send(`{"event":"gateway_connect","address":"127.0.0.1:1"}`)
			w.expect()
		}
	}, differs("register-infinite-address"))
}

// stalls tells that the connection is open and that nothing is answered on it.
func (in *inner) stalls() {
	in.put(bytesOf(isOnline(0)))
	for range 3 {
		in.stage.count(in.gw)
	}
	in.stage.mu.Lock()
	defer in.stage.mu.Unlock()
	if in.ended || len(in.buf) > 0 {
		in.stage.fail("%s: not stalled: buffer %s, ended %v", in.name, quote(in.buf), in.ended)
	}
	in.log("%s . open, but nothing is answered", in.name)
}
