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
		opts.HandshakeTimeout = time.Hour
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
		// The time begins when all have come so far, however long that took.
		next := g.now()
		next.HandshakeTimeout = 300 * time.Millisecond
		if _, err := g.Reload(next); err != nil {
			t.Fatal(err)
		}
		silent.gone()
		half.gone()
		for range 2 {
			w.event(gp.CmdOnClose)
		}
		w.send(withBody(gp.CmdSendToAll, 0, "still here"))
		wantText(t, ws, "still here")
	})
}

// TestAgeQueue: clients come out in the order in which they began, each when its
// time is over and not sooner, over the borders of chunks and after any pause.
func TestAgeQueue(t *testing.T) {
	const ms = time.Millisecond
	var q ageQueue
	for id, at := range []time.Duration{5 * ms, 5 * ms, 7*ms + 1, 9 * ms} {
		q.add(at, uint32(id))
	}
	for _, step := range []struct {
		at   time.Duration
		ids  []uint32
		next time.Duration
		more bool
	}{
		{4 * ms, nil, 5 * ms, true},
		{5 * ms, []uint32{0, 1}, 8 * ms, true},
		{8*ms - 1, nil, 8 * ms, true},
		{8 * ms, []uint32{2}, 9 * ms, true},
		{9 * ms, []uint32{3}, 0, false},
		{10 * ms, nil, 0, false},
	} {
		ids, next, more := q.before(step.at, nil)
		if !slices.Equal(ids, step.ids) || next != step.next || more != step.more {
			t.Errorf("before(%v) is %v, %v, %v; want %v, %v, %v", step.at, ids, next, more, step.ids, step.next, step.more)
		}
	}

	const many, year = 3*ageChunkLen + 1, 365 * 24 * time.Hour
	for id := range uint32(many) {
		q.add(time.Duration(id)*time.Microsecond, id)
	}
	q.add(year, many)
	half, next, more := q.before(time.Duration(ageChunkLen)*time.Microsecond, nil)
	if !more || next > time.Duration(ageChunkLen)*time.Microsecond+ms {
		t.Errorf("after %d of them the next began at %v, %v", len(half), next, more)
	}
	rest, next, more := q.before(year-1, nil)
	if all := append(half, rest...); len(all) != many || !slices.IsSorted(all) || next != year || !more {
		t.Errorf("%d of %d, sorted %v, then %v, %v", len(all), many, slices.IsSorted(all), next, more)
	}
	if ids, _, more := q.before(year, nil); !slices.Equal(ids, []uint32{many}) || more || q.last != nil {
		t.Errorf("at last %v, %v", ids, more)
	}
	q.add(2*year, 1)
	if ids, _, more := q.before(2*year, nil); !slices.Equal(ids, []uint32{1}) || more {
		t.Errorf("after it was empty: %v, %v", ids, more)
	}
}
