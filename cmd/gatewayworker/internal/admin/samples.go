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
	at    time.Time
	stats gateway.Stats
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
		s.of[i] = append(kept, sample{now, s.observed.Gateways[i].Stats()})
	}
}
