//go:build linux

package faults

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"
)

// play has the steps happen, with a checkpoint after each, until one is violated.
func (c *cluster) play(steps []step, stats *statistics) {
	c.t.Helper()
	started := time.Now()
	if err := c.whole(started, time.Time{}); err != nil {
		c.t.Fatalf("the cluster does not start: %v%s", err, c.logs())
	}
	c.checkpoint()
	for i, s := range steps {
		if c.failed() {
			return
		}
		time.Sleep(between(100, 300)) // of load without faults
		c.story = append(c.story, fmt.Sprintf("%.3fs: %v", time.Since(c.o.began).Seconds(), s))
		if err := c.happen(s); err != nil {
			c.o.violate("%v: %v", s, err)
			return
		}
		err := c.whole(s.healed(), s.reconnecting())
		c.o.mu.Lock()
		for _, f := range s {
			f.over = time.Now()
		}
		c.o.mu.Unlock()
		if err != nil {
			c.o.violate("step %d, %v: not whole %v after the fault was healed: %v", i+1, s, patience, err)
			return
		}
		c.checkpoint()
		for _, r := range c.roles {
			c.mind(r)
		}
		stats.add(s)
	}
}

// mind looks for what no process may say or do.
func (c *cluster) mind(r *role) {
	for _, p := range append(r.ran, r.proc) {
		if err := p.complaint(); err != nil {
			c.o.violate("%v", err)
		}
		if p != r.proc {
			os.Remove(p.log)
		}
	}
	r.ran = nil
}

// happen begins the faults of a step and ends them, each in its time.
func (c *cluster) happen(s step) error {
	for i, f := range s {
		if i > 0 {
			time.Sleep(f.after)
		}
		c.begin(f)
		var err error
		if f.heal, err = f.kind.begin(c); err != nil {
			return err
		}
	}
	order := slices.Clone(s)
	slices.SortStableFunc(order, func(a, b *fault) int { return a.begun.Add(a.down).Compare(b.begun.Add(b.down)) })
	for _, f := range order {
		time.Sleep(time.Until(f.begun.Add(f.down)))
		f.healed = time.Now()
		if err := f.heal(); err != nil {
			return err
		}
	}
	return nil
}

// begin tells the oracle of a fault before it happens.
func (c *cluster) begin(f *fault) {
	c.o.mu.Lock()
	defer c.o.mu.Unlock()
	f.begun = time.Now()
	f.cost = f.kind.cost(c)
	for _, other := range c.o.window {
		if f.cost.absent+other.cost.absent == 0 {
			continue
		}
		// A worker that leaves in good order can count on the others alone; and
		// without a worker clients are disconnected, as in PHP.
		f.cost.risks, f.cost.newcomers = everybody, [2]bool{true, true}
		f.cost.closes = false
		if f.cost.absent*other.cost.absent != 0 && f.cost.absent != other.cost.absent {
			f.cost.cuts = [2]bool{true, true}
		}
	}
	f.known = map[*client]bool{}
	for _, cl := range c.o.clients {
		f.known[cl] = f.cost.risks != nil && f.cost.risks(cl)
	}
	c.o.window = append(c.o.window, f)
}

func (c *cluster) failed() bool {
	c.o.mu.Lock()
	defer c.o.mu.Unlock()
	return len(c.o.violations) > 0
}

// logs returns the ends of what the processes have said.
func (c *cluster) logs() string {
	var text strings.Builder
	for _, r := range c.roles {
		for _, p := range append(r.ran, r.proc) {
			if p == nil {
				continue
			}
			if out, err := os.ReadFile(p.log); err == nil && len(out) > 0 {
				fmt.Fprintf(&text, "\n--- %s\n%s", p.name, tailOf(out))
			}
		}
	}
	return text.String()
}

// statistics are what a fault of each kind took.
type statistics struct {
	byKind map[string]*kindStatistics
	faults int
}

type kindStatistics struct {
	recovered, longest []time.Duration
	lost               int
}

func (st *statistics) add(s step) {
	st.faults += len(s)
	if len(s) > 1 {
		return // whose cost is it?
	}
	if st.byKind == nil {
		st.byKind = map[string]*kindStatistics{}
	}
	name := strings.TrimRight(s[0].kind.name, "0123456789") // gateway1 and gateway2 are one row
	k := st.byKind[name]
	if k == nil {
		k = &kindStatistics{}
		st.byKind[name] = k
	}
	k.recovered = append(k.recovered, s[0].over.Sub(s[0].healed))
	k.longest = append(k.longest, s[0].longest)
	k.lost += s[0].lost
}

func (st *statistics) String() string {
	text := "of single faults, in ms: from the end of the fault to full strength, median and most; longest wait of a client that stayed connected, median and most; messages without an answer\n"
	var names []string
	for name := range st.byKind {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		k := st.byKind[name]
		slices.Sort(k.recovered)
		slices.Sort(k.longest)
		middle, last := len(k.recovered)/2, len(k.recovered)-1
		text += fmt.Sprintf("%-32s n=%-4d recovered %6d %6d   waited %6d %6d   lost %d\n", name, last+1,
			k.recovered[middle].Milliseconds(), k.recovered[last].Milliseconds(),
			k.longest[middle].Milliseconds(), k.longest[last].Milliseconds(), k.lost)
	}
	return text
}

// chosenSeed is the seed of the schedule.
func chosenSeed() uint64 {
	if *seed == 0 {
		return rand.Uint64N(1 << 32)
	}
	return *seed
}
