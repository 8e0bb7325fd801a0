package compattests

import (
	"bytes"
	"encoding/binary"
	"fmt"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// barrierText travels to a client to tell that nothing else is on the way.
const barrierText = "\x01barrier\x01"

// wsFrame returns a masked websocket frame.
func wsFrame(first byte, payload string) []byte {
	return wsFrameMasked(first, payload, [4]byte{1, 2, 3, 4})
}

func wsFrameMasked(first byte, payload string, mask [4]byte) []byte {
	out := []byte{first}
	switch n := len(payload); {
	case n < 126:
		out = append(out, 0x80|byte(n))
	case n < 1<<16:
		out = binary.BigEndian.AppendUint16(append(out, 0x80|126), uint16(n))
	default:
		out = binary.BigEndian.AppendUint64(append(out, 0x80|127), uint64(n))
	}
	out = append(out, mask[:]...)
	for i := range len(payload) {
		out = append(out, payload[i]^mask[i%4])
	}
	return out
}

// wsHead returns the lengths of a server's websocket frame's head and payload.
func wsHead(buf []byte) (head, payload int, ok bool) {
	if len(buf) < 2 {
		return 0, 0, false
	}
	head, payload = 2, int(buf[1]&0x7f)
	switch payload {
	case 126:
		if head = 4; len(buf) < head {
			return 0, 0, false
		}
		payload = int(binary.BigEndian.Uint16(buf[2:]))
	case 127:
		if head = 10; len(buf) < head {
			return 0, 0, false
		}
		payload = int(binary.BigEndian.Uint64(buf[2:]))
	}
	if buf[1]&0x80 != 0 {
		head += 4
	}
	return head, payload, true
}

// unitLen returns the length of the unit at the start of buf: a websocket
// frame, a line, a length-prefixed frame, or for tcp whatever is there.
func (c *client) unitLen(buf []byte) int {
	switch c.gw.cfg.Listen {
	case "websocket":
		head, payload, ok := wsHead(buf)
		if !ok || len(buf) < head+payload {
			return 0
		}
		return head + payload
	case "text":
		return bytes.IndexByte(buf, '\n') + 1
	case "frame":
		if len(buf) < 4 || len(buf) < int(binary.BigEndian.Uint32(buf)) {
			return 0
		}
		return max(int(binary.BigEndian.Uint32(buf)), 4)
	default:
		if i := bytes.Index(buf, []byte(barrierText)); i > 0 {
			return i
		}
		return len(buf)
	}
}

func (c *client) logUnit(unit []byte) {
	text := "bytes " + quote(unit)
	switch c.gw.cfg.Listen {
	case "websocket":
		if head, n, ok := wsHead(unit); ok && unit[1]&0x80 == 0 && minimal(head, n) {
			text = fmt.Sprintf("ws %02x %s", unit[0], quote(unit[head:]))
		}
	case "text":
		text = "line " + quote(unit)
	case "frame":
		text = "frame " + quote(unit[4:])
	}
	c.stage.log("%s < %s", c.name, text)
}

func minimal(head, payload int) bool {
	return payload < 126 && head == 2 || payload >= 126 && payload < 1<<16 && head == 4 || payload >= 1<<16 && head == 10
}

// expect puts the next unit into the transcript, or that the connection is closed.
func (c *client) expect() bool {
	unit, ok := c.take(c.unitLen)
	if !ok {
		c.expectClosed()
		return false
	}
	c.logUnit(unit)
	return true
}

func (c *client) expectN(n int) {
	for range n {
		c.expect()
	}
}

// expectBytes takes n bytes of a tcp client.
func (c *client) expectBytes(n int) {
	unit, ok := c.take(func(buf []byte) int {
		if len(buf) < n {
			return 0
		}
		return n
	})
	if !ok {
		c.expectClosed()
		return
	}
	c.stage.log("%s < bytes %s", c.name, quote(unit))
}

// expectMessage takes what message m looks like, of a tcp client by its length.
func (c *client) expectMessage(m string) {
	if c.gw.cfg.Listen == "tcp" {
		c.expectBytes(len(m))
	} else {
		c.expect()
	}
}

// barrierBytes returns barrierText framed as the gateway's protocol does.
func (c *client) barrierBytes() string {
	switch c.gw.cfg.Listen {
	case "websocket":
		return "\x81" + string(rune(len(barrierText))) + barrierText
	case "text":
		return barrierText + "\n"
	case "frame":
		return string(binary.BigEndian.AppendUint32(nil, uint32(4+len(barrierText)))) + barrierText
	default:
		return barrierText
	}
}

// drain puts all that has been sent to the client into the transcript: it
// settles the inner connections, has a barrier sent to the client and reads up to it.
func (c *client) drain() {
	s := c.stage
	s.settle()
	// PHP serves older connections first: after a round of its event loop that
	// accepts, and one that reads, what came on younger ones has been executed.
	for range 3 {
		s.count(c.gw)
	}
	s.adminOf(c.gw).put(gp.AppendMessage(nil, unencoded(sendToOne(c.id, c.barrierBytes()))))
	barrier := []byte(c.barrierBytes())
	var rest []byte // of a tcp client, whose pieces are as the network likes
	defer func() {
		if len(rest) > 0 {
			c.logUnit(rest)
		}
	}()
	for {
		unit, ok := c.take(c.unitLen)
		if !ok {
			c.expectClosed()
			return
		}
		if bytes.Equal(unit, barrier) {
			s.log("%s . nothing more", c.name)
			return
		}
		if c.skips != "" && bytes.HasSuffix(unit, []byte(c.skips)) {
			continue
		}
		if c.gw.cfg.Listen == "tcp" {
			rest = append(rest, unit...)
		} else {
			c.logUnit(unit)
		}
	}
}

// drainAll drains all clients in turn.
func (s *stage) drainAll() {
	for _, c := range s.clients {
		if !c.shut && !c.told {
			c.drain()
		}
	}
}
