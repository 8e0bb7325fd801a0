package compattests

import (
	"fmt"
	"sync"
	"testing"
)

// tally counts what became of the scenarios.
var tally counter

type counter struct {
	mu       sync.Mutex
	outcomes []*outcome
}

type outcome struct {
	scenario                *scenario
	live, replayed, skipped bool
	failed                  bool
}

func (c *counter) begin(sc *scenario) *outcome {
	c.mu.Lock()
	defer c.mu.Unlock()
	o := &outcome{scenario: sc}
	c.outcomes = append(c.outcomes, o)
	return o
}

func (o *outcome) end(t *testing.T) { o.failed = t.Failed() }

// line is the last line of a run.
func (c *counter) line() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.outcomes) == 0 {
		return ""
	}
	var live, replayed, skipped, failed int
	for _, o := range c.outcomes {
		live += btoi(o.live)
		replayed += btoi(o.replayed)
		skipped += btoi(o.skipped)
		failed += btoi(o.failed)
	}
	return fmt.Sprintf("conformance: %d scenarios: %d live against PHP, %d replayed, %d skipped, %d failed",
		len(c.outcomes), live, replayed, skipped, failed)
}
