package compattests

import (
	"encoding/binary"
	"strings"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// bytesOf returns the frames' bytes.
func bytesOf(frames ...*frame) []byte {
	var data []byte
	for _, f := range frames {
		data = gp.AppendMessage(data, f)
	}
	return data
}

// withPackLen overwrites pack_len.
func withPackLen(data []byte, n uint32) []byte {
	binary.BigEndian.PutUint32(data, n)
	return data
}

// withExtLen overwrites ext_len.
func withExtLen(data []byte, n uint32) []byte {
	binary.BigEndian.PutUint32(data[24:], n)
	return data
}

func init() {
	scene("inner/several-frames-per-segment", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 1)
		a.raw(bytesOf(bindUID(c[0].id, "u"), clientIDByUID("u"), joinGroup(c[0].id, "g"), countBy("g"), isOnline(c[0].id), sessionByID(c[0].id)))
		a.expectN(4)
	})
	scene("inner/byte-by-byte", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 1)
		a.log("%s > one byte at a time: CMD_BIND_UID, CMD_GET_CLIENT_ID_BY_UID", a.name)
		for _, b := range bytesOf(bindUID(c[0].id, "u"), clientIDByUID("u")) {
			a.put([]byte{b})
		}
		a.expect()
	})
	scene("inner/split-frame", func(s *stage) {
		a, _ := s.set(gatewayConfig{}, 1)
		data := bytesOf(isOnline(1), isOnline(2))
		a.raw(data[:40])
		a.expect()
		a.raw(data[40:])
		a.expect()
	})
	scene("inner/pack-len-too-large", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 1)
		a.mute = true
		a.raw(withPackLen(bytesOf(isOnline(1)), gp.MaxPackageSize+1))
		a.expectClosed()
		s.inner().ask(isOnline(c[0].id))
	})
	scene("inner/pack-len-too-large-needs-the-head", func(s *stage) {
		a, _ := s.set(gatewayConfig{}, 1)
		a.mute = true
		data := withPackLen(bytesOf(isOnline(1)), 0xffffffff)
		a.raw(data[:27])
		s.inner().ask(isOnline(1))
		a.raw(data[27:])
		a.expectClosed()
	})
	scene("inner/pack-len-exactly-the-limit", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 1)
		a.send(sendToOne(99, strings.Repeat("x", gp.MaxPackageSize-gp.HeadLen)))
		a.ask(isOnline(c[0].id))
	})
	scene("inner/pack-len-zero-stalls", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 1)
		a.mute = true
		a.raw(withPackLen(bytesOf(bindUID(c[0].id, "u")), 0))
		a.raw(bytesOf(isOnline(1)))
		s.inner().ask(clientIDByUID("u"), isOnline(1))
		a.closeWrite()
		a.expectClosed()
	})
	scene("inner/ext-len-too-large", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 1)
		a.raw(withExtLen(bytesOf(joinGroup(c[0].id, "g")), 5000))
		a.raw(withExtLen(bytesOf(command(gp.CmdJoinGroup, c[0].id, "ab", "cd")), 0xffffffff))
		a.raw(withExtLen(bytesOf(command(gp.CmdJoinGroup, c[0].id, "ab", "cd")), 0))
		a.ask(groupIDList())
	})
	scene("inner/unknown-commands", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 1)
		for _, cmd := range []gp.Command{0, 1, 2, 3, 4, 17, 18, 19, 29, 100, 199, 205, 206, 255} {
			a.send(command(cmd, c[0].id, "ext", "body"))
		}
		a.send(ping())
		a.ask(isOnline(c[0].id))
		s.survey()
	})
	scene("inner/queries-are-answered-in-order", func(s *stage) {
		a, _ := s.set(gatewayConfig{}, 2)
		var frames []*frame
		for i := range uint32(50) {
			frames = append(frames, isOnline(i%4), countBy(""))
		}
		a.send(frames...)
		a.expectN(len(frames))
	})
	scene("inner/large-answer", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 1)
		a.ask(setSession(c[0].id, strings.Repeat("s", 3<<20)), sessionByID(c[0].id), allSessions())
	})
	scene("inner/is-online", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 2)
		a.ask(isOnline(0), isOnline(1), isOnline(2), isOnline(3), isOnline(4294967295))
		c[0].close()
		s.workers[0].expect()
		a.ask(isOnline(1), isOnline(2))
	})
	scene("inner/two-connections-read-their-writes", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 1)
		b := s.inner()
		for range 20 {
			a.ask(joinGroup(c[0].id, "g"))
			b.ask(countBy("g"))
			a.ask(leaveGroup(c[0].id, "g"))
			b.ask(countBy("g"))
		}
	})
	scene("inner/a-connection-for-each-call", func(s *stage) {
		_, c := s.set(gatewayConfig{}, 1)
		for range 10 {
			a := s.inner()
			a.send(bindUID(c[0].id, "u"))
			a.close()
			b := s.inner()
			b.ask(clientIDByUID("u"))
			b.send(unbindUID(c[0].id, "u"))
			b.close()
			d := s.inner()
			d.ask(clientIDByUID("u"))
			d.close()
		}
	})
	scene("inner/a-client-of-the-gateway-hangs-up", func(s *stage) {
		a, c := s.set(gatewayConfig{}, 1)
		a.send(bindUID(c[0].id, "u"))
		a.raw(bytesOf(bindUID(c[0].id, "half"))[:30])
		a.closeWrite()
		a.expectClosed()
		s.inner().ask(clientIDByUID("u"), clientIDByUID("half"))
	})
}
