package businessworker

import (
	"testing"
	"time"
)

// TestPooling: the more often handlers block, the longer they are left to the
// pool; once they do no more, it begins anew.
func TestPooling(t *testing.T) {
	var p pooling
	if p.is() {
		t.Fatal("pooled from the start")
	}
	now := time.Now()
	for want := leastPooling; want <= mostPooling; want *= 2 {
		p.begin(now)
		if p.span != want || !p.until.Equal(now.Add(want)) {
			t.Fatalf("span %v until %v, want %v", p.span, p.until.Sub(now), want)
		}
		now = p.until.Add(p.span) // soon again
	}
	p.begin(now)
	p.begin(now)
	if p.span != mostPooling || !p.is() {
		t.Errorf("span %v, want at most %v", p.span, mostPooling)
	}
	p.begin(p.until.Add(16 * p.span))
	if p.span != leastPooling {
		t.Errorf("span %v after a long while, want %v", p.span, leastPooling)
	}
}
