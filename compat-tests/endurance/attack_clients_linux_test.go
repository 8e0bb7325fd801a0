package endurance

import (
	"bytes"
	"compress/flate"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// crowdSize is how many connections a crowd has.
const crowdSize = 1000

// attacks are those on the client port, and on the inner port.
var attacks = []attack{
	{name: "half handshakes", run: halfHandshakes, memory: 32 << 20, crowd: true},
	{name: "half TLS handshakes", run: halfTLSHandshakes, memory: 192 << 20, remains: 4 << 20, crowd: true, noPHP: "it would need a port of its own"},
	{name: "messages for half handshakes", run: earlyMessages, memory: 400 << 20, crowd: true},
	{name: "one byte at a time", run: oneByteAtATime, memory: 32 << 20, crowd: true},
	{name: "deaf clients", run: deafClients, memory: 300 << 20, crowd: true},
	{name: "deaf worker", run: deafWorker, memory: 64 << 20, crowd: true},
	{name: "deaf questioner", run: deafQuestioner, memory: 64 << 20},
	{name: "pings", run: pings, memory: 16 << 20},
	{name: "pings of a deaf client", run: deafPings, memory: 16 << 20},
	{name: "tiny fragments", run: tinyFragments, memory: 128 << 20},
	{name: "empty fragments", run: emptyFragments, memory: 16 << 20},
	{name: "deflate bombs", run: deflateBombs, memory: 128 << 20},
	{name: "compressed blocks of nothing", run: emptyBlocks, memory: 200 << 20},
	{name: "messages at the limit", run: limitMessages, memory: 200 << 20},
	{name: "messages over the limit", run: overLimit, memory: 16 << 20},
	{name: "repeated headers", run: repeatedHeaders, memory: 64 << 20},
	{name: "connect and leave", run: connectAndLeave, memory: 32 << 20},
	{name: "broken TLS records", run: brokenTLS, memory: 512 << 20, remains: 64 << 20, noPHP: "it would need a port of its own"},
	{name: "frames without the key", run: framesWithoutKey, memory: 32 << 20, crowd: true},
	{name: "garbage with the key", run: garbageWithKey, memory: 64 << 20},
}

// hold keeps connections until the attack is over.
func (a *assault) hold(conns ...net.Conn) {
	<-a.ctx.Done()
	for _, c := range conns {
		c.Close()
	}
}

// halfHandshakes: connections that say nothing, half a request, and all of it but
// the last byte.
func halfHandshakes(a *assault) {
	a.by(crowdSize, func(i int) {
		c, err := dial(a.Client, false)
		if err != nil {
			return
		}
		a.note("connections")
		_, _ = io.WriteString(c, []string{"", upgrade[:40], upgrade[:len(upgrade)-1]}[i%3])
		a.hold(c)
	})
}

// halfTLSHandshakes: connections that say nothing, a part of a ClientHello, and a
// whole one, and then no more.
func halfTLSHandshakes(a *assault) {
	hello := clientHello()
	a.by(crowdSize, func(i int) {
		c, err := dial(a.Secure, false)
		if err != nil {
			return
		}
		a.note("connections")
		_, _ = c.Write([][]byte{nil, hello[:len(hello)/2], hello}[i%3])
		a.hold(c)
	})
}

// clientHello returns the first record of a TLS client.
func clientHello() []byte {
	near, far := net.Pipe()
	defer near.Close()
	go func() {
		_ = tls.Client(near, &tls.Config{ServerName: "localhost"}).Handshake()
	}()
	defer far.Close()
	record := make([]byte, 5, 4096)
	_, _ = io.ReadFull(far, record)
	record = record[:5+int(record[3])<<8+int(record[4])]
	_, _ = io.ReadFull(far, record[5:])
	return record
}

// earlyMessages: messages to all, where most never finish their handshakes.
func earlyMessages(a *assault) {
	halfHandshakes(a)
	a.by(1, func(int) {
		c := a.join("attacker")
		if c == nil {
			return
		}
		defer c.Close()
		for text := "a" + "t" + strings.Repeat("x", 32<<10); a.on(); pause(50 * time.Millisecond) {
			if c.send(text) != nil {
				return
			}
			a.note("messages to all")
			if _, err := c.next(); err != nil { // its own
				return
			}
		}
	})
}

// join connects a websocket, nil if that is refused.
func (a *assault) join(who string) *client {
	c, err := join(a.Client, false)
	if err != nil {
		a.note("refused")
		return nil
	}
	a.note(who)
	return c
}

// oneByteAtATime: clients that make a handshake and send a message byte by byte.
func oneByteAtATime(a *assault) {
	pace := 50 * time.Millisecond
	if *long {
		pace = time.Second
	}
	text := upgrade + string(frame(flagFin|opText, []byte("z"+strings.Repeat("x", 200))))
	a.by(200, func(i int) {
		c, err := dial(a.Client, false)
		if err != nil {
			return
		}
		defer c.Close()
		from := 0
		if i%2 == 0 { // half of them begin with the message
			if c.handshake() != nil {
				return
			}
			from = len(upgrade)
		}
		for k := from; k < len(text) && a.on(); k++ {
			if _, err := c.Write([]byte{text[k]}); err != nil {
				return
			}
			a.note("bytes")
			pause(pace)
		}
		a.hold()
	})
}

// deafClients: clients in a group that read nothing, while the group is sent more
// than they may leave waiting.
func deafClients(a *assault) {
	const n = 100
	a.by(1, func(int) {
		var deaf []net.Conn
		for range n {
			c := a.join("deaf clients")
			if c == nil {
				break
			}
			deaf = append(deaf, c)
			if c.ask("jdeaf", "jdeaf") != nil {
				break
			}
		}
		sender := a.join("sender")
		if sender == nil {
			return
		}
		defer sender.Close()
		text := "gdeaf t" + strings.Repeat("x", 16<<10)
		for a.on() {
			for range 10 {
				if sender.send(text) != nil {
					return
				}
				a.note("messages")
			}
			// The worker has done it when it echoes.
			if sender.ask("e", "e") != nil {
				return
			}
			pause(20 * time.Millisecond)
		}
		a.hold(deaf...)
	})
}

// pings: as many as go, whose pongs are read.
func pings(a *assault) { ping(a, true) }

// deafPings: pings whose pongs are not read.
func deafPings(a *assault) { ping(a, false) }

func ping(a *assault, read bool) {
	a.by(1, func(int) {
		c := a.join("attacker")
		if c == nil {
			return
		}
		if read {
			go func() { _, _ = io.Copy(io.Discard, c) }()
		}
		many := bytes.Repeat(frame(flagFin|opPing, make([]byte, 100)), 100)
		a.write(c, many, "thousand pings", 10)
		a.hold(c)
	})
}

// write sends the same again and again, and counts it, until the attack is over or
// the connection ends. It notes every nth.
func (a *assault) write(c net.Conn, b []byte, what string, every int) {
	for i := 1; a.on(); i++ {
		_ = c.SetWriteDeadline(time.Now().Add(100 * time.Millisecond)) // it looks whether the attack goes on
		n, err := c.Write(b)
		for err != nil && isTimeout(err) && a.on() { // go on where it was: frames are whole
			_ = c.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
			var m int
			m, err = c.Write(b[n:])
			n += m
		}
		if err != nil {
			if !isTimeout(err) {
				a.note("disconnected")
			}
			return
		}
		if i%every == 0 {
			a.note(what)
		}
	}
}

func isTimeout(err error) bool {
	ne, ok := err.(net.Error)
	return ok && ne.Timeout()
}

// tinyFragments: messages of a byte a fragment, up to what a message may be.
func tinyFragments(a *assault) {
	a.by(1, func(int) {
		many := bytes.Repeat(frame(0, []byte("x")), 1000)
		for a.on() {
			c := a.join("attacker")
			if c == nil {
				return
			}
			_, _ = c.Write(frame(opText, []byte("z")))
			a.write(c, many, "100,000 fragments", 100)
			c.Close()
		}
	})
}

// emptyFragments: a message that never ends, of fragments of no bytes.
func emptyFragments(a *assault) {
	a.by(1, func(int) {
		c := a.join("attacker")
		if c == nil {
			return
		}
		defer c.Close()
		_, _ = c.Write(frame(opText, []byte("z")))
		a.write(c, bytes.Repeat(frame(0, nil), 1000), "100,000 fragments", 100)
		a.hold()
	})
}

// bomb is a message of 10 KB that is 10 MB of zeros.
var bomb = sync.OnceValue(func() []byte {
	var deflated bytes.Buffer
	w, _ := flate.NewWriter(&deflated, flate.BestCompression)
	_, _ = w.Write(append([]byte("z"), make([]byte, 10<<20-1)...))
	_ = w.Flush()
	return frame(flagFin|flagRSV|opText, bytes.TrimSuffix(deflated.Bytes(), []byte{0, 0, 0xff, 0xff}))
})

// deflateBombs: twenty bombs a second, each by a new client.
func deflateBombs(a *assault) {
	bomb := bomb()
	a.by(1, func(int) {
		for ; a.on(); pause(50 * time.Millisecond) { // 200 KB/s
			c := a.join("attacker")
			if c == nil {
				return
			}
			if _, err := c.Write(bomb); err == nil {
				a.note("bombs")
			}
			c.Close()
		}
	})
}

// limitMessages: messages as long as they may be, one after another.
func limitMessages(a *assault) {
	text := make([]byte, longest)
	text[0] = '?'
	asksFor(a, frame(flagFin|opText, text), longest)
}

// emptyBlocks: compressed messages that are as long, of blocks that hold nothing, and
// so take as long to inflate as any.
func emptyBlocks(a *assault) {
	const four = "\x02\x08\x20\x80\x00" // ten bits each
	text := bytes.Repeat([]byte(four), (longest-16)/len(four))
	question := []byte{0x00, 0x01, 0x00, 0xfe, 0xff, '?', 0x00} // stored, and the flush
	asksFor(a, frame(flagFin|flagRSV|opText, append(text, question...)), 1)
}

// longest is the longest message that may be sent: the frame's head counts.
const longest = 10485760 - 14

// asksFor has one client send the same message again and again, and the worker say
// how long it is.
func asksFor(a *assault, message []byte, length int) {
	a.by(1, func(int) {
		c := a.join("attacker")
		if c == nil {
			return
		}
		defer c.Close()
		for a.on() {
			_ = c.SetDeadline(time.Now().Add(patience))
			if _, err := c.Write(message); err != nil {
				a.note("disconnected")
				return
			}
			if answer, err := c.next(); err != nil || answer != fmt.Sprint(length) {
				a.note(fmt.Sprintf("wrong answers: %.20q, %v", answer, err))
				return
			}
			a.note("messages")
		}
	})
}

// overLimit: heads of messages that are a byte too long.
func overLimit(a *assault) {
	head := frame(flagFin|opText, make([]byte, 10485761))[:14]
	a.by(1, func(int) {
		for a.on() {
			c := a.join("attacker")
			if c == nil {
				return
			}
			_, _ = c.Write(head)
			if _, err := c.next(); err == nil || isTimeout(err) {
				a.note("not disconnected")
			}
			c.Close()
		}
	})
}

// repeatedHeaders: requests of 65 KB of the same header, 40 a second.
func repeatedHeaders(a *assault) {
	head := strings.TrimSuffix(upgrade, "\r\n") + strings.Repeat("a:\r\n", 16000) + "\r\n"
	a.by(1, func(int) {
		for ; a.on(); pause(25 * time.Millisecond) {
			c, err := dial(a.Client, false)
			if err != nil {
				return
			}
			_, _ = io.WriteString(c, head)
			_, _ = c.r.ReadByte() // an answer, or the end
			c.Close()
			a.note("requests")
		}
	})
}

// connectAndLeave: connections that are reset at once.
func connectAndLeave(a *assault) {
	a.by(1, func(int) {
		for a.on() {
			c, err := dial(a.Client, false)
			if err != nil {
				return
			}
			_, _ = io.WriteString(c, upgrade)
			c.abort()
			a.note("connections")
		}
	})
}
