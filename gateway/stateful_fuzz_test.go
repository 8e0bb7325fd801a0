package gateway

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	logtest "github.com/sirupsen/logrus/hooks/test"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/fuzzvolume"
)

// browser is a client of a conversation: a connection, and what came over it.
type browser struct {
	model *modelledClient
	conn  net.Conn
	news  chan struct{} // closed when the connection has ended

	mu     sync.Mutex // guards frames
	frames []string   // payloads that have come
}

// read reads frames until the connection ends.
func (b *browser) read() {
	defer close(b.news)
	r := bufio.NewReader(b.conn)
	for line := ""; line != "\r\n"; { // the 101
		var err error
		if line, err = r.ReadString('\n'); err != nil {
			return
		}
	}
	head := make([]byte, 4)
	for {
		if _, err := io.ReadFull(r, head[:2]); err != nil {
			return
		}
		n := int(head[1])
		if n == 126 {
			if _, err := io.ReadFull(r, head[2:]); err != nil {
				return
			}
			n = int(binary.BigEndian.Uint16(head[2:]))
		}
		payload := make([]byte, n)
		if _, err := io.ReadFull(r, payload); err != nil {
			return
		}
		b.mu.Lock()
		b.frames = append(b.frames, string(payload))
		b.mu.Unlock()
		b.news <- struct{}{}
	}
}

// talk is a gateway, a worker, a caller and clients, and the model of them.
type talk struct {
	t        *testing.T
	script   []byte
	clients  *pipes
	worker   *peer
	caller   *peer
	browsers []*browser
	model    clusterModel
}

// next returns a number below n from the script, 0 when it is over.
func (k *talk) next(n int) int {
	if len(k.script) == 0 {
		return 0
	}
	b := k.script[0]
	k.script = k.script[1:]
	return int(b) % n
}

const upgradeRequest = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

// wsFrame is a client's frame with a mask of zeros.
func wsFrame(first byte, payload string) string {
	return string([]byte{first, 0x80 | byte(len(payload)), 0, 0, 0, 0}) + payload
}

// FuzzConversation plays scripts of clients that connect, talk, break the rules and
// go, and of a worker that commands and asks, sense and nonsense, against a gateway
// that reads from pipes. All that its peers get must be what a simple model says.
func FuzzConversation(tf *testing.F) {
	f := fuzzvolume.For(tf)
	for n := range 8 {
		seed := make([]byte, 120)
		for i := range seed {
			seed[i] = byte((i*i*7 + i*(n+3)*13 + n*31) >> (n % 3))
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, script []byte) { converse(t, script[:min(len(script), 200)]) })
}

func converse(t *testing.T, script []byte) {
	logger, _ := logtest.NewNullLogger()
	g, err := New(Options{Listen: "websocket://127.0.0.1:0", NoRegister: true, Logger: logger, KeepMemory: true})
	if err != nil {
		t.Fatal(err)
	}
	clients, inner := newPipes(), newPipes()
	served := make(chan error, 1)
	go func() { served <- g.ServeAll(inner, clients) }()
	k := &talk{t: t, script: script, clients: clients}
	k.model.uids, k.model.groups = map[string][]uint32{}, map[string][]uint32{}
	defer func() {
		go func() { _, _ = io.Copy(io.Discard, k.worker.r) }() // a pipe holds nothing
		_ = g.Close()
		if err := <-served; err != ErrServerClosed {
			t.Errorf("Serve: %v", err)
		}
		for _, b := range k.browsers {
			for range b.news {
			}
		}
		_ = k.worker.conn.Close()
		_ = k.caller.conn.Close()
	}()
	connect := func() *peer {
		c := inner.dial()
		return &peer{t: t, conn: c, r: bufio.NewReader(c)}
	}
	k.worker, k.caller = connect(), connect()
	k.worker.send(gp.Message{Cmd: gp.CmdWorkerConnect, Flag: gp.FlagBodyIsScalar, Body: []byte(`{"worker_key":"w:0","secret_key":""}`)})
	k.worker.barrier()
	for len(k.script) > 0 {
		k.step()
	}
}

// settle waits until a client has got what it has been sent.
func (k *talk) settle(b *browser) {
	k.t.Helper()
	for {
		b.mu.Lock()
		got := slices.Clone(b.frames)
		b.mu.Unlock()
		if len(got) >= len(b.model.frames) {
			if !cmp.Equal(got, b.model.frames) && len(got)+len(b.model.frames) > 0 {
				k.t.Fatalf("client %d got %q, want %q", b.model.id, got, b.model.frames)
			}
			return
		}
		select {
		case _, more := <-b.news:
			if !more {
				k.t.Fatalf("client %d is closed after %q, want %q", b.model.id, got, b.model.frames)
			}
		case <-time.After(patience):
			k.t.Fatalf("client %d has got %q, want %q", b.model.id, got, b.model.frames)
		}
	}
}

// gone takes a client out, whose connection the gateway or the client ends.
func (k *talk) gone(b *browser) {
	k.t.Helper()
	m := k.worker.event(gp.CmdOnClose)
	if m.ConnectionID != b.model.id || string(m.ExtData) != b.model.session {
		k.t.Fatalf("client %d is closed with session %q, want client %d with %q", m.ConnectionID, m.ExtData, b.model.id, b.model.session)
	}
	k.model.disconnect(b.model.id)
	k.browsers = slices.DeleteFunc(k.browsers, func(other *browser) bool { return other == b })
	for range b.news { // until the end of the connection
	}
	_ = b.conn.Close()
}

// write sends what a client says, which may be refused in the middle.
func (k *talk) write(b *browser, text string) { _, _ = io.WriteString(b.conn, text) }

// ask has the caller ask, and compares the answer.
func (k *talk) ask(m gp.Message, want string) {
	k.t.Helper()
	if got := k.caller.ask(m); got != want {
		k.t.Fatalf("%v of %d %q: %s, want %s", m.Cmd, m.ConnectionID, m.ExtData, got, want)
	}
}

// do commands, and returns when it is done.
func (k *talk) do(m gp.Message) {
	k.t.Helper()
	k.caller.send(m)
	k.caller.barrier()
}

var names = []string{"a", "b", "7", "caf\u00e9"}

func (k *talk) step() {
	k.t.Helper()
	const most = 5
	op := k.next(24)
	var b *browser
	if len(k.browsers) > 0 {
		b = k.browsers[k.next(len(k.browsers))]
	}
	switch {
	case b == nil || op == 0 && len(k.browsers) < most:
		b = &browser{model: k.model.connect(), news: make(chan struct{}, 4096)}
		b.conn = k.clients.dial()
		go b.read()
		k.browsers = append(k.browsers, b)
		if m := k.worker.event(gp.CmdOnConnect); m.ConnectionID != b.model.id {
			k.t.Fatalf("client %d connects, want %d", m.ConnectionID, b.model.id)
		}
	case op < 6:
		k.say(b, op)
	default:
		k.command(b, op)
	}
}

// say has a client say something, or do its handshake.
func (k *talk) say(b *browser, op int) {
	k.t.Helper()
	if !b.model.ready && op != 5 {
		cut := k.next(len(upgradeRequest))
		k.write(b, upgradeRequest[:cut])
		k.write(b, upgradeRequest[cut:])
		if m := k.worker.event(gp.CmdOnWebSocketConnect); m.ConnectionID != b.model.id {
			k.t.Fatalf("client %d makes a handshake, want %d", m.ConnectionID, b.model.id)
		}
		b.model.ready = true
		k.settle(b)
		return
	}
	text := strings.Repeat("x", k.next(120))
	switch op {
	case 0, 1: // a message, whole or in fragments with a ping between them
		whole := wsFrame(0x81, text)
		if cut := k.next(len(text) + 1); k.next(2) == 1 {
			whole = wsFrame(0x01, text[:cut]) + wsFrame(0x89, "ping") + wsFrame(0x80, text[cut:])
			k.model.send("ping", b.model.id)
		}
		at := k.next(len(whole))
		k.write(b, whole[:at])
		k.write(b, whole[at:])
		m := k.worker.event(gp.CmdOnMessage)
		if m.ConnectionID != b.model.id || string(m.Body) != text || string(m.ExtData) != b.model.session {
			k.t.Fatalf("client %d says %q with session %q, want client %d, %q, %q", m.ConnectionID, m.Body, m.ExtData, b.model.id, text, b.model.session)
		}
		k.settle(b)
	case 2: // pings
		k.write(b, wsFrame(0x89, "one")+wsFrame(0x89, "two"))
		k.model.send("one", b.model.id)
		k.model.send("two", b.model.id)
		k.settle(b)
	case 3: // what no client may say
		bad := []string{
			"\x81\x03abc",                              // no mask
			wsFrame(0x83, text),                        // a kind that there is none of
			wsFrame(0x80, text),                        // the end of nothing
			"\x89\xfe\x01\x00\x00\x00\x00\x00",         // a ping of 256 bytes
			"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff", // longer than anything
		}
		k.bad(b, bad[k.next(len(bad))])
	default: // it goes
		_ = b.conn.Close()
		k.gone(b)
	}
}

// bad sends bytes that the gateway may take or end the connection for, as PHP does:
// which, is the codec's business. Either it says so to the worker, or goes on.
func (k *talk) bad(b *browser, text string) {
	k.t.Helper()
	k.write(b, text)
	_ = b.conn.Close()
	for {
		m := k.worker.next()
		switch {
		case m.ConnectionID != b.model.id:
			k.t.Fatalf("client %d's bytes lead to %v of client %d", b.model.id, m.Cmd, m.ConnectionID)
		case m.Cmd == gp.CmdOnMessage:
		case m.Cmd == gp.CmdOnClose:
			k.model.disconnect(b.model.id)
			k.browsers = slices.DeleteFunc(k.browsers, func(other *browser) bool { return other == b })
			for range b.news {
			}
			return
		default:
			k.t.Fatalf("client %d's bytes lead to %v", b.model.id, m.Cmd)
		}
	}
}

// command has the caller command or ask something about a client, which may be one
// that there is none of.
func (k *talk) command(b *browser, op int) {
	k.t.Helper()
	id, name := b.model.id, names[k.next(len(names))]
	if k.next(8) == 0 {
		id += 1000
	}
	there := id == b.model.id
	text := fmt.Sprint("message ", k.next(256))
	m := &k.model
	switch op {
	case 6:
		k.do(withExt(gp.CmdBindUID, id, name))
		m.bind(id, name)
	case 7:
		k.do(withExt(gp.CmdUnbindUID, id, ""))
		m.bind(id, "")
	case 8, 9:
		k.do(withExt(gp.CmdJoinGroup, id, name))
		m.join(id, name)
	case 10:
		k.do(withExt(gp.CmdLeaveGroup, id, name))
		leaveAll(m.groups, name, id)
	case 11:
		k.do(withExt(gp.CmdUngroup, 0, name))
		delete(m.groups, name)
	case 12:
		k.do(withBody(gp.CmdSendToOne, id, text))
		m.send(text, id)
	case 13:
		k.do(withBody(gp.CmdSendToAll, 0, text))
		m.send(text, m.all()...)
	case 14:
		k.do(gp.Message{Cmd: gp.CmdSendToUID, Flag: gp.FlagBodyIsScalar, ExtData: fmt.Appendf(nil, "[%q]", name), Body: []byte(text)})
		m.send(text, m.uids[name]...)
	case 15:
		k.do(gp.Message{Cmd: gp.CmdSendToGroup, Flag: gp.FlagBodyIsScalar, ExtData: fmt.Appendf(nil, `{"group":[%q],"exclude":{"%d":1}}`, name, id), Body: []byte(text)})
		m.send(text, slices.DeleteFunc(slices.Clone(m.groups[name]), func(other uint32) bool { return other == id })...)
	case 16:
		session := fmt.Sprintf(`a:1:{s:1:"n";i:%d;}`, k.next(200))
		k.do(withExt(gp.CmdSetSession, id, session))
		if there {
			b.model.session = session
		}
	case 17:
		if k.caller.send(gp.Message{Cmd: gp.CmdDestroy, ConnectionID: id}); there {
			k.gone(b)
		}
		k.caller.barrier()
	case 18:
		if k.caller.send(withBody(gp.CmdKick, id, text)); there {
			k.gone(b)
		}
		k.caller.barrier()
	case 19: // nonsense, of which nothing comes
		bad := []gp.Message{
			withExt(gp.CmdSendToGroup, 0, "{"), withExt(gp.CmdSendToUID, 0, "5"), {Cmd: 99, ConnectionID: id, ExtData: []byte(name)},
		}
		k.do(bad[k.next(len(bad))])
	case 20:
		k.ask(withExt(gp.CmdGetClientCountByGroup, 0, name), fmt.Sprintf("i:%d;", len(m.groups[name])))
	case 21:
		k.ask(withExt(gp.CmdGetClientIDByUID, 0, name), list(m.uids[name]))
	case 22:
		k.ask(gp.Message{Cmd: gp.CmdGetSessionByClientID, ConnectionID: id}, m.session(id))
	default:
		k.ask(withExt(gp.CmdGetClientCountByGroup, 0, ""), fmt.Sprintf("i:%d;", len(m.clients)))
	}
	for _, b := range k.browsers {
		if b.model.ready {
			k.settle(b)
		}
	}
}
