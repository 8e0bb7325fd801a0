package compattests

import (
	"encoding/binary"
	"strings"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// protocols are the client protocols whose messages need no handshake.
var protocols = []string{"text", "frame", "tcp"}

func init() {
	for _, p := range protocols {
		for _, tls := range []bool{false, true} {
			name := p
			if tls {
				name += "-tls"
			}
			scene(name+"/messages-both-ways", func(s *stage) {
				a, c := s.set(gatewayConfig{Listen: p, TLS: tls}, 2)
				c[0].say("hello")
				c[1].say("äöü \U0001f600")
				a.ask(sendToOne(c[0].id, "one"))
				c[0].expectMessage("one")
				a.ask(sendToAll("", "all"), bindUID(c[0].id, "u"), joinGroup(c[1].id, "g"))
				c[0].expectMessage("all")
				c[1].expectMessage("all")
				a.ask(sendToUID(`["u"]`, "uid"), sendToGroup(groupMessage("g"), "group"), unencoded(sendToAll("", string(c[0].encode("raw")))))
				c[0].drain()
				c[1].drain()
			})
			scene(name+"/kick-destroy-and-close", func(s *stage) {
				a, c := s.set(gatewayConfig{Listen: p, TLS: tls}, 4)
				for _, c := range c {
					c.say("the TLS handshake is done")
				}
				for i, f := range []*frame{kick(c[0].id, "bye"), serialized(kick(c[1].id, ""), "N;"), destroy(c[2].id)} {
					a.send(f)
					s.workers[0].expect()
					c[i].drain()
					a.ask(isOnline(c[i].id))
				}
				c[3].close()
				s.workers[0].expect()
			})
		}
		scene(p+"/large-messages", func(s *stage) {
			a, c := s.set(gatewayConfig{Listen: p}, 1)
			a.ask(sendToOne(c[0].id, strings.Repeat("x", 300000)))
			c[0].expectMessage(strings.Repeat("x", 300000))
			if p != "tcp" {
				c[0].log("c1 > a message of 300000 bytes")
				c[0].put(c[0].encode(strings.Repeat("y", 300000)))
				s.workers[0].expect()
			}
		})
		scene(p+"/empty-messages", func(s *stage) {
			a, c := s.set(gatewayConfig{Listen: p}, 1)
			a.ask(sendToOne(c[0].id, ""), sendToOne(c[0].id, "x"), serialized(sendToOne(c[0].id, ""), `s:3:"ser";`))
			c[0].drain()
		})
	}
	scene("text/line-ends", func(s *stage) {
		s.gateway(gatewayConfig{Listen: "text"})
		w := s.worker()
		c := s.connect()
		c.raw("unix\nwindows\r\n\n\r\r\n\rfront\nin\rside\nblank \t\n")
		w.expectN(7)
		c.raw("in ")
		c.raw("pieces")
		w.drain()
		c.raw("\n")
		w.expect()
		c.raw("never finished")
		c.close()
		w.expect()
	})
	scene("text/messages-with-line-feeds", func(s *stage) {
		a, c := s.set(gatewayConfig{Listen: "text"}, 1)
		a.ask(sendToOne(c[0].id, "two\nlines\n"), sendToOne(c[0].id, "cr\r"))
		c[0].drain()
	})
	scene("text/limit", func(s *stage) {
		s.gateway(gatewayConfig{Listen: "text"})
		w := s.worker()
		c := s.connect()
		c.log("c1 > a line of 10485759 bytes with its end")
		c.put([]byte(strings.Repeat("x", 10485758) + "\n"))
		w.expect()
		c.log("c1 > 10485760 bytes without an end")
		c.put([]byte(strings.Repeat("x", 10485760)))
		c.expectClosed()
		w.expect()
	})
	scene("frame/lengths", func(s *stage) {
		s.gateway(gatewayConfig{Listen: "frame"})
		w := s.worker()
		c := s.connect()
		c.raw("\x00\x00\x00\x05a" + "\x00\x00\x00\x04")
		w.expectN(2)
		for _, n := range []byte{1, 2, 3} {
			d := s.connect()
			d.raw(string([]byte{0, 0, 0, n}) + "\x00\x00\x00\x05b")
			s.note("%d is less than the length's own bytes", n)
			w.expect()
			d.close()
			drainUntilClose(w)
		}
	})
	scene("frame/length-zero-stalls", func(s *stage) {
		s.gateway(gatewayConfig{Listen: "frame"})
		w := s.worker()
		c := s.connect()
		c.raw("\x00\x00\x00\x00" + "\x00\x00\x00\x05x")
		if s.original() {
			w.drain()
			s.inner().ask(isOnline(c.id))
			c.close()
		} else {
			c.expectClosed()
		}
		w.expect()
	}, differs("frame-length-zero"))
	scene("frame/limit", func(s *stage) {
		s.gateway(gatewayConfig{Listen: "frame"})
		w := s.worker()
		c, d := s.connect(), s.connect()
		c.log("c1 > a frame of 10485760 bytes")
		c.put(append(binary.BigEndian.AppendUint32(nil, 10485760), strings.Repeat("x", 10485756)...))
		w.expect()
		d.raw(string(binary.BigEndian.AppendUint32(nil, 10485761)))
		d.expectClosed()
		w.expect()
	})
	scene("frame/in-pieces", func(s *stage) {
		s.gateway(gatewayConfig{Listen: "frame"})
		w := s.worker()
		c := s.connect()
		for _, piece := range []string{"\x00", "\x00\x00", "\x07ab", "c\x00\x00\x00\x05", "d"} {
			c.raw(piece)
		}
		w.expectN(2)
	})
	for _, value := range []string{"N;", "a:1:{i:0;i:1;}", "a:0:{}", `O:8:"stdClass":0:{}`} {
		for _, p := range protocols {
			scene(p+"/body-no-string-"+strings.Trim(strings.Map(keyOnly, value), "-"), func(s *stage) {
				a, c := s.set(gatewayConfig{Listen: p}, 2)
				a.ask(serialized(sendToOne(c[0].id, ""), value))
				s.survey()
			}, differs("body-no-text"))
		}
	}
	for _, p := range append([]string{"websocket"}, protocols...) {
		scene("tls/client-certificate-"+p, func(s *stage) {
			a, c := s.set(gatewayConfig{Listen: p, TLS: true, ClientCA: true}, 1)
			c[0].say("hello")
			a.ask(sendToOne(c[0].id, "answer"))
			c[0].expectMessage("answer")
		})
	}
	scene("tls/websocket", func(s *stage) {
		a, c := s.set(gatewayConfig{TLS: true}, 1)
		c[0].say("hello")
		a.ask(sendToOne(c[0].id, "answer"))
		c[0].expect()
		c[0].raw(string(wsFrame(0x89, "ping")))
		c[0].expect()
		c[0].raw(string(wsFrame(0x88, "\x03\xe8")))
		c[0].expect()
		s.workers[0].expect()
	})
	scene("tls/connect-event-comes-before-the-tls-handshake", func(s *stage) {
		gw := s.gateway(gatewayConfig{TLS: true})
		w := s.worker()
		cfg := gw.cfg
		gw.cfg.TLS = false
		c := s.dial()
		gw.cfg = cfg
		a := s.inner()
		a.ask(isOnline(c.id), countBy(""))
		c.raw("this is no TLS\r\n\r\n")
		c.expectEnd()
		w.expect()
		a.ask(countBy(""))
	})
}

// keyOnly maps a value to a name for it.
func keyOnly(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
		return r
	}
	return '-'
}

// drainUntilClose puts a worker's events into the transcript up to a CMD_ON_CLOSE.
func drainUntilClose(w *inner) { expectUntil(w, "") }

// expectUntil puts a worker's events into the transcript up to a CMD_ON_CLOSE
// or the message given.
func expectUntil(w *inner, message string) {
	for {
		u, ok := w.next()
		if !ok {
			w.stage.fail("%s: closed", w.name)
		}
		w.logUnit(u)
		if f := u.frame; f != nil && (f.Cmd == gp.CmdOnClose || message != "" && f.Cmd == gp.CmdOnMessage && string(f.Body) == message) {
			return
		}
	}
}
