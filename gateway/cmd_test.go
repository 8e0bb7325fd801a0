package gateway

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/clientproto"
	"github.com/go-gatewayworker/gatewayworker/gateway/internal/hub"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// fakeSink records what commands do: the bytes each client is sent, and what
// became of the inner connection.
type fakeSink struct {
	t     testing.TB
	hub   *hub.Hub
	codec clientproto.Codec

	got     map[uint32][]byte // by connection id
	replies [][]byte
	refused []error
	closed  error  // of closeInner
	worker  string // key of workerConnected
}

func (s *fakeSink) deliver(to []*hub.Client, body []byte, raw bool) {
	s.unlocked()
	if len(to) == 0 {
		s.t.Error("deliver to nobody")
	}
	for _, c := range to {
		s.send(c, body, raw)
	}
}

func (s *fakeSink) send(c *hub.Client, body []byte, raw bool) {
	if raw {
		s.got[c.ID()] = append(s.got[c.ID()], body...)
	} else {
		s.got[c.ID()] = s.codec.AppendMessage(s.got[c.ID()], body)
	}
}

func (s *fakeSink) kick(c *hub.Client, body []byte, send bool) {
	s.unlocked()
	if send {
		s.send(c, body, false)
	}
	s.destroy(c)
}

func (s *fakeSink) destroy(c *hub.Client) {
	s.unlocked()
	s.hub.Mu.Lock()
	defer s.hub.Mu.Unlock()
	s.hub.RemoveLocked(c)
}

func (s *fakeSink) reply(_ *innerConn, payload []byte) {
	s.unlocked()
	s.replies = append(s.replies, append([]byte{}, payload...))
}

func (s *fakeSink) workerConnected(_ *innerConn, key string) { s.unlocked(); s.worker = key }
func (s *fakeSink) closeInner(_ *innerConn, err error)       { s.unlocked(); s.closed = err }
func (s *fakeSink) refuse(_ *innerConn, m *gatewayprotocol.Message, err error) {
	s.unlocked()
	if err == nil || err.Error() == "" {
		s.t.Errorf("%v is refused without a reason", m.Cmd)
	}
	s.refused = append(s.refused, err)
}

// unlocked fails when a sink method is called with hub.Mu held.
func (s *fakeSink) unlocked() {
	if !s.hub.Mu.TryLock() {
		s.t.Error("a sink method is called with hub.Mu held")
		return
	}
	s.hub.Mu.Unlock()
}

// fakeGateway is an executor on a fake sink, with one inner connection.
type fakeGateway struct {
	fakeSink
	x  *executor
	ic *innerConn
}

func newFakeGateway(t testing.TB, scheme, secretKey string) *fakeGateway {
	codec := clientproto.New(scheme, clientproto.Options{})
	g := &fakeGateway{fakeSink: fakeSink{t: t, hub: hub.New(), codec: codec, got: map[uint32][]byte{}}}
	g.x = newExecutor(g.hub, &g.fakeSink, secretKey, scheme == "websocket")
	g.ic = &innerConn{
		authorized: secretKey == "",
		remote:     netip.MustParseAddrPort("127.0.0.1:40000"),
		remoteIP:   "127.0.0.1",
	}
	return g
}

func (g *fakeGateway) connect() *hub.Client {
	g.hub.Mu.Lock()
	defer g.hub.Mu.Unlock()
	c := &hub.Client{}
	g.hub.AddLocked(c)
	return c
}

func (g *fakeGateway) disconnect(id uint32) {
	g.hub.Mu.Lock()
	defer g.hub.Mu.Unlock()
	g.hub.RemoveLocked(g.hub.ClientLocked(id))
}

// ids returns the connection ids of all clients.
func (g *fakeGateway) ids() []uint32 {
	var out []uint32
	for c := range g.hub.ClientsLocked().All() {
		out = append(out, c.ID())
	}
	return out
}

// checkHub fails when what the hub says of clients and what it says of groups and
// uids contradict each other. (Package hub checks its insides.)
func checkHub(t testing.TB, h *hub.Hub) {
	t.Helper()
	memberships := 0
	for c := range h.ClientsLocked().All() {
		if h.ClientLocked(c.ID()) != c {
			t.Fatalf("client %d is not found by its id", c.ID())
		}
		if uid := c.UIDLocked(); uid != "" && !slices.Contains(h.AppendUIDLocked(nil, []byte(uid)), c) {
			t.Fatalf("client %d is not found by its uid %q", c.ID(), uid)
		}
		for name := range c.GroupsLocked() {
			memberships++
			if !slices.Contains(h.MembersLocked([]byte(name)).AppendTo(nil), c) {
				t.Fatalf("client %d is not in its group %q", c.ID(), name)
			}
		}
	}
	for name := range h.GroupsLocked() {
		members := h.MembersLocked([]byte(name)).Len()
		if members == 0 {
			t.Fatalf("group %q is empty", name)
		}
		memberships -= members
	}
	if memberships != 0 {
		t.Fatalf("clients and groups disagree by %d memberships", memberships)
	}
}

// execute runs a frame after its way over the wire.
func (g *fakeGateway) execute(m *gatewayprotocol.Message) {
	var d gatewayprotocol.Message
	if _, err := gatewayprotocol.DecodeMessage(gatewayprotocol.AppendMessage(nil, m), &d, 0); err != nil {
		g.t.Fatal(err)
	}
	g.x.execute(g.ic, &d)
}

func TestConversations(t *testing.T) {
	for _, conv := range conversations {
		t.Run(conv.name, func(t *testing.T) {
			g := newFakeGateway(t, conv.scheme(), conv.secretKey)
			for i, s := range conv.steps {
				if g.closed != nil {
					t.Fatalf("step %d follows the end of the inner connection", i)
				}
				g.replies, g.refused = nil, nil
				switch {
				case s.connect:
					g.connect()
				case s.disconnect != 0:
					g.disconnect(s.disconnect)
				default:
					g.execute(&s.m)
				}
				s.check(t, i, g)
				checkHub(t, g.hub)
			}
			got := map[uint32]string{}
			for id, b := range g.got {
				got[id] = string(b)
			}
			want := conv.received
			if want == nil {
				want = map[uint32]string{}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("what clients received (-want +got):\n%s", diff)
			}
		})
	}
}

func (s *step) check(t *testing.T, i int, g *fakeGateway) {
	t.Helper()
	switch {
	case s.reply == "" && len(g.replies) > 0, s.reply != "" && len(g.replies) != 1:
		t.Fatalf("step %d (%v): %d replies, want %q; refused: %v", i, s.m.Cmd, len(g.replies), s.reply, g.refused)
	case s.reply != "" && string(g.replies[0]) != s.reply:
		t.Errorf("step %d (%v %s)\n got %s\nwant %s", i, s.m.Cmd, s.m.ExtData, g.replies[0], s.reply)
	}
	if refused := len(g.refused) > 0; refused != (s.refused || s.kills) {
		t.Errorf("step %d (%v %q %q): refused is %v, want %v", i, s.m.Cmd, s.m.ExtData, s.m.Body, g.refused, !refused)
	}
	if closed := g.closed != nil; closed != s.closes {
		t.Errorf("step %d (%v %q): closed is %v, want %v", i, s.m.Cmd, s.m.Body, g.closed, s.closes)
	}
	if s.worker != g.worker {
		t.Errorf("step %d: worker key %q, want %q", i, g.worker, s.worker)
	}
	g.worker = ""
}

func (c *conversation) scheme() string {
	if c.websocket {
		return "websocket"
	}
	return "text"
}

// TestRepeatedRecipients has one client named very often: it gets the message
// as often, from a bounded memory.
func TestRepeatedRecipients(t *testing.T) {
	h := hub.New()
	sink := &nullSink{hub: h}
	x := newExecutor(h, sink, "", false)
	for range 100 {
		c := &hub.Client{}
		h.AddLocked(c)
		h.BindUIDLocked(c, []byte("5"))
		h.JoinLocked(c, []byte("5"))
	}
	fives := "[5" + strings.Repeat(",5", 9_999) + "]"
	for _, tt := range []struct {
		cmd  gatewayprotocol.Command
		ext  string
		want int
	}{
		{gatewayprotocol.CmdSendToUID, fives, 1_000_000},
		{gatewayprotocol.CmdSendToGroup, `{"group":` + fives + `,"exclude":null}`, 1_000_000},
		{gatewayprotocol.CmdSendToAll, `{"connections":` + fives + `}`, 10_000},
	} {
		sink.delivered = 0
		s := sends(tt.cmd, 0, tt.ext, "x", scalar)
		x.execute(&innerConn{authorized: true}, &s.m)
		if sink.delivered != tt.want {
			t.Errorf("%v: %d deliveries, want %d", tt.cmd, sink.delivered, tt.want)
		}
		if limit := 2 * (recipientsBatch + 100); cap(x.recipients) > limit {
			t.Errorf("%v: memory for %d recipients, want at most %d", tt.cmd, cap(x.recipients), limit)
		}
		for _, c := range x.recipients[:cap(x.recipients)] {
			if c != nil {
				t.Fatalf("%v: a client is kept from the collector", tt.cmd)
			}
		}
	}
}

// TestLongReplies asks for more than a reply may hold.
func TestLongReplies(t *testing.T) {
	g := newFakeGateway(t, "text", "")
	g.x.maxReply = 1000
	for range 40 {
		g.hub.SetSessionLocked(g.connect(), make([]byte, 100))
	}
	fields := `{"fields":["` + strings.Repeat("x", 1000) + `"]}`
	for _, s := range []step{
		does(gatewayprotocol.CmdGetAllClientSessions, 0, ""),
		does(gatewayprotocol.CmdSelect, 0, `{"fields":["session"]}`),
		does(gatewayprotocol.CmdSelect, 0, fields),
	} {
		g.replies, g.refused = nil, nil
		g.execute(&s.m)
		var tooLong *replyTooLongError
		if len(g.replies) != 0 || len(g.refused) != 1 || !errors.As(g.refused[0], &tooLong) || tooLong.Limit != 1000 {
			t.Errorf("%v: %d replies, refused %v, want a *replyTooLongError", s.m.Cmd, len(g.replies), g.refused)
		}
		if cap(g.x.out) > 4000 {
			t.Errorf("%v: %d bytes were taken for a reply of at most 1000", s.m.Cmd, cap(g.x.out))
		}
	}
	g.replies = nil
	one := does(gatewayprotocol.CmdGetClientCountByGroup, 0, "")
	if g.execute(&one.m); len(g.replies) != 1 {
		t.Error("a short reply is not sent after long ones were refused")
	}
}

// TestMultiplyingReferences has a short body and a short session that stand for
// very much: each level holds the one below twice, by reference.
func TestMultiplyingReferences(t *testing.T) {
	much := `s:1:"x";`
	for level := 60; level >= 1; level-- {
		much = fmt.Sprintf("a:2:{i:0;%si:1;R:%d;}", much, level+1)
	}
	g := newFakeGateway(t, "websocket", "")
	g.connect()
	for _, s := range []step{
		sends(gatewayprotocol.CmdSendToOne, 1, "", much, 0).killsPHP(),
		does(gatewayprotocol.CmdUpdateSession, 1, much),
		does(gatewayprotocol.CmdUpdateSession, 1, much).killsPHP(),
		asks(gatewayprotocol.CmdGetSessionByClientID, 1, "", much),
	} {
		g.replies, g.refused = nil, nil
		g.execute(&s.m)
		s.check(t, 0, g)
	}
	if len(g.got) > 0 {
		t.Errorf("%d bytes were sent", len(g.got[1]))
	}
}

// conversation is what an inner connection says to a gateway and what comes of
// it, equal for PHP's gateway (see TestConversationsWithPHP) and for ours.
type conversation struct {
	name      string
	websocket bool // clients speak websocket, else text
	secretKey string
	steps     []step
	received  map[uint32]string // the bytes each client is sent, by connection id
}

// step is one thing that happens. Connection ids count from 1.
type step struct {
	connect    bool   // a client connects
	disconnect uint32 // this client hangs up

	m gatewayprotocol.Message // this frame comes

	reply   string // the answer to a query
	refused bool   // ours logs the frame, both do nothing
	kills   bool   // PHP's gateway dies, ours logs the frame and does nothing
	closes  bool   // the inner connection is closed
	worker  string // key of the worker that connected
}

const scalar = gatewayprotocol.FlagBodyIsScalar

func connects(n int) (steps []step) {
	for range n {
		steps = append(steps, step{connect: true})
	}
	return steps
}

func hangsUp(id uint32) step { return step{disconnect: id} }

// does is a command about a client with ext_data.
func does(cmd gatewayprotocol.Command, id uint32, ext string) step {
	return step{m: gatewayprotocol.Message{Cmd: cmd, ConnectionID: id, ExtData: []byte(ext), Flag: scalar}}
}

// sends is a command with a body.
func sends(cmd gatewayprotocol.Command, id uint32, ext, body string, flag gatewayprotocol.Flag) step {
	return step{m: gatewayprotocol.Message{Cmd: cmd, ConnectionID: id, ExtData: []byte(ext), Body: []byte(body), Flag: flag}}
}

// asks is a query with the answer to it.
func asks(cmd gatewayprotocol.Command, id uint32, ext, reply string) step {
	s := does(cmd, id, ext)
	s.reply = reply
	return s
}

func (s step) isRefused() step { s.refused = true; return s }
func (s step) killsPHP() step  { s.kills = true; return s }

func script(parts ...any) (steps []step) {
	for _, p := range parts {
		switch p := p.(type) {
		case step:
			steps = append(steps, p)
		case []step:
			steps = append(steps, p...)
		default:
			panic(fmt.Sprintf("script: %T", p))
		}
	}
	return steps
}
