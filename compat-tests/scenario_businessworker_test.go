package compattests

import (
	"slices"
)

// withWorker is a cluster with a PHP worker and n clients, which are connected
// after the worker.
func (s *stage) withWorker(cfg gatewayConfig, gateways, n int, events string) (*businessWorker, []*client) {
	s.cluster(cfg, gateways)
	b := s.businessWorker(events)
	return b, b.welcome(n)
}

// welcome connects n clients, spread over the gateways.
func (b *businessWorker) welcome(n int) []*client {
	s := b.actor.stage
	for i := range n {
		c := s.dialAt(s.gateways[i%len(s.gateways)])
		b.settle(1)
		if !c.upgraded {
			s.log("%s > the standard handshake", c.name)
			c.put([]byte(standardHandshake))
			c.finishHandshake()
			b.settle(1)
		}
		c.drain()
	}
	return s.clients
}

func init() {
	scene("businessworker/echo", func(s *stage) {
		b, c := s.withWorker(gatewayConfig{}, 1, 2, "")
		b.tell(c[0], "hello")
		b.tell(c[1], "äöü \x00")
		c[0].close()
		b.settle(1)
		c[1].drain()
	}, withActors)
	scene("businessworker/callbacks", func(s *stage) {
		b, c := s.withWorker(gatewayConfig{}, 1, 2, "connect,websocket,close,session")
		b.tell(c[0], `{"op":"session-set","key":"name","value":"one"}`)
		c[0].close()
		b.settle(1)
		c[1].drain()
	}, withActors)
	scene("businessworker/session", func(s *stage) {
		b, c := s.withWorker(gatewayConfig{}, 1, 2, "")
		get := func(c *client) { b.tell(c, `{"op":"session-get"}`) }
		get(c[0])
		b.tell(c[0], `{"op":"session-set","key":"name","value":"one"}`)
		get(c[0])
		b.tell(c[0], `{"op":"session-set","key":"name","value":"one"}`)
		b.tell(c[0], `{"op":"session-set","key":"list","value":[1,2.5,null,{"a":true}]}`)
		get(c[0])
		s.note("changed by another client's event: the worker fetches it again")
		b.ask(c[1], "updateSession", "$1", object{"by": "two"})
		get(c[0])
		b.ask(c[0], "updateSession", "$1", object{"own": 1})
		get(c[0])
		b.ask(c[0], "setSession", "$1", object{"fresh": 1})
		get(c[0])
		b.tell(c[0], `{"op":"session-unset"}`)
		get(c[0])
		s.note("every type")
		value := `a:7:{s:1:"i";i:-5;s:1:"f";d:0.1;s:1:"b";b:0;s:1:"n";N;s:1:"s";s:3:"ä/";s:1:"o";O:8:"stdClass":1:{s:1:"p";i:1;}i:7;a:0:{}}`
		b.tell(c[0], `a:2:{s:2:"op";s:11:"session-set";s:5:"value";`+value+`}`)
		get(c[0])
	}, withActors)
	scene("businessworker/session-written-by-another-connection", func(s *stage) {
		b, c := s.withWorker(gatewayConfig{}, 1, 1, "")
		b.tell(c[0], `{"op":"session-set","key":"name","value":"one"}`)
		a := s.inner()
		a.ask(updateSession(c[0].id, `a:1:{s:5:"extra";i:1;}`), sessionByID(c[0].id))
		b.tell(c[0], `{"op":"session-get"}`)
		a.ask(setSession(c[0].id, ``), sessionByID(c[0].id))
		b.tell(c[0], `{"op":"session-get"}`)
	}, withActors)
	scene("businessworker/server-variable", func(s *stage) {
		b, c := s.withWorker(gatewayConfig{}, 1, 1, "")
		b.tell(c[0], `{"op":"server"}`)
	}, withActors)
	scene("businessworker/current-client", func(s *stage) {
		b, c := s.withWorker(gatewayConfig{}, 1, 2, "")
		b.perform(c[0], []libraryCall{
			do("sendToCurrentClient", "current"), do("sendToClient", "$1", "by id"), do("sendToClient", "$2", "other"), do("sendToCurrentClient", "\x81\x03raw", true), drained(),
			do("bindUid", "$1", "u"), do("getUidByClientId", "$1"), do("isOnline", "$1"), do("getSession", "$1"),
		})
		c[0].send(`{"op":"call","quiet":true,"method":"closeCurrentClient","args":["bye"]}`)
		b.settle(2)
		s.drainAll()
	}, withActors)
	scene("businessworker/destroys-the-current-client", func(s *stage) {
		b, c := s.withWorker(gatewayConfig{}, 1, 2, "close")
		c[0].send(`{"op":"call","quiet":true,"method":"destoryCurrentClient"}`)
		b.settle(2)
		s.drainAll()
	}, withActors)
	scene("businessworker/secret-key", func(s *stage) {
		b, c := s.withWorker(gatewayConfig{SecretKey: secret}, 1, 2, "")
		b.tell(c[0], `{"op":"session-set","key":"n","value":1}`)
		b.perform(c[0], slices.Concat(populateTwo, libraryScenes[0].calls[:6]))
	}, withActors)
	for _, p := range []string{"frame", "text"} {
		scene("businessworker/"+p+"-protocol", func(s *stage) {
			b, c := s.withWorker(gatewayConfig{Listen: p}, 1, 2, "connect,close")
			b.tell(c[0], "hello")
			c[0].close()
			b.settle(1)
			c[1].drain()
		}, withActors)
	}
	for _, n := range []int{1, 2} {
		for _, ls := range libraryScenes {
			if slices.Contains([]string{"uid-batches", "raw-sends-of-lib", "closing"}, ls.name) {
				continue
			}
			name := "businessworker/calls-" + ls.name
			if n == 2 {
				name += "-two-gateways"
			}
			scene(name, func(s *stage) {
				b, c := s.withWorker(gatewayConfig{}, n, 4, "")
				b.perform(c[0], populate)
				b.perform(c[0], ls.calls)
			}, withActors)
		}
	}
}

// populateTwo makes two clients.
var populateTwo = []libraryCall{do("bindUid", "$1", "u1"), do("bindUid", "$2", "123"), do("joinGroup", "$1", "g")}
