package command

import (
	"testing"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/hub"
	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// TestAllocs: what a program sends thousands of times a second allocates
// nothing, once the memory that is used again is there.
func TestAllocs(t *testing.T) {
	x, g := newNull(100, Options{Websocket: true})
	alone := &hub.Client{}
	g.hub.AddLocked(alone)
	g.hub.BindUIDLocked(alone, []byte("alone"))
	body := []byte("hello")
	for _, tt := range []struct {
		m    gp.Message
		want float64
	}{
		{gp.Message{Cmd: gp.CmdSendToOne, ConnectionID: 1, Body: body}, 0},
		{gp.Message{Cmd: gp.CmdSendToAll, Body: body}, 0},
		{gp.Message{Cmd: gp.CmdSendToGroup, ExtData: []byte(`{"group":["5"],"exclude":null}`), Body: body}, 0},
		{gp.Message{Cmd: gp.CmdSendToGroup, ExtData: []byte(`{"group":["5"],"exclude":{"7":7}}`), Body: body}, 0},
		{gp.Message{Cmd: gp.CmdSendToUID, ExtData: []byte(`["5"]`), Body: body}, 0},
		{gp.Message{Cmd: gp.CmdBindUID, ConnectionID: 1, ExtData: []byte("5")}, 0},
		{gp.Message{Cmd: gp.CmdBindUID, ConnectionID: 101, ExtData: []byte("alone")}, 1}, // the uid's text
		{gp.Message{Cmd: gp.CmdJoinGroup, ConnectionID: 1, ExtData: []byte("5")}, 0},
		{gp.Message{Cmd: gp.CmdIsOnline, ConnectionID: 1}, 0},
		{gp.Message{Cmd: gp.CmdGetClientIDByUID, ExtData: []byte("5")}, 0},
		{gp.Message{Cmd: gp.CmdGetClientCountByGroup, ExtData: []byte("5")}, 0},
		{gp.Message{Cmd: gp.CmdGetSessionByClientID, ConnectionID: 1}, 0},
	} {
		tt.m.Flag = gp.FlagBodyIsScalar
		frame := gp.AppendMessage(nil, &tt.m)
		if n := testing.AllocsPerRun(100, func() { x.ExecuteAll(g, frame, len(frame)) }); n > tt.want {
			t.Errorf("%v %s: %v allocations, want %v", tt.m.Cmd, tt.m.ExtData, n, tt.want)
		}
	}
	if g.refused > 0 {
		t.Errorf("refused: %v", g.err)
	}
}
