package compattests

import (
	"fmt"
	"strings"
	"time"
)

// chunk returns a numbered message of 100,000 bytes. How many of them the
// kernel takes for a peer that does not read depends on the machine; the
// scenarios send far more.
func chunk(i int) string { return fmt.Sprintf("%04d", i) + strings.Repeat("x", 99996) }

func init() {
	scene("buffer/one-message-of-any-size", func(s *stage) {
		a, c := s.set(gatewayConfig{SendToClientBufferSize: 1000}, 1)
		a.ask(sendToOne(c[0].id, strings.Repeat("x", 5000000)), isOnline(c[0].id))
		c[0].expect()
		c[0].drain()
	})
	scene("buffer/whole-messages-are-dropped", func(s *stage) {
		a, c := s.set(gatewayConfig{SendToClientBufferSize: 300000}, 1)
		c[0].deafen()
		s.note("300 messages of 100,000 bytes to a client that does not read")
		a.flood(300, func(i int) *frame { return sendToOne(c[0].id, chunk(i)) })
		a.ask(isOnline(c[0].id))
		c[0].hear()
		c[0].expectFirstOf(300)
		a.ask(sendToOne(c[0].id, "room again"))
		c[0].expect()
	})
	scene("buffer/others-are-served", func(s *stage) {
		a, c := s.set(gatewayConfig{SendToClientBufferSize: 300000}, 2)
		c[0].deafen()
		for i := range 300 {
			a.put(bytesOf(sendToAll("", chunk(i))))
			c[1].take(c[1].unitLen)
		}
		s.note("c2 got 300 messages of 100,000 bytes, c1 does not read")
		a.ask(isOnline(c[0].id), isOnline(c[1].id))
		c[1].drain()
		c[0].hear()
		c[0].expectFirstOf(300)
	})
	scene("buffer/kick-flushes-what-waits", func(s *stage) {
		a, c := s.set(gatewayConfig{SendToClientBufferSize: 300000}, 1)
		c[0].deafen()
		s.note("300 messages of 100,000 bytes to a client that does not read")
		a.flood(300, func(i int) *frame { return sendToOne(c[0].id, chunk(i)) })
		a.ask(kick(c[0].id, "bye"), isOnline(c[0].id), countBy(""), sendToOne(c[0].id, "after the kick"), isOnline(c[0].id))
		c[0].send("not heard any more")
		c[0].hear()
		c[0].expectFirstOf(300)
		s.workers[0].expect()
		a.ask(isOnline(c[0].id))
	})
	scene("buffer/destroy-drops-what-waits", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 1)
		c[0].deafen()
		a.flood(300, func(i int) *frame { return sendToOne(c[0].id, chunk(i)) })
		a.ask(destroy(c[0].id), isOnline(c[0].id))
		s.workers[0].expect()
		c[0].hear()
		c[0].expectEnd()
	})
	scene("buffer/answers-are-dropped-too", func(s *stage) {
		a, c := s.set(gatewayConfig{SendToWorkerBufferSize: 300000}, 1)
		b := s.inner()
		b.ask(setSession(c[0].id, chunk(0)), isOnline(c[0].id))
		a.deafen()
		s.note("300 questions for a session of 100,000 bytes by one who does not read")
		a.flood(300, func(int) *frame { return sessionByID(c[0].id) })
		a.dirty = false
		for range 5 {
			b.ask(isOnline(c[0].id))
		}
		a.hear()
		n := a.countReplies()
		s.note("some answers came, some did not: %v", n > 3 && n < 300)
		a.ask(isOnline(c[0].id))
	})
	scene("buffer/events-are-dropped-too", func(s *stage) {
		s.gateway(gatewayConfig{SendToWorkerBufferSize: 300000})
		w := s.worker()
		c := s.connect()
		w.deafen()
		s.note("300 messages of 100,000 bytes to a worker that does not read")
		var data []byte
		for i := range 300 {
			data = append(data, wsFrame(0x81, chunk(i))...)
		}
		c.put(append(data, wsFrame(0x89, "read")...))
		c.expect()
		c.close()
		a := s.inner()
		s.awaitGone(c)
		a.ask(isOnline(c.id))
		w.hear()
		n, closes := 0, 0
		for {
			w.put(bytesOf(isOnline(0)))
			u, ok := w.read()
			if !ok || u.frame == nil {
				break
			}
			n += btoi(u.frame.Cmd == 3)
			closes += btoi(u.frame.Cmd == 4)
		}
		s.note("some messages came whole, some did not: %v; the close event was lost: %v", n > 2 && n < 300, closes == 0)
	})
}

// deafen makes a peer stop reading (after what its reader is waiting for).
func (st *stream) deafen() {
	st.gate.Lock()
	st.stage.cleanup(st.hear)
	st.isDeaf = true
	st.log("%s . stops reading", st.name)
}

// hear makes a deaf peer read again.
func (st *stream) hear() {
	if st.isDeaf {
		st.isDeaf = false
		st.gate.Unlock()
	}
}

// flood sends n frames that have no line in the transcript.
func (in *inner) flood(n int, f func(i int) *frame) {
	for i := range n {
		in.put(bytesOf(f(i)))
	}
	in.dirty = true
}

// expectFirstOf takes numbered messages: the first of n, whole and in order,
// and then nothing but the end of the connection or what is sent afterwards.
func (c *client) expectFirstOf(n int) {
	s := c.stage
	admin := s.adminOf(c.gw)
	next, ended := 0, false
	for !ended {
		// A barrier may be dropped too, while there is no room.
		admin.put(bytesOf(sendToOne(c.id, barrierText)))
		var unit []byte
		var ok bool
		s.awaitFor(50*time.Millisecond, func() bool {
			if l := c.unitLen(c.buf); l > 0 {
				unit, ok = append([]byte(nil), c.buf[:l]...), true
				c.buf = c.buf[l:]
				return true
			}
			ended = c.ended
			return ended
		})
		if !ok {
			continue
		}
		head, size, _ := wsHead(unit)
		if string(unit[head:]) == barrierText {
			break
		}
		var i int
		if _, err := fmt.Sscanf(string(unit[head:head+4]), "%d", &i); err != nil || size != 100000 || i < next {
			s.fail("%s: a message of %d bytes that is not chunk %d or later: %s", c.name, size, next, quote(unit[:20]))
		}
		next = i + 1
	}
	c.log("%s < chunks, whole and in order; some are missing: %v", c.name, next < n)
	if ended {
		c.log("%s < closed", c.name)
		return
	}
	// Take the barriers that are still on the way.
	admin.put(bytesOf(sendToOne(c.id, "last barrier")))
	for {
		unit, ok := c.take(c.unitLen)
		if !ok {
			s.fail("%s: closed", c.name)
		}
		if head, _, _ := wsHead(unit); string(unit[head:]) == "last barrier" {
			return
		}
	}
}

// countReplies takes all replies that are on the way.
func (in *inner) countReplies() int {
	const offline, none = "i:0;", "N;"
	n, room := 0, false
	for {
		for !room && !in.stage.awaitFor(50*time.Millisecond, func() bool { return in.unitLen(in.buf) > 0 || in.ended }) {
			in.put(bytesOf(isOnline(0))) // its answer may be dropped, too, while there is no room
		}
		u, ok := in.read()
		switch {
		case !ok, string(u.reply) == none:
			return n
		case string(u.reply) != offline:
			n++
		case !room: // what comes now, comes behind all others
			room = true
			in.put(bytesOf(sessionByID(0)))
		}
	}
}
