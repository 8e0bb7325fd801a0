package compattests

import (
	"fmt"
	"time"
)

// beat is the ping interval of the heartbeat scenarios. With a limit of 1 a client
// has half of it to answer a ping, and must not be late on a machine that stands
// still for a while.
const beat = 4 * time.Second

func init() {
	scene("heartbeat/without-limit", func(s *stage) {
		const beat = beat / 2
		gw := s.gateway(gatewayConfig{PingInterval: beat, PingData: `{"type":"ping"}`})
		w := s.worker()
		notBefore(s, 3*beat-beat/2, func() { // a tick may have been late
			c := s.connectAt(gw)
			s.note("the first tick after something was heard is left out")
			c.expectN(3)
			c.say("still here")
			c.skips = `{"type":"ping"}` // if it takes that long
			c.drain()
			c.skips = ""
			c.expect()
		})
		w.drain()
	})
	for _, limit := range []int{1, 2, 3} {
		scene(fmt.Sprintf("heartbeat/limit-%d", limit), func(s *stage) {
			gw := s.gateway(gatewayConfig{PingInterval: beat, PingNotResponseLimit: limit, PingData: "ping"})
			w := s.worker()
			notBefore(s, silence(limit), func() {
				c := s.connectAt(gw)
				c.expectN(limit)
				c.expectClosed()
			})
			w.expect()
		})
	}
	scene("heartbeat/limit-without-data", func(s *stage) {
		gw := s.gateway(gatewayConfig{PingInterval: beat, PingNotResponseLimit: 1})
		w := s.worker()
		notBefore(s, silence(1), func() { s.connectAt(gw).expectClosed() })
		w.expect()
	})
	scene("heartbeat/data-zero-is-never-sent", func(s *stage) {
		gw := s.gateway(gatewayConfig{PingInterval: beat / 2, PingNotResponseLimit: 2, PingData: "0"})
		w := s.worker()
		c := s.connectAt(gw)
		c.expectClosed()
		w.expect()
	})
	scene("heartbeat/who-speaks-stays", func(s *stage) {
		gw := s.gateway(gatewayConfig{PingInterval: beat, PingNotResponseLimit: 1, PingData: "ping"})
		s.worker()
		quiet, chatty := s.connectAt(gw), s.connectAt(gw)
		quiet.expect()
		chatty.say("one")
		for range 4 {
			chatty.awaitPing()
			chatty.say("pong")
		}
		quiet.expectClosed()
		chatty.worker.expect()
	})
	scene("heartbeat/websocket-pings-do-not-count", func(s *stage) {
		gw := s.gateway(gatewayConfig{PingInterval: beat, PingNotResponseLimit: 1, PingData: "ping"})
		w := s.worker()
		c := s.connectAt(gw)
		c.raw(string(wsFrame(0x8a, "pong")))
		c.raw(string(wsFrame(0x89, "")))
		c.expect()
		c.expect()
		c.raw(string(wsFrame(0x8a, "pong")) + string(wsFrame(0x01, "half a message")))
		c.expectClosed()
		w.expect()
	})
	scene("heartbeat/what-the-server-sends-does-not-count", func(s *stage) {
		gw := s.gateway(gatewayConfig{PingInterval: beat, PingNotResponseLimit: 1, PingData: "ping"})
		w := s.worker()
		c := s.connectAt(gw)
		s.inner().ask(sendToOne(c.id, "news"))
		c.expect()
		c.expect()
		c.expectClosed()
		w.expect()
	})
	scene("heartbeat/before-the-handshake", func(s *stage) {
		gw := s.gateway(gatewayConfig{PingInterval: beat, PingNotResponseLimit: 1, PingData: "ping"})
		w := s.worker()
		c := s.dialAt(gw)
		c.expectClosed()
		w.expect()
	})
	for _, p := range protocols {
		scene("heartbeat/"+p, func(s *stage) {
			gw := s.gateway(gatewayConfig{Listen: p, PingInterval: beat, PingNotResponseLimit: 1, PingData: "ping"})
			w := s.worker()
			c := s.connectAt(gw)
			c.expectMessage("ping")
			c.expectClosed()
			w.expect()
		})
	}
	scene("heartbeat/accelerated", func(s *stage) {
		gw := s.gateway(gatewayConfig{PingInterval: beat, PingNotResponseLimit: 1, PingData: "ping", ProtocolAccelerate: true})
		w := s.worker()
		c := s.connectAt(gw)
		c.expect()
		c.expectClosed()
		w.expect()
	})
}

// silence is for how long a client must be silent at least to be disconnected: for as
// many ticks of half a beat, of which the first may have been late by half a tick.
func silence(limit int) time.Duration { return time.Duration(2*limit+1)*beat/2 - beat/4 }

// awaitPing waits for a ping and leaves it out of the transcript: how many come
// between two messages depends on the clock.
func (c *client) awaitPing() {
	if _, ok := c.take(c.unitLen); !ok {
		c.stage.fail("%s: closed", c.name)
	}
}
