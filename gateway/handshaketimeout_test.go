package gateway

import (
	"slices"
	"testing"
	"time"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// TestHandshakeTimeout: a client that says nothing, and one that stops in the
// middle of its request, are dropped; one that has its websocket is not.
func TestHandshakeTimeout(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.HandshakeTimeout = 300 * time.Millisecond
		g := startGateway(t, opts)
		w := g.worker("w:0")
		ws := g.dialWS()
		w.event(gp.CmdOnConnect)
		w.event(gp.CmdOnWebSocketConnect)
		silent := g.dialRaw()
		w.event(gp.CmdOnConnect)
		half := g.dialRaw()
		if _, err := half.conn.Write([]byte("GET / HTTP/1.1\r\n")); err != nil {
			t.Fatal(err)
		}
		w.event(gp.CmdOnConnect)
		silent.gone()
		half.gone()
		for range 2 {
			w.event(gp.CmdOnClose)
		}
		w.send(withBody(gp.CmdSendToAll, 0, "still here"))
		wantText(t, ws, "still here")
	})
}

func TestHandshakeQueue(t *testing.T) {
	var q ageQueue
	for id, at := range []time.Duration{5, 5, 7, 9} {
		q.add(at, uint32(id))
	}
	for _, step := range []struct {
		at   time.Duration
		ids  []uint32
		next time.Duration
		more bool
	}{
		{4, nil, 5, true},
		{5, []uint32{0, 1}, 7, true},
		{8, []uint32{2}, 9, true},
		{9, []uint32{3}, 0, false},
		{10, nil, 0, false},
	} {
		ids, next, more := q.before(step.at, nil)
		if !slices.Equal(ids, step.ids) || next != step.next || more != step.more {
			t.Errorf("before(%d) is %v, %d, %v; want %v, %d, %v", step.at, ids, next, more, step.ids, step.next, step.more)
		}
	}
}
