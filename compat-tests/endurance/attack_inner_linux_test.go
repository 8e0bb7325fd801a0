package endurance

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"time"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// inner connects to the inner port as a worker or, without a key for workers, as
// a GatewayClient.
func (a *assault) inner(workerKey string) net.Conn {
	c, err := net.DialTimeout("tcp", a.Inner, patience)
	if err != nil {
		a.note("refused")
		return nil
	}
	var b []byte
	if workerKey != "" {
		body, err := gp.AppendWorkerConnectBody(nil, workerKey, secretKey)
		if err != nil {
			panic(err)
		}
		b = gp.AppendMessage(nil, &gp.Message{Cmd: gp.CmdWorkerConnect, Flag: gp.FlagBodyIsScalar, Body: body})
	} else {
		b = gp.AppendMessage(nil, &gp.Message{
			Cmd: gp.CmdGatewayClientConnect, Flag: gp.FlagBodyIsScalar, Body: []byte(`{"secret_key":"` + secretKey + `"}`),
		})
	}
	_, _ = c.Write(b)
	return c
}

// deafWorker: a worker that reads nothing gets clients who say much.
func deafWorker(a *assault) {
	a.by(1, func(int) {
		w := a.inner("deaf:1")
		if w == nil {
			return
		}
		defer w.Close()
		// The gateway knows it when it has answered.
		_, _ = w.Write(gp.AppendMessage(nil, &gp.Message{Cmd: gp.CmdIsOnline, Flag: gp.FlagBodyIsScalar}))
		_ = w.SetReadDeadline(time.Now().Add(patience))
		if _, err := io.ReadFull(w, make([]byte, 8)); err != nil {
			a.note("no answer")
			return
		}
		text := frame(flagFin|opText, []byte("z"+strings.Repeat("x", 10000)))
		a.by(8, func(int) {
			c := a.join("clients")
			if c == nil {
				return
			}
			a.write(c, text, "thousand messages", 1000)
			c.Close()
		})
		a.hold()
	})
}

// deafQuestioner: questions whose answers are not read.
func deafQuestioner(a *assault) {
	a.by(1, func(int) {
		c := a.inner("")
		if c == nil {
			return
		}
		defer c.Close()
		ask := gp.AppendMessage(nil, &gp.Message{Cmd: gp.CmdGetAllClientSessions, Flag: gp.FlagBodyIsScalar})
		a.write(c, bytes.Repeat(ask, 100), "thousand questions", 10)
		a.hold()
	})
}

// framesWithoutKey: connections to the inner port that do not know the secret key,
// and send the beginning of a frame as large as one may be.
func framesWithoutKey(a *assault) {
	big := make([]byte, gp.HeadLen+64<<10)
	binary.BigEndian.PutUint32(big, 10<<20)
	big[4] = byte(gp.CmdWorkerConnect)
	small := gp.AppendMessage(nil, &gp.Message{Cmd: gp.CmdSendToAll, Flag: gp.FlagBodyIsScalar, Body: []byte("taken")})
	a.by(200, func(i int) {
		for ; a.on(); pause(100 * time.Millisecond) {
			c, err := net.DialTimeout("tcp", a.Inner, patience)
			if err != nil {
				return
			}
			a.note("connections")
			_, _ = c.Write([][]byte{nil, big, small}[i%3])
			if i%3 == 0 { // silent ones stay
				a.hold(c)
				return
			}
			_ = c.SetReadDeadline(time.Now().Add(patience))
			if _, err := io.Copy(io.Discard, c); isTimeout(err) {
				a.note("not disconnected")
			}
			c.Close()
		}
	})
}

// garbageWithKey: a peer that has the key, and sends frames of any command with
// anything in them.
func garbageWithKey(a *assault) {
	random := rand.New(rand.NewPCG(1, 2))
	text := func(n int) []byte {
		b := make([]byte, random.IntN(n))
		for i := range b {
			b[i] = `{}[]":,ains;0123456789 -`[random.IntN(24)]
		}
		return b
	}
	a.by(1, func(int) {
		for a.on() {
			c := a.inner("")
			if c == nil {
				return
			}
			go func() { _, _ = io.Copy(io.Discard, c) }()
			for a.on() {
				var b []byte
				for range 100 {
					cmd := gp.Command(random.IntN(256))
					switch cmd {
					case gp.CmdSendToAll, gp.CmdWorkerConnect: // they would concern bystanders
						continue
					}
					b = gp.AppendMessage(b, &gp.Message{
						Cmd: cmd, ConnectionID: 1<<31 + random.Uint32N(1<<31), Flag: gp.Flag(random.IntN(4)), ExtData: text(60), Body: text(60),
					})
				}
				// A gateway that closes the connection while its window is shut leaves the
				// kernel to wait for a minute.
				if end, ok := a.ctx.Deadline(); ok {
					_ = c.SetWriteDeadline(end)
				}
				if _, err := c.Write(b); err != nil {
					a.note("disconnected")
					break
				}
				a.note("hundred frames")
			}
			c.Close()
		}
	})
}

// brokenTLS: records of random kinds and lengths, before and after a handshake.
func brokenTLS(a *assault) {
	random := rand.New(rand.NewPCG(3, 4))
	hello := clientHello()
	a.by(1, func(int) {
		for i := 0; a.on(); i++ {
			c, err := dial(a.Secure, false)
			if err != nil {
				return
			}
			record := make([]byte, 5+random.IntN(1<<9))
			for k := range record {
				record[k] = byte(random.Uint32())
			}
			if i%2 == 0 {
				copy(record, []byte{20 + byte(random.IntN(6)), 3, byte(random.IntN(5))})
			}
			if i%3 == 0 {
				_, _ = c.Write(hello)
			}
			_, _ = c.Write(record)
			c.abort()
			a.note("connections")
		}
	})
}
