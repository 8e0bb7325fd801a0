package gateway

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/commandtest"
	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// TestConversationsOverSockets holds the conversations with a whole gateway,
// frame by frame and with all frames between two other events in one write.
func TestConversationsOverSockets(t *testing.T) {
	for _, mode := range []struct {
		name               string
		portable, together bool
	}{
		{"frame by frame", false, false},
		{"together", false, true},
		{"portable", true, true},
	} {
		t.Run(mode.name, func(t *testing.T) {
			for _, conv := range commandtest.Conversations {
				if mode.portable && conv.Name == "kick" {
					continue // a goroutine writes the last message: the end comes a little later
				}
				t.Run(conv.Name, func(t *testing.T) {
					client, inner := serveConversation(t, &conv, mode.portable)
					g := newLiveGateway(t, &conv, client, inner)
					g.run(mode.together)
				})
			}
		})
	}
}

// serveConversation starts a gateway and returns its ports.
func serveConversation(t *testing.T, conv *commandtest.Conversation, portable bool) (client, inner int) {
	log := logrus.New()
	log.SetOutput(io.Discard)
	gw, err := New(Options{
		Listen:     conv.Scheme() + "://127.0.0.1:0",
		NoRegister: true,
		SecretKey:  conv.SecretKey,
		Logger:     log,
		portable:   portable,
	})
	if err != nil {
		t.Fatal(err)
	}
	listen := func() (net.Listener, int) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l, l.Addr().(*net.TCPAddr).Port
	}
	cl, client := listen()
	il, inner := listen()
	served := make(chan error, 1)
	go func() { served <- gw.Serve(cl, il) }()
	t.Cleanup(func() {
		gw.Close()
		if err := <-served; !errors.Is(err, ErrServerClosed) {
			t.Errorf("Serve returned %v, want ErrServerClosed", err)
		}
	})
	return client, inner
}

// liveGateway is one conversation with a gateway over sockets: a worker
// connection, without which a gateway takes no clients, the inner connection of
// the conversation and the clients.
type liveGateway struct {
	t      *testing.T
	conv   *commandtest.Conversation
	php    bool
	port   int
	worker net.Conn
	events *bufio.Reader
	inner  net.Conn
	ended  bool
	nextID uint32

	clients map[uint32]*bufio.Reader
	conns   map[uint32]net.Conn
}

// newLiveGateway connects to a gateway's ports as soon as it is there.
func newLiveGateway(t *testing.T, conv *commandtest.Conversation, client, inner int) *liveGateway {
	g := &liveGateway{t: t, conv: conv, port: client, clients: map[uint32]*bufio.Reader{}, conns: map[uint32]net.Conn{}}
	for start := time.Now(); ; {
		if g.worker = g.register(inner); g.worker != nil {
			break
		}
		if time.Since(start) > patience {
			t.Fatal("the gateway does not come up")
		}
		time.Sleep(10 * time.Millisecond)
	}
	g.events = bufio.NewReader(g.worker)
	g.inner = g.dial(inner)
	return g
}

// run holds the conversation.
func (g *liveGateway) run(together bool) {
	g.t.Helper()
	steps := g.conv.Steps
	for i := 0; i < len(steps); i++ {
		if !together {
			g.step(i, &steps[i])
			continue
		}
		first := i
		var frames []byte
		for ; i < len(steps) && !steps[i].Connect && steps[i].Disconnect == 0; i++ {
			frames = gp.AppendMessage(frames, &steps[i].M)
		}
		if len(frames) > 0 {
			if _, err := g.inner.Write(frames); err != nil {
				g.t.Fatal(err)
			}
		}
		for j := first; j < i; j++ {
			g.result(j, &steps[j])
		}
		if i < len(steps) {
			g.step(i, &steps[i])
		}
	}
	g.finish()
}

// register connects a worker and makes sure that it was accepted.
func (g *liveGateway) register(port int) net.Conn {
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return nil
	}
	_ = c.SetDeadline(time.Now().Add(patience))
	body := fmt.Sprintf(`{"worker_key":"conversation:0","secret_key":"%s"}`, g.conv.SecretKey)
	b := gp.AppendMessage(nil, &gp.Message{Cmd: gp.CmdWorkerConnect, Flag: gp.FlagBodyIsScalar, Body: []byte(body)})
	b = gp.AppendMessage(b, &gp.Message{Cmd: gp.CmdIsOnline, Flag: gp.FlagBodyIsScalar})
	_, _ = c.Write(b)
	if _, err := io.ReadFull(c, make([]byte, len("\x00\x00\x00\x04i:0;"))); err != nil {
		c.Close()
		return nil
	}
	g.t.Cleanup(func() { c.Close() })
	return c
}

func (g *liveGateway) dial(port int) net.Conn {
	g.t.Helper()
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		g.t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(patience))
	g.t.Cleanup(func() { c.Close() })
	return c
}

// await reads the worker's events up to one.
func (g *liveGateway) await(cmd gp.Command, id uint32) {
	g.t.Helper()
	for {
		head, err := g.events.Peek(gp.HeadLen)
		if err != nil {
			g.t.Fatalf("waiting for %v of %d: %v", cmd, id, err)
		}
		n, err := gp.FrameLen(head, 0)
		if err != nil {
			g.t.Fatal(err)
		}
		frame := make([]byte, n)
		if _, err := io.ReadFull(g.events, frame); err != nil {
			g.t.Fatal(err)
		}
		var m gp.Message
		if _, err := gp.DecodeMessage(frame, &m, 0); err != nil {
			g.t.Fatal(err)
		}
		if m.Cmd == cmd && m.ConnectionID == id {
			return
		}
	}
}

func (g *liveGateway) step(i int, s *commandtest.Step) {
	g.t.Helper()
	switch {
	case s.Connect:
		g.sync()
		g.connect()
		return
	case s.Disconnect != 0:
		g.sync()
		g.conns[s.Disconnect].Close()
		delete(g.clients, s.Disconnect)
		g.await(gp.CmdOnClose, s.Disconnect)
		return
	}
	if _, err := g.inner.Write(gp.AppendMessage(nil, &s.M)); err != nil {
		g.t.Fatal(err)
	}
	g.result(i, s)
}

// result reads what comes of a step.
func (g *liveGateway) result(i int, s *commandtest.Step) {
	g.t.Helper()
	switch {
	case s.Kills && g.php || s.Closes:
		g.ended = true
		if b, err := io.ReadAll(g.inner); len(b) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
			g.t.Errorf("step %d (%v %q %q): %q and %v, want the end", i, s.M.Cmd, s.M.ExtData, s.M.Body, b, err)
		}
		if s.Kills {
			// Not only the connection: the process.
			if _, err := io.Copy(io.Discard, g.events); errors.Is(err, os.ErrDeadlineExceeded) {
				g.t.Errorf("step %d: PHP's gateway lives on", i)
			}
		}
	case s.Reply != "":
		if got := g.reply(); got != s.Reply {
			g.t.Errorf("step %d (%v %s)\n got %s\nwant %s", i, s.M.Cmd, s.M.ExtData, got, s.Reply)
		}
	}
}

func (g *liveGateway) reply() string {
	g.t.Helper()
	var head [gp.ReplyHeadLen]byte
	if _, err := io.ReadFull(g.inner, head[:]); err != nil {
		g.t.Fatal(err)
	}
	b := make([]byte, int(head[2])<<8|int(head[3]))
	if _, err := io.ReadFull(g.inner, b); err != nil {
		g.t.Fatal(err)
	}
	return string(b)
}

func (g *liveGateway) connect() {
	g.t.Helper()
	g.nextID++
	c := g.dial(g.port)
	r := bufio.NewReader(c)
	g.await(gp.CmdOnConnect, g.nextID)
	if g.conv.Websocket {
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
		for line := ""; line != "\r\n"; {
			var err error
			if line, err = r.ReadString('\n'); err != nil {
				g.t.Fatal(err)
			}
		}
	}
	g.clients[g.nextID], g.conns[g.nextID] = r, c
}

// finish compares what the clients received.
func (g *liveGateway) finish() {
	g.t.Helper()
	if g.ended || len(g.clients) == 0 {
		return
	}
	const fence = "\x00the end\x00"
	for id, r := range g.clients {
		s := commandtest.Sends(gp.CmdSendToOne, id, "", fence, gp.FlagBodyIsScalar|gp.FlagNotCallEncode)
		_, _ = g.inner.Write(gp.AppendMessage(nil, &s.M))
		var got []byte
		for !bytes.HasSuffix(got, []byte(fence)) {
			b, err := r.ReadByte()
			if err == io.EOF {
				break // kicked or destroyed
			}
			if err != nil {
				g.t.Fatal(err)
			}
			got = append(got, b)
		}
		if got := strings.TrimSuffix(string(got), fence); got != g.conv.Received[id] {
			g.t.Errorf("client %d\n got %q\nwant %q", id, got, g.conv.Received[id])
		}
	}
	for id := range g.clients {
		g.conns[id].Close()
	}
	for g.sync() != "i:0;" { // all are gone, ids start again
	}
}

// sync returns, with the number of clients, when all frames were executed.
func (g *liveGateway) sync() string {
	g.t.Helper()
	s := commandtest.Does(gp.CmdGetClientCountByGroup, 0, "")
	if _, err := g.inner.Write(gp.AppendMessage(nil, &s.M)); err != nil {
		g.t.Fatal(err)
	}
	return g.reply()
}
