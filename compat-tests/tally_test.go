package compattests

import (
	"fmt"
	"sync"
	"testing"
)

// tally counts what became of the scenarios, tally3x of those with
// GatewayWorker 3.x.
var (
	tally   = counter{title: "conformance", php: "PHP"}
	tally3x = counter{title: "conformance with GatewayWorker 3.x", php: "it"}
)

type counter struct {
	title, php string

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

// line is a last line of a run.
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
	return fmt.Sprintf("%s: %d scenarios: %d live against %s, %d replayed, %d skipped, %d failed",
		c.title, len(c.outcomes), live, c.php, replayed, skipped, failed)
}
