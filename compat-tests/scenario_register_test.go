package compattests

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// announcement is a gateway's line as PHP writes it, blanks included.
func announcement(address, secret string) string {
	return fmt.Sprintf(`{"event":"gateway_connect", "address":"%s", "secret_key":"%s"}`, address, secret)
}

// subscription is a worker's line.
func subscription(secret string) string {
	return fmt.Sprintf(`{"event":"worker_connect","secret_key":"%s"}`, secret)
}

// subscribed joins as a worker and takes the first list.
func (s *stage) subscribed(r *registerUnderTest, name string) *registerPeer {
	w := s.join(r, name)
	w.send(subscription(r.secret))
	w.expect()
	return w
}

func init() {
	scene("register/gateways-and-workers", func(s *stage) {
		r := s.register("")
		w1 := s.subscribed(r, "w1")
		g1 := s.join(r, "g1")
		g1.send(announcement("10.0.0.1:2900", ""))
		w1.expect()
		w2 := s.subscribed(r, "w2")
		g2 := s.join(r, "g2")
		g2.send(announcement("10.0.0.2:2900", ""))
		w1.expect()
		w2.expect()
		w1.close()
		g1.close()
		w2.expect()
		g2.close()
		w2.expect()
	})
	scene("register/secret-key", func(s *stage) {
		r := s.register("key/1")
		w := s.subscribed(r, "w1")
		g := s.join(r, "g1")
		g.send(announcement("10.0.0.1:2900", "key/1"))
		w.expect()
		for _, line := range []string{
			announcement("10.0.0.2:2900", "wrong"), `{"event":"gateway_connect","address":"10.0.0.2:2900"}`,
			subscription("wrong"), `{"event":"worker_connect"}`, `{"event":"worker_connect","secret_key":null}`,
			`{"event":"worker_connect","secret_key":["key/1"]}`, `{"event":"worker_connect","secret_key":true}`,
		} {
			p := s.join(r, "x")
			p.send(line)
			p.expectClosed()
		}
		p := s.join(r, "y")
		p.send(`{"event":"worker_connect","secret_key":"key\/1"}`)
		p.expect()
	})
	scene("register/no-secret-key", func(s *stage) {
		r := s.register("")
		for _, line := range []string{
			`{"event":"worker_connect"}`, `{"event":"worker_connect","secret_key":null}`, `{"event":"worker_connect","secret_key":""}`,
			`{"event":"worker_connect","secret_key":"x"}`, `{"event":"worker_connect","secret_key":0}`, `{"event":"worker_connect","secret_key":false}`,
			`{"event":"worker_connect","secret_key":[]}`,
		} {
			p := s.join(r, "x")
			p.send(line)
			p.expect()
		}
	})
	unreadable := map[string]string{
		"empty-line": ``, "no-json": `hello`, "event-missing": `{"address":"10.0.0.1:2900"}`, "event-zero-string": `{"event":"0"}`,
		"event-zero": `{"event":0}`, "event-false": `{"event":false}`, "event-null": `{"event":null}`, "event-empty": `{"event":""}`,
		"event-empty-object": `{"event":{}}`, "event-empty-list": `{"event":[]}`, "bad-utf8": "{\"event\":\"\xff\"}", "list": `["gateway_connect"]`,
		"string": `"gateway_connect"`, "number": `5`, "truncated": `{"event":"ping"`, "trailing-comma": `{"event":"ping",}`, "float-zero": `{"event":0.0}`,
		"too-deep":    `{"event":"ping","x":` + strings.Repeat("[", 511) + strings.Repeat("]", 511) + `}`,
		"single-word": "ping", "null": "null", "unicode": `{"äöü":"x"}`,
	}
	for _, name := range sortedKeys(unreadable) {
		scene("register/bad-request-"+name, func(s *stage) {
			r := s.register("")
			p := s.join(r, "p")
			p.send(unreadable[name])
			p.expect()
			p.expectClosed()
		})
	}
	closing := map[string]string{
		"unknown-event": `{"event":"hello"}`, "event-number": `{"event":5}`, "event-list": `{"event":["ping"]}`, "event-upper-case": `{"event":"PING"}`,
		"event-blank": `{"event":"ping "}`, "address-missing": `{"event":"gateway_connect","secret_key":""}`, "address-empty": `{"event":"gateway_connect","address":""}`,
		"address-zero": `{"event":"gateway_connect","address":"0"}`, "address-null": `{"event":"gateway_connect","address":null}`,
		"address-empty-list": `{"event":"gateway_connect","address":[]}`, "event-object": `{"event":{"a":1}}`,
	}
	for _, name := range sortedKeys(closing) {
		scene("register/closed-"+name, func(s *stage) {
			r := s.register("")
			p := s.join(r, "p")
			p.send(closing[name])
			p.expectClosed()
		})
	}
	addresses := map[string]string{
		"number": `123`, "float": `1.5`, "true": `true`, "slashes": `"a/b"`, "unicode": `"gätewäy:1"`, "escapes": `"a\"b\\c\n\u0001"`,
		"list": `["a","b"]`, "object": `{"a":1}`, "long": `"` + strings.Repeat("x", 300) + `"`, "not-an-address": `"hello"`, "blank": `" "`,
		"zero-zero": `"00"`, "html": `"<b>&'"`,
	}
	for _, name := range sortedKeys(addresses) {
		scene("register/address-"+name, func(s *stage) {
			r := s.register("")
			w := s.subscribed(r, "w1")
			g := s.join(r, "g1")
			g.send(`{"event":"gateway_connect","address":` + addresses[name] + `}`)
			w.expect()
			h := s.join(r, "g2")
			h.send(announcement("10.0.0.1:2900", ""))
			w.expect()
		})
	}
	duplicates := map[string][]string{
		"first-two": {"a:1", "a:1", "b:1"}, "last-two": {"a:1", "b:1", "b:1"}, "apart": {"a:1", "b:1", "a:1", "c:1"}, "all": {"a:1", "a:1", "a:1"},
	}
	for _, name := range sortedKeys(duplicates) {
		scene("register/duplicates-"+name, func(s *stage) {
			r := s.register("")
			w := s.subscribed(r, "w1")
			var gateways []*registerPeer
			for i, address := range duplicates[name] {
				g := s.join(r, fmt.Sprintf("g%d", i+1))
				g.send(announcement(address, ""))
				w.expect()
				gateways = append(gateways, g)
			}
			for _, g := range gateways {
				g.close()
				w.expect()
			}
		})
	}
	scene("register/duplicates-by-string-comparison", func(s *stage) {
		r := s.register("")
		w := s.subscribed(r, "w1")
		for i, address := range []string{`123`, `"123"`, `123.0`, `true`, `"1"`, `1`} {
			g := s.join(r, fmt.Sprintf("g%d", i+1))
			g.send(`{"event":"gateway_connect","address":` + address + `}`)
			w.expect()
		}
	})
	scene("register/again-on-the-same-connection", func(s *stage) {
		r := s.register("")
		w := s.subscribed(r, "w1")
		g := s.join(r, "g1")
		h := s.join(r, "g2")
		g.send(announcement("a:1", ""))
		w.expect()
		h.send(announcement("b:1", ""))
		w.expect()
		s.note("an announcement that changes nothing is broadcast all the same")
		g.send(announcement("a:1", ""))
		w.expect()
		s.note("another address takes the place of the old one")
		g.send(announcement("c:1", ""))
		w.expect()
		w.send(subscription(""))
		w.expect()
		s.note("a gateway may be a worker too")
		g.send(subscription(""))
		g.expect()
		h.close()
		w.expect()
		g.expect()
	})
	scene("register/ping", func(s *stage) {
		r := s.register("key")
		p := s.join(r, "p")
		p.send(`{"event":"ping"}`, `{"event":"ping","secret_key":"wrong"}`, subscription("key"))
		p.expect()
		g := s.join(r, "g1")
		g.send(announcement("a:1", "key"), `{"event":"ping"}`)
		p.expect()
	})
	scene("register/event-true-is-gateway-connect", func(s *stage) {
		r := s.register("")
		w := s.subscribed(r, "w1")
		g := s.join(r, "g1")
		g.send(`{"event":true,"address":"a:1"}`)
		w.expect()
	})
	scene("register/a-wrong-line-ends-what-was-announced", func(s *stage) {
		r := s.register("")
		w := s.subscribed(r, "w1")
		g := s.join(r, "g1")
		g.send(announcement("a:1", ""))
		w.expect()
		g.send("nonsense")
		g.expect()
		g.expectClosed()
		w.expect()
		h := s.join(r, "g2")
		h.send(announcement("b:1", ""))
		w.expect()
		h.send(announcement("b:1", "wrong"))
		h.expectClosed()
		w.expect()
	})
	scene("register/lines-in-pieces", func(s *stage) {
		r := s.register("")
		w := s.join(r, "w1")
		for _, piece := range []string{`{"event":"wor`, `ker_connect"`, "}\r", "\n"} {
			w.raw(piece)
		}
		w.expect()
		g := s.join(r, "g1")
		g.raw(announcement("a:1", "") + "\r\n" + announcement("b:1", "") + "\n\r\n")
		w.expect()
		w.expect()
		g.expect()
		g.expectClosed()
		w.expect()
	})
	scene("register/carriage-returns", func(s *stage) {
		r := s.register("")
		w := s.join(r, "w1")
		w.raw(subscription("") + "\r\r\r\n")
		w.expect()
		w.raw("\r" + subscription("") + "\n")
		w.expect()
	})
	scene("register/half-a-line-and-end-of-file", func(s *stage) {
		r := s.register("")
		w := s.join(r, "w1")
		w.raw(subscription(""))
		w.closeWrite()
		w.expectClosed()
	})
	scene("register/line-at-the-limit", func(s *stage) {
		r := s.register("")
		p := s.join(r, "p")
		p.log("p > ping, blanks, 10485760 bytes with the line feed")
		p.put([]byte(`{"event":"ping"}` + strings.Repeat(" ", 10485760-17) + "\n"))
		p.expectClosed()
		q := s.join(r, "q")
		q.log("q > subscription, blanks, 10485759 bytes with the line feed")
		q.put([]byte(subscription("") + strings.Repeat(" ", 10485759-1-len(subscription(""))) + "\n"))
		q.expect()
	}, differs("register-line-limit"))
	scene("register/many-gateways", func(s *stage) {
		r := s.register("")
		w := s.subscribed(r, "w1")
		for i := range 10 {
			g := s.join(r, fmt.Sprintf("g%d", i+1))
			g.send(announcement(fmt.Sprintf("10.0.0.%d:%d", i%7, 2900+i%7), ""))
			w.expect()
		}
	})
	scene("register/ten-seconds-for-the-first-line", func(s *stage) {
		r := s.register("")
		var silent, half, spoke *registerPeer
		notBefore(s, 9*time.Second, func() {
			silent, half, spoke = s.join(r, "silent"), s.join(r, "half"), s.join(r, "spoke")
			half.raw(`{"event":"worker_`)
			spoke.send(`{"event":"ping"}`)
			silent.expectClosed()
			half.expectClosed()
		})
		// A Register that does not count the ping closes "spoke" about now, in
		// no order with "half"; PHP's never does, so waiting is all one can do.
		s.awaitFor(2*time.Second, func() bool { return spoke.ended })
		spoke.send(subscription(""))
		spoke.expect()
	}, differs("register-ping-is-not-enough"))
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
