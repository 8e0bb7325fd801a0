//go:build linux

package faults

import (
	"fmt"
	"time"
)

// whole waits until the cluster is at full strength again: the Register names
// both gateways, every worker is connected to both, every seat has had a client
// that was answered, and every GatewayClient has had a command confirmed by each
// gateway, since the time given; and that workers have connected again since the
// other one. It returns what is missing in the end.
func (c *cluster) whole(since, reconnected time.Time) error {
	var missing error
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if missing = c.missing(since, reconnected); missing == nil {
			return nil
		}
	}
	return missing
}

func (c *cluster) missing(since, reconnected time.Time) error {
	if n := c.watch.gateways(); n != 2 {
		return fmt.Errorf("the Register names %d gateways", n)
	}
	c.o.mu.Lock()
	defer c.o.mu.Unlock()
	for i, run := range c.o.slots {
		if run.gateways != 2 || run.changed.Before(reconnected) {
			return fmt.Errorf("worker %d (pid %d) is connected to %d gateways", i+1, run.pid, run.gateways)
		}
		// A gateway that answers a question from now on has seen the end of the
		// worker's former connection.
		if run.changed.After(since) {
			since = run.changed
		}
	}
	for _, s := range c.seats {
		if c.o.answered[s.index].After(since) { // by whom it was said: clients come and go meanwhile
			continue
		}
		s.mu.Lock()
		cl := s.present
		s.mu.Unlock()
		if cl == nil {
			return fmt.Errorf("seat %d has no client", s.index)
		}
		seen := 0
		for _, m := range cl.sent {
			if m.seen {
				seen++
			}
		}
		return fmt.Errorf("%s (%s, port %d), connected at %.3fs, greeted: %v, was not answered since; sent %d messages, %d seen by workers, by pid %v",
			cl.name, cl.id, cl.port, cl.born.Sub(c.o.began).Seconds(), !cl.ready.IsZero(), len(cl.sent), seen, cl.events)
	}
	for _, p := range c.pushers {
		for i, at := range c.o.pulse[p.caller.name] {
			if at.Before(since) {
				return fmt.Errorf("%s has confirmed nothing at gateway %d since", p.caller.name, i+1)
			}
		}
	}
	return nil
}
