package compattests

import (
	"net"
	"slices"
	"strconv"
)

// Several workers that are chosen at random, and several Registers.
func init() {
	scene("routing/random-one-worker", func(s *stage) {
		gw := s.gateway(gatewayConfig{Random: true})
		w := s.worker()
		c := s.connectN(3)
		c[0].say("hello")
		c[1].close()
		w.expect()
		w.close()
		fresh := s.workerAt(gw)
		c[2].worker = fresh
		c[2].say("hello new worker")
		c[2].close()
		fresh.expect()
	})
	scene("routing/random-two-workers", func(s *stage) {
		gw := s.gateway(gatewayConfig{Random: true})
		s.worker()
		s.worker()
		s.note("each of 20 clients has all its events at one of the two workers")
		chosen := map[*inner]bool{}
		for range 20 {
			c := s.open(gw)
			s.eventOf(c)
			home := c.worker
			c.put([]byte(standardHandshake))
			s.eventOf(c)
			c.readHead()
			for range 3 {
				c.put(wsFrame(0x81, "message"))
				s.eventOf(c)
				if c.worker != home {
					s.fail("%s began at %s and has a message at %s", c.name, home.name, c.worker.name)
				}
			}
			chosen[home] = true
		}
		s.note("both have clients: %v", len(chosen) == 2) // the odds against it are 1 to 524,288
		s.workers[0].drain()
		s.workers[1].drain()
	})
	scene("routing/random-worker-goes", func(s *stage) {
		gw := s.gateway(gatewayConfig{Random: true})
		s.worker()
		gone := s.workerAt(gw)
		c := s.connectHidden(gw, 10)
		gone.close()
		s.inner().ask(countBy(""))
		s.note("the other has all the clients")
		for _, c := range c {
			c.worker = s.workers[0]
			c.say("hello")
		}
	})

	calls := slices.Concat(populate, libraryScenes[0].calls[:8], []libraryCall{do("getAllGroupIdList"), do("sendToAll", "all"), drained()})
	for _, class := range []string{gatewayClient, libGateway} {
		short := map[string]string{gatewayClient: "GatewayClient", libGateway: "Lib-Gateway"}[class]
		several := func(name string, before func(s *stage) []string) {
			scene("library/"+short+"-"+name, func(s *stage) {
				s.clusterOf(gatewayConfig{InnerListen: behindProxy}, 2, 1)
				s.worker()
				s.connectN(4)
				s.library(class, class == libGateway, before(s)...).perform(calls)
			}, withActors)
		}
		several("two-registers", func(*stage) []string { return nil })
		several("first-register-is-down", func(s *stage) []string {
			return []string{net.JoinHostPort("127.0.0.1", strconv.Itoa(s.freePort()))}
		})
	}
	scene("businessworker/two-registers", func(s *stage) {
		s.clusterOf(gatewayConfig{InnerListen: behindProxy}, 2, 1)
		b := s.businessWorker("")
		for _, c := range b.welcome(2) {
			b.tell(c, "hello")
		}
	}, withActors)
}

// connectHidden connects clients and leaves that out of the transcript.
func (s *stage) connectHidden(gw *gatewayUnderTest, n int) []*client {
	lines := s.lines
	list := make([]*client, n)
	for i := range list {
		list[i] = s.connectAt(gw)
	}
	s.lines = lines
	return list
}
