package compattests

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"strings"
)

// deflated compresses for permessage-deflate: no final block, the sync marker cut.
func deflated(text string) string {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.DefaultCompression)
	_, _ = w.Write([]byte(text))
	_ = w.Flush()
	return strings.TrimSuffix(b.String(), "\x00\x00\xff\xff")
}

func init() {
	talk := func(name string, f func(s *stage, c *client, w *inner), options ...func(*scenario)) {
		scene("websocket/"+name, func(s *stage) {
			s.gateway(gatewayConfig{})
			w := s.worker()
			f(s, s.connect(), w)
		}, options...)
	}
	frames := func(parts ...[]byte) string { return string(bytes.Join(parts, nil)) }

	talk("text-and-binary", func(s *stage, c *client, w *inner) {
		c.raw(frames(wsFrame(0x81, "text"), wsFrame(0x82, "\x00binary\xff"), wsFrame(0x81, "")))
		w.expectN(3)
	})
	talk("lengths", func(s *stage, c *client, w *inner) {
		for _, n := range []int{125, 126, 127, 65535, 65536, 1 << 20} {
			c.log("%s > %d bytes", c.name, n)
			c.put(wsFrame(0x81, strings.Repeat("x", n)))
			w.expect()
		}
	})
	talk("length-not-minimal", func(s *stage, c *client, w *inner) {
		c.raw("\x81\xfe\x00\x02\x00\x00\x00\x00hi" + "\x81\xff\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00hi")
		w.expectN(2)
	})
	talk("byte-by-byte", func(s *stage, c *client, w *inner) {
		c.log("%s > one byte at a time: two messages", c.name)
		for _, b := range append(wsFrame(0x81, "slow"), wsFrame(0x82, strings.Repeat("y", 200))...) {
			c.put([]byte{b})
		}
		w.expectN(2)
	})
	talk("mask-zero", func(s *stage, c *client, w *inner) {
		c.raw(string(wsFrameMasked(0x81, "plain", [4]byte{})))
		w.expect()
	})
	talk("ping", func(s *stage, c *client, w *inner) {
		c.raw(frames(wsFrame(0x89, ""), wsFrame(0x89, "data"), wsFrame(0x89, strings.Repeat("p", 125))))
		c.expectN(3)
		c.raw(frames(wsFrame(0x89, strings.Repeat("p", 126)), wsFrame(0x89, strings.Repeat("p", 70000))))
		c.expectN(2)
		w.drain()
	})
	talk("pong-is-ignored", func(s *stage, c *client, w *inner) {
		c.raw(frames(wsFrame(0x8a, ""), wsFrame(0x8a, "data"), wsFrame(0x81, "after")))
		w.expect()
		c.drain()
	})
	talk("close-frame", func(s *stage, c *client, w *inner) {
		c.raw(string(wsFrame(0x88, "\x03\xe8bye")))
		c.expect()
		c.expectClosed()
		w.expect()
	})
	for name, payload := range map[string]string{"empty": "", "one-byte": "\x03", "bad-code": "\x00\x01", "too-long": strings.Repeat("r", 130)} {
		talk("close-frame-"+name, func(s *stage, c *client, w *inner) {
			c.raw(string(wsFrame(0x88, payload)))
			c.expect()
			c.expectClosed()
			w.expect()
		})
	}
	talk("close-frame-not-final", func(s *stage, c *client, w *inner) {
		c.raw(string(wsFrame(0x08, "\x03\xe8")))
		c.expect()
		c.expectClosed()
		w.expect()
	})
	talk("close-frame-incomplete", func(s *stage, c *client, w *inner) {
		c.raw(string(wsFrame(0x88, "\x03\xe8reason")[:6]))
		c.expect()
		c.expectClosed()
		w.expect()
	})
	talk("message-then-close-frame-then-message", func(s *stage, c *client, w *inner) {
		c.raw(frames(wsFrame(0x81, "before"), wsFrame(0x88, "\x03\xe8"), wsFrame(0x81, "after")))
		c.expect()
		c.expectClosed()
		w.expectN(2)
		w.drain()
	})
	talk("not-masked", func(s *stage, c *client, w *inner) {
		c.raw(frames(wsFrame(0x81, "good"), []byte("\x81\x05hello"), wsFrame(0x81, "late")))
		w.expectN(2)
		c.expectClosed()
	})
	for _, first := range []string{"\x83", "\x84", "\x85", "\x86", "\x87", "\x8b", "\x8c", "\x8d", "\x8e", "\x8f", "\x03", "\xf3"} {
		talk("opcode-"+strings.ToLower(string("0123456789abcdef"[first[0]>>4]))+string("0123456789abcdef"[first[0]&15]), func(s *stage, c *client, w *inner) {
			c.raw(string(wsFrame(first[0], "data")))
			c.expectClosed()
			w.expect()
		})
	}
	talk("fragments", func(s *stage, c *client, w *inner) {
		c.raw(frames(wsFrame(0x01, "one "), wsFrame(0x00, "two "), wsFrame(0x80, "three")))
		w.expect()
		c.raw(string(wsFrame(0x02, "one ")))
		c.raw(string(wsFrame(0x00, "")))
		c.raw(string(wsFrame(0x80, "")))
		w.expect()
		c.say("whole")
	})
	talk("fragments-in-pieces", func(s *stage, c *client, w *inner) {
		data := frames(wsFrame(0x01, "uno "), wsFrame(0x00, "dos "), wsFrame(0x80, "tres"), wsFrame(0x81, "end"))
		c.log("%s > one byte at a time: three fragments and a message", c.name)
		for i := range len(data) {
			c.put([]byte{data[i]})
		}
		w.expectN(2)
	})
	talk("ping-between-fragments", func(s *stage, c *client, w *inner) {
		c.raw(string(wsFrame(0x01, "first ")))
		c.raw(string(wsFrame(0x89, "ping")))
		c.expect()
		c.raw(string(wsFrame(0x80, "last")))
		w.expect()
	}, differs("control-frames-between-fragments"))
	talk("pong-between-fragments", func(s *stage, c *client, w *inner) {
		c.raw(string(wsFrame(0x01, "alpha ")))
		c.raw(string(wsFrame(0x8a, "pong")))
		c.raw(string(wsFrame(0x80, "omega")))
		w.expect()
		c.drain()
	}, differs("control-frames-between-fragments"))
	talk("continuation-without-start", func(s *stage, c *client, w *inner) {
		c.raw(frames(wsFrame(0x80, "lonely"), wsFrame(0x81, "next")))
		w.expectN(2)
	})
	talk("new-message-inside-fragments", func(s *stage, c *client, w *inner) {
		c.raw(frames(wsFrame(0x01, "started "), wsFrame(0x81, "new")))
		w.expect()
		c.say("after")
	})
	talk("fragmented-ping", func(s *stage, c *client, w *inner) {
		c.raw(frames(wsFrame(0x09, "half ping"), wsFrame(0x80, " rest"), wsFrame(0x81, "after")))
		expectUntil(w, "after")
		c.drain()
	}, differs("fragmented-control-frames"))
	talk("reserved-bits-2-and-3", func(s *stage, c *client, w *inner) {
		c.raw(frames(wsFrame(0xa1, "rsv2"), wsFrame(0x91, "rsv3"), wsFrame(0xb1, "both")))
		w.expectN(3)
	})
	talk("rsv1-is-inflated", func(s *stage, c *client, w *inner) {
		c.raw(string(wsFrame(0xc1, deflated("compressed text compressed text"))))
		w.expect()
		c.raw(string(wsFrame(0xc1, deflated("another message"))))
		w.expect()
		s.inner().ask(sendToOne(c.id, "plain answer"))
		c.expect()
	})
	talk("rsv1-fragments", func(s *stage, c *client, w *inner) {
		data := deflated("compressed in two fragments")
		c.raw(frames(wsFrame(0x41, data[:8]), wsFrame(0x80, data[8:])))
		s.note("what comes of it is told by the next message")
		c.raw(string(wsFrame(0x81, "next")))
		w.expectN(2)
	}, differs("rsv1-fragments"))
	talk("bad-utf8", func(s *stage, c *client, w *inner) {
		c.raw(string(wsFrame(0x81, "\xff\xfe\xc0\x80")))
		w.expect()
	})
	talk("message-at-the-limit", func(s *stage, c *client, w *inner) {
		c.log("%s > a frame of 10485760 bytes with its head", c.name)
		c.put(wsFrame(0x81, strings.Repeat("x", 10485760-14)))
		w.expect()
	})
	talk("message-over-the-limit", func(s *stage, c *client, w *inner) {
		head := binary.BigEndian.AppendUint64([]byte{0x81, 0xff}, 10485760-13)
		c.raw(string(head) + "mask")
		c.expectClosed()
		w.expect()
	})
	talk("length-of-63-bits", func(s *stage, c *client, w *inner) {
		c.raw("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xffmask")
		c.expectClosed()
		w.expect()
	})
	talk("length-of-64-bits", func(s *stage, c *client, w *inner) {
		c.raw("\x81\xff\xff\xff\xff\xff\xff\xff\xff\xffmask")
		c.expectClosed()
		w.expect()
	})
	talk("fragments-over-the-limit", func(s *stage, c *client, w *inner) {
		c.log("%s > a fragment of 6000000 bytes, the head of another", c.name)
		c.put(wsFrame(0x01, strings.Repeat("x", 6000000)))
		c.put(append(binary.BigEndian.AppendUint64([]byte{0x80, 0xff}, 4485760), "mask"...))
		c.expectClosed()
		w.expect()
	})
	talk("many-small-frames", func(s *stage, c *client, w *inner) {
		var data []byte
		for i := range 300 {
			data = append(data, wsFrame(0x81, strings.Repeat("m", i%7))...)
		}
		c.log("%s > 300 messages in one segment", c.name)
		c.put(data)
		w.expectN(300)
	})
	scene("websocket/equal-packets-of-two-clients", func(s *stage) {
		s.gateway(gatewayConfig{})
		w := s.worker()
		c, d := s.connect(), s.connect()
		s.note("PHP remembers packets by their bytes, whoever sent them")
		c.raw(string(wsFrame(0x01, "from c1 ")))
		d.raw(string(wsFrame(0x01, "from c2 ")))
		c.raw(string(wsFrame(0x80, "end")))
		w.expect()
		d.raw(string(wsFrame(0x80, "end")))
		w.expect()
	}, differs("packet-cache"))
	scene("websocket/known-frame-before-the-handshake", func(s *stage) {
		s.gateway(gatewayConfig{})
		w := s.worker()
		c := s.connect()
		c.say("known")
		d := s.dial()
		d.raw(string(wsFrame(0x81, "known")))
		w.expect()
		w.drain()
	}, differs("packet-cache"))
	scene("websocket/bad-deflate-data", func(s *stage) {
		_, c := s.set(gatewayConfig{}, 2)
		c[0].raw(string(wsFrame(0xc1, "\xff\xff\xff\xff no deflate")))
		c[0].expectClosed()
		s.survey()
	}, differs("rsv1-garbage"))
}
