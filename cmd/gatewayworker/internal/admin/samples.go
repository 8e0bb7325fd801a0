package admin

import (
	"context"
	"sync"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gateway"
)

// What is remembered for the curves of the page.
const (
	sampleEvery = 2 * time.Second
	samplesKept = 151 // five minutes
)

// sample is what a gateway held and had done at a time.
type sample struct {
	at      time.Time
	stats   gateway.Stats
	backlog int // bytes that wait for workers
}

// sampler remembers the last minutes of each gateway.
type sampler struct {
	observed *Observed

	mu sync.Mutex // guards of
	of [][]sample // for each gateway, the oldest first
}

func newSampler(o *Observed) *sampler {
	return &sampler{observed: o, of: make([][]sample, len(o.Gateways))}
}

// run takes samples until ctx ends.
func (s *sampler) run(ctx context.Context) {
	ticker := time.NewTicker(sampleEvery)
	defer ticker.Stop()
	for {
		s.take(time.Now())
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (s *sampler) take(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.observed.Gateways {
		kept := s.of[i]
		if len(kept) == samplesKept {
			copy(kept, kept[1:])
			kept = kept[:samplesKept-1]
		}
		g := &s.observed.Gateways[i]
		taken := sample{at: now, stats: g.Stats()}
		for _, w := range g.BusinessWorkers() {
			taken.backlog += w.Waiting
		}
		s.of[i] = append(kept, taken)
	}
}

// points returns what happened between the samples of gateway i, from a time in
// milliseconds on.
func (s *sampler) points(i int, since int64) []point {
	s.mu.Lock()
	defer s.mu.Unlock()
	points := []point{}
	kept := s.of[i]
	for n := 1; n < len(kept); n++ {
		if kept[n].at.UnixMilli() > since {
			points = append(points, pointBetween(&kept[n-1], &kept[n]))
		}
	}
	return points
}
