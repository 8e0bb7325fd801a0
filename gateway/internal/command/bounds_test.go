package command

import (
	"errors"
	"strings"
	"testing"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/hub"
	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// nullGateway counts what the executor tells; kicked and destroyed clients go.
type nullGateway struct {
	hub              *hub.Hub
	delivered        int
	replies, refused int
	err              error // of the last refusal
}

func (g *nullGateway) Deliver(to []*hub.Client, _ []byte, _ bool) { g.delivered += len(to) }
func (g *nullGateway) Kick(c *hub.Client, _ []byte, _ bool)       { g.Destroy(c) }
func (g *nullGateway) Destroy(c *hub.Client) {
	g.hub.Mu.Lock()
	defer g.hub.Mu.Unlock()
	g.hub.RemoveLocked(c)
}

func (g *nullGateway) Authorized() bool                { return true }
func (g *nullGateway) Connected(bool, string)          {}
func (g *nullGateway) Ended() bool                     { return false }
func (g *nullGateway) Reply([]byte)                    { g.replies++ }
func (g *nullGateway) Refuse(_ *gp.Message, err error) { g.refused, g.err = g.refused+1, err }
func (g *nullGateway) Close(err error)                 { g.Refuse(nil, err) }

// newNull returns an executor on a hub with n clients, which all have uid 5 and
// are in group 5.
func newNull(n int, opts Options) (*Executor, *nullGateway) {
	g := &nullGateway{hub: hub.New(0)}
	for range n {
		c := &hub.Client{}
		g.hub.AddLocked(c)
		g.hub.BindUIDLocked(c, []byte("5"))
		g.hub.JoinLocked(c, []byte("5"))
	}
	return New(g.hub, g, opts), g
}

// TestRepeatedRecipients has one client named very often: it gets the message
// as often, from a bounded memory.
func TestRepeatedRecipients(t *testing.T) {
	x, g := newNull(100, Options{})
	fives := "[5" + strings.Repeat(",5", 9_999) + "]"
	for _, tt := range []struct {
		cmd  gp.Command
		ext  string
		want int
	}{
		{gp.CmdSendToUID, fives, 1_000_000},
		{gp.CmdSendToGroup, `{"group":` + fives + `,"exclude":null}`, 1_000_000},
		{gp.CmdSendToAll, `{"connections":` + fives + `}`, 10_000},
	} {
		g.delivered = 0
		x.Execute(g, &gp.Message{Cmd: tt.cmd, Flag: gp.FlagBodyIsScalar, ExtData: []byte(tt.ext), Body: []byte("x")})
		if g.delivered != tt.want {
			t.Errorf("%v: %d deliveries, want %d", tt.cmd, g.delivered, tt.want)
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
	x, g := newNull(40, Options{MaxReply: 1000})
	for c := range g.hub.ClientsLocked().All() {
		g.hub.SetSessionLocked(c, make([]byte, 100))
	}
	for _, m := range []gp.Message{
		{Cmd: gp.CmdGetAllClientSessions},
		{Cmd: gp.CmdSelect, ExtData: []byte(`{"fields":["session"]}`)},
		{Cmd: gp.CmdSelect, ExtData: []byte(`{"fields":["` + strings.Repeat("x", 1000) + `"]}`)},
	} {
		g.err = nil
		x.Execute(g, &m)
		var tooLong *ReplyTooLongError
		if g.replies != 0 || !errors.As(g.err, &tooLong) || tooLong.Limit != 1000 {
			t.Errorf("%v: %d replies, refused with %v, want a *ReplyTooLongError", m.Cmd, g.replies, g.err)
		}
		if cap(x.out) > 4000 {
			t.Errorf("%v: %d bytes were taken for a reply of at most 1000", m.Cmd, cap(x.out))
		}
	}
	if x.Execute(g, &gp.Message{Cmd: gp.CmdGetClientCountByGroup}); g.replies != 1 {
		t.Error("a short reply is not sent after long ones were refused")
	}
}

// TestTrim: a long command leaves no long memory behind, and Trim none at all.
func TestTrim(t *testing.T) {
	x, g := newNull(1, Options{})
	long := []byte("[" + strings.Repeat("5,", keep.ext) + "5]")
	for _, m := range []gp.Message{
		{Cmd: gp.CmdSendToUID, Flag: gp.FlagBodyIsScalar, ExtData: long, Body: []byte("x")},
		{Cmd: gp.CmdSendToUID, ExtData: []byte(`["5"]`), Body: []byte(`s:1:"x";`)},
		{Cmd: gp.CmdGetAllClientSessions},
	} {
		x.Execute(g, &m)
		if cap(x.names) > keep.ext {
			t.Errorf("%v: %d names are kept", m.Cmd, cap(x.names))
		}
	}
	if g.refused > 0 || cap(x.out) == 0 || cap(x.body) == 0 || cap(x.recipients) == 0 || cap(x.names) == 0 {
		t.Fatalf("refused %v, nothing is kept from command to command", g.err)
	}
	x.Trim()
	if cap(x.out) > 0 || cap(x.body) > 0 || cap(x.recipients) > 0 || cap(x.names) > 0 {
		t.Error("Trim keeps something")
	}
}
