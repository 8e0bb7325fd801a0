package gateway

import (
	"testing"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/hub"
	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// nullSink counts replies and refusals; kicked and destroyed clients go.
type nullSink struct {
	hub              *hub.Hub
	replies, refused int
	delivered        int
	closed           bool
}

func (s *nullSink) deliver(to []*hub.Client, _ []byte, _ bool)     { s.delivered += len(to) }
func (s *nullSink) kick(c *hub.Client, _ []byte, _ bool)           { s.destroy(c) }
func (s *nullSink) reply(*innerConn, []byte)                       { s.replies++ }
func (s *nullSink) workerConnected(*innerConn, string)             {}
func (s *nullSink) closeInner(*innerConn, error)                   { s.closed = true }
func (s *nullSink) refuse(ic *innerConn, m *gp.Message, err error) { s.refused++ }
func (s *nullSink) destroy(c *hub.Client) {
	s.hub.Mu.Lock()
	defer s.hub.Mu.Unlock()
	s.hub.RemoveLocked(c)
}

// FuzzExecute feeds frames to a hub with some clients. Whatever they say,
// nothing may panic, the hub must stay whole, and each query gets one reply
// unless it is refused.
func FuzzExecute(f *testing.F) {
	for _, conv := range conversations {
		var b []byte
		for i := range conv.steps {
			if s := &conv.steps[i]; !s.connect && s.disconnect == 0 {
				b = gp.AppendMessage(b, &s.m)
			}
		}
		f.Add(b, conv.websocket)
	}
	f.Fuzz(func(t *testing.T, data []byte, websocket bool) {
		h := hub.New()
		sink := &nullSink{hub: h}
		x := newExecutor(h, sink, "", websocket)
		ic := &innerConn{authorized: true, remoteIP: "127.0.0.1"}
		for range 5 {
			h.AddLocked(&hub.Client{})
		}
		for !sink.closed {
			var m gp.Message
			n, err := gp.DecodeMessage(data, &m, 0)
			if err != nil || n == 0 {
				break
			}
			data = data[n:]
			before := *sink
			x.execute(ic, &m)
			answers := sink.replies - before.replies
			if refused := sink.refused > before.refused; m.Cmd.IsQuery() && (answers == 1) == refused || !m.Cmd.IsQuery() && answers != 0 {
				t.Fatalf("%v: %d replies, refused: %v", m.Cmd, answers, refused)
			}
			if !h.Mu.TryLock() {
				t.Fatalf("%v leaves hub.Mu locked", m.Cmd)
			}
			h.Mu.Unlock()
		}
		checkHub(t, h)
	})
}
