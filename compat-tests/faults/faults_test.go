//go:build linux

package faults

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// TestProcesses has every process killed, stopped and continued, and asked to
// end.
func TestProcesses(t *testing.T) {
	for _, cast := range chosenCasts() {
		t.Run(cast.name, func(t *testing.T) {
			if cast.name != "go" {
				needPHP(t)
			}
			runFaults(t, cast, false, processFaults)
		})
	}
}

func chosenCasts() []castList {
	if *casts != "" {
		return []castList{castLists[*casts]}
	}
	return []castList{castLists["go"], castLists["mixed"]}
}

// runFaults plays a schedule of the faults given and reports what came of it.
func runFaults(t *testing.T, cast castList, proxied bool, kindsOf func(*cluster) []*kind) {
	c := newCluster(t, cast, proxied)
	chosen := chosenSeed()
	matches := regexp.MustCompile(*only)
	var kinds []*kind
	for _, k := range kindsOf(c) {
		if matches.MatchString(k.name) {
			kinds = append(kinds, k)
		}
	}
	c.run()
	var stats statistics
	c.play(schedule(chosen, kinds, *each, !*measure), &stats)
	c.o.mu.Lock()
	defer c.o.mu.Unlock()
	n := &c.o.total
	t.Logf("cast %s, seed %d: %d faults; clients %d, messages %d, commands %d, questions %d, confirmed pushes %d; where that may be: clients cut %d, messages without an answer %d (%d of them seen by no worker), onClose missing %d, reused ids met %d; questions that overtook a command %d, sessions overwritten by older ones %d\n%s",
		cast.name, chosen, stats.faults, n.connects, n.messages, n.commands, n.questions, n.pushes, n.cuts, n.unanswered, n.unseen, n.events, n.strayed, n.overtaken, n.stale, &stats)
	fmt.Printf("faults: %s: %d faults, %d messages, %d commands, %d violations\n", t.Name(), stats.faults, n.messages, n.commands, len(c.o.violations))
	if len(c.o.violations) > 0 {
		for _, v := range c.o.violations {
			t.Error(v)
		}
		t.Logf("steps:\n%s", strings.Join(c.story, "\n"))
		t.Errorf("replay with: go test ./compat-tests/faults -run '^%s$' -seed %d -cast %s -each %d%s", t.Name(), chosen, cast.name, *each, c.logs())
	}
}
