//go:build linux

package faults

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// TestConnections has connections reset, held and delayed, by proxies between
// the parts of the cluster.
func TestConnections(t *testing.T) {
	for _, cast := range chosenCasts() {
		t.Run(cast.name, func(t *testing.T) {
			if cast.name != "go" {
				needPHP(t)
			}
			runFaults(t, cast, true, linkFaults)
		})
	}
}

func nothing() error { return nil }

// linkFaults are the faults of connections.
func linkFaults(c *cluster) (kinds []*kind) {
	for _, k := range c.links.all {
		name := k.what
		if k.what != "register" {
			name = fmt.Sprintf("%s%d", k.what, k.gateway+1)
		}
		kinds = append(kinds,
			&kind{
				name: "hold " + name, at: name, stops: true, cost: costsNothing,
				begin: func(*cluster) (func() error, error) {
					k.hold()
					return func() error { k.release(); return nil }, nil
				},
			},
			&kind{
				name: "delay " + name, at: name, stops: true, cost: costsNothing,
				begin: func(*cluster) (func() error, error) {
					k.slow(40 * time.Millisecond)
					return func() error { k.release(); return nil }, nil
				},
			})
		all := func(*pair) bool { return true }
		switch k.what {
		case "register":
			kinds = append(kinds, resetKind(k, "reset "+name, costsLists, false, all))
		case "client":
			kinds = append(kinds, resetKind(k, "reset "+name, k.cutsClients, false, all),
				resetKind(k, "reset some of "+name, k.cutsClients, false, func(*pair) bool { return rand.IntN(2) == 0 }))
		case "inner":
			first := true
			kinds = append(kinds,
				resetKind(k, "reset GatewayClients of "+name, (*cluster).costOfQuestions, false, func(p *pair) bool { return !p.worker }),
				resetKind(k, "reset all of "+name, k.losesWorkers, true, all),
				resetKind(k, "reset a worker of "+name, k.losesWorker, false, func(p *pair) bool {
					if !p.worker || !first {
						return false
					}
					first = false
					return true
				}))
			last := &kinds[len(kinds)-1].begin
			begin := *last
			*last = func(c *cluster) (func() error, error) { first = true; return begin(c) }
		}
	}
	return kinds
}

func resetKind(k *link, name string, cost func(*cluster) cost, reconnects bool, which func(*pair) bool) *kind {
	return &kind{
		name: name, at: name, stops: true, instant: true, reconnects: reconnects, cost: cost,
		begin: func(*cluster) (func() error, error) { k.reset(which); return nothing, nil },
	}
}

func costsNothing(*cluster) cost { return cost{} }

// costsLists is the cost of a reset of connections to the Register.
func costsLists(*cluster) cost { return cost{lists: true} }

// costOfQuestions is the cost of a reset of connections for questions.
func (c *cluster) costOfQuestions() (what cost) {
	what.severs = true
	c.endsPHPWorkers(&what)
	return what
}

// cutsClients is the cost of a reset of clients' connections: their ends are
// reported, what they have said may be lost.
func (k *link) cutsClients(*cluster) (what cost) {
	what.cuts[k.gateway], what.newcomers[k.gateway], what.closes = true, true, true
	what.risks = func(c *client) bool { return c.gateway == k.gateway }
	return what
}

// losesWorker is the cost of the loss of a worker's connection: events of the
// gateway's clients may be lost with it.
func (k *link) losesWorker(c *cluster) (what cost) {
	what.newcomers[k.gateway] = true
	what.risks = func(c *client) bool { return c.gateway == k.gateway }
	c.endsPHPWorkers(&what)
	return what
}

// losesWorkers is the same for all workers: without one the gateway disconnects
// its clients.
func (k *link) losesWorkers(c *cluster) cost {
	what := k.losesWorker(c)
	what.cuts[k.gateway] = true
	what.severs = true
	return what
}
