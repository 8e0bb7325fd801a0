package gateway

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestRhythm: beats come at intervals, the first one when a predecessor's would
// have come, and those that were missed are left out.
func TestRhythm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &Gateway{started: time.Now()}
		var r rhythm
		r.begin(3_000_000)
		var beats []time.Duration
		done := make(chan struct{})
		go func() {
			defer close(done)
			g.every(t.Context(), 10*time.Second, &r, func() {
				beats = append(beats, time.Since(g.started))
				if len(beats) == 2 {
					time.Sleep(25 * time.Second)
				}
			})
		}()
		time.Sleep(time.Second)
		if left := r.left(time.Since(g.started)); left != 2*time.Second {
			t.Errorf("%v are left after a second", left)
		}
		time.Sleep(54 * time.Second)
		synctest.Wait()
		want := []time.Duration{3 * time.Second, 13 * time.Second, 43 * time.Second, 53 * time.Second}
		if len(beats) != len(want) {
			t.Fatalf("beats at %v", beats)
		}
		for i := range want {
			if beats[i] != want[i] {
				t.Errorf("beats at %v", beats)
			}
		}
	})
}

// TestHandoverHeartbeat: an upgrade does not put the next heartbeat off.
func TestHandoverHeartbeat(t *testing.T) {
	opts := Options{PingInterval: time.Hour, PingData: "ping"}
	g := startGateway(t, opts)
	g.until("the heartbeat runs", func() bool { return g.beats.next.Load() > 0 })
	g.beats.next.Add(-int64(30 * time.Minute))
	g.passOn(opts)
	g.until("the heartbeat runs", func() bool { return g.beats.next.Load() > 0 })
	if left := g.beats.left(time.Since(g.started)); left < 20*time.Minute || left > 30*time.Minute {
		t.Errorf("the next heartbeat is in %v", left)
	}
}
