package command_test

import (
	"testing"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/commandtest"
	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/fuzzvolume"
)

// FuzzExecute feeds frames to a hub with some clients. Whatever they say,
// nothing may panic, the hub must stay whole, and each query gets one reply
// unless it is refused.
func FuzzExecute(tf *testing.F) {
	f := fuzzvolume.For(tf)
	for _, conv := range commandtest.Conversations {
		var b []byte
		for i := range conv.Steps {
			if s := &conv.Steps[i]; !s.Connect && s.Disconnect == 0 {
				b = gp.AppendMessage(b, &s.M)
			}
		}
		f.Add(b, conv.Websocket)
	}
	f.Fuzz(func(t *testing.T, data []byte, websocket bool) {
		scheme := "text"
		if websocket {
			scheme = "websocket"
		}
		g := commandtest.New(t, scheme, "")
		for range 5 {
			g.Connect()
		}
		for g.Closed == nil {
			var m gp.Message
			n, err := gp.DecodeMessage(data, &m, 0)
			if err != nil || n == 0 {
				break
			}
			g.Replies, g.Refused = nil, nil
			if rest := g.Execute(data[:n]); len(rest) > 0 {
				t.Fatalf("%v: %d bytes are left", m.Cmd, len(rest))
			}
			data = data[n:]
			answers, refused := len(g.Replies), len(g.Refused) > 0
			if m.Cmd.IsQuery() && (answers == 1) == refused || !m.Cmd.IsQuery() && answers != 0 {
				t.Fatalf("%v: %d replies, refused: %v", m.Cmd, answers, refused)
			}
			if !g.Hub.Mu.TryLock() {
				t.Fatalf("%v leaves the hub locked", m.Cmd)
			}
			g.Hub.Mu.Unlock()
		}
		g.CheckHub(t)
	})
}
