package gateway

import (
	"strings"
	"testing"
	"time"
)

// TestBeats follows one client, which says something after its connect only
// where the case has a T, through the ticks of the heartbeat. A dot is a tick
// at which nothing happens, P a ping, D the drop. (Recorded from PHP: without a
// limit a tick is an interval, with one half an interval.)
func TestBeats(t *testing.T) {
	for _, test := range []struct {
		name  string
		limit int
		data  string
		beats string
	}{
		{"no limit", 0, "ping", ".PPPPP"},
		{"no limit, talks", 0, "ping", ".PPT.PP"},
		{"no limit, no data", 0, "", "......"},
		{"limit 1", 1, "ping", "..PD"},
		{"limit 2", 2, "ping", "..P.PD"},
		{"limit 3", 3, "ping", "..P.P.PD"},
		{"limit 1, talks in time", 1, "ping", "..PT..PD"},
		{"limit 2, no data", 2, "", ".....D"},
		{"limit 2, data 0", 2, "0", ".....D"},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := startGateway(t, Options{
				Listen: "text://127.0.0.1:0",
				// The timer of its own never fires here.
				PingInterval: time.Hour, PingNotResponseLimit: test.limit, PingData: test.data,
			})
			w := g.worker("w:0")
			g.dialRaw()
			w.event(1)
			g.hub.Mu.Lock()
			c := clientOf(g.hub.ClientLocked(1))
			g.hub.Mu.Unlock()
			frame := g.pingFrames(test.data)[0]
			var got strings.Builder
			for _, want := range test.beats {
				if want == 'T' {
					c.silent.Store(-1)
					got.WriteByte('T')
					continue
				}
				b := new(batch)
				g.beat(b, c, int32(test.limit), frame)
				switch {
				case c.ended():
					got.WriteByte('D')
				case len(b.clients) > 0:
					got.WriteByte('P')
				default:
					got.WriteByte('.')
				}
				b.flush()
			}
			if got.String() != test.beats {
				t.Errorf("got %s, want %s", got.String(), test.beats)
			}
		})
	}
}
