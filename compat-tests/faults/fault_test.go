//go:build linux

package faults

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A kind is a kind of fault.
type kind struct {
	name string
	at   string // what it happens to: one fault at a time
	// begin makes it happen and returns what ends it: a process is started again,
	// or continued, a connection works again.
	begin   func(c *cluster) (heal func() error, err error)
	cost    func(c *cluster) cost
	stops   bool // it has a length of its own: nothing is started again
	instant bool // that length is 0
	// workers lose their connections to gateways, and make them again
	reconnects bool
}

// A cost says what a fault may cost. All else is a violation.
type cost struct {
	cuts      [2]bool            // the clients of these gateways may be disconnected
	newcomers [2]bool            // what these gateways' clients that come meanwhile do may be lost
	risks     func(*client) bool // what these clients do may be lost; nil: of none
	noClose   [2]bool            // these gateways end without onClose for their clients
	closes    bool               // onClose comes even so
	absent    int                // 1 + the worker that is gone meanwhile; 0: none
	lists     bool               // the Register names some of the gateways only
	gone      bool               // a gateway is not there
	severs    bool               // commands are lost with the connection that carried them, and the question goes over another; Client.Sync says so
}

// A fault is a kind that happens.
type fault struct {
	kind  *kind
	down  time.Duration // until it is healed
	after time.Duration // the first of two
	cost  cost
	known map[*client]bool // whether the clients that were there are at risk

	begun, healed, over time.Time
	heal                func() error

	longest time.Duration // that a client which was not cut has waited for an answer
	lost    int           // messages without an answer
}

func (f *fault) String() string { return fmt.Sprintf("%s for %v", f.kind.name, f.down) }

// risky reports whether what the client does may be lost.
func (f *fault) risky(c *client) bool {
	if verdict, ok := f.known[c]; ok {
		return verdict
	}
	return f.cost.newcomers[c.gateway]
}

// signals are the faults of a process.
var signals = []struct {
	name string
	sig  syscall.Signal
}{{"kill", syscall.SIGKILL}, {"stop", syscall.SIGSTOP}, {"term", syscall.SIGTERM}}

// processFaults are the faults that all roles of a cluster can have.
func processFaults(c *cluster) (kinds []*kind) {
	for _, r := range c.roles {
		for _, s := range signals {
			kinds = append(kinds, &kind{
				name: s.name + " " + r.name, at: r.name,
				stops:      s.sig == syscall.SIGSTOP,
				reconnects: strings.HasPrefix(r.name, "gateway") && s.sig != syscall.SIGSTOP,
				begin: func(c *cluster) (func() error, error) {
					if s.sig == syscall.SIGSTOP {
						return r.proc.cont, r.proc.stop()
					}
					return r.start, r.endBy(s.sig)
				},
				cost: func(c *cluster) cost { return r.cost(c, s.sig) },
			})
		}
	}
	return kinds
}

// sorted brings kinds into an order that depends on their names alone.
func sorted(kinds []*kind) []*kind {
	slices.SortFunc(kinds, func(a, b *kind) int { return strings.Compare(a.name, b.name) })
	return kinds
}

// everybody is the risk of all clients.
func everybody(*client) bool { return true }

// A step of a schedule is a fault, or two of which the second comes before the
// first is over.
type step []*fault

// healed is when the last fault was.
func (s step) healed() (at time.Time) {
	for _, f := range s {
		if f.healed.After(at) {
			at = f.healed
		}
	}
	return at
}

// reconnecting is when the workers lost connections that they will make again,
// 0 if they did not.
func (s step) reconnecting() (since time.Time) {
	for _, f := range s {
		if f.kind.reconnects && f.begun.After(since) {
			since = f.begun
		}
	}
	return since
}

// schedule puts each kind into an order, n times, some of them together.
func schedule(seed uint64, kinds []*kind, n int, together bool) (steps []step) {
	random := rand.New(rand.NewPCG(seed, 0))
	var all []*fault
	for range n {
		for _, k := range kinds {
			f := &fault{kind: k}
			switch {
			case k.instant:
			case *measure && k.stops:
				f.down = time.Second
			case *measure:
			case k.stops:
				f.down = time.Duration(100+random.IntN(1400)) * time.Millisecond
			case random.IntN(3) > 0:
				f.down = time.Duration(random.IntN(1200)) * time.Millisecond
			}
			all = append(all, f)
		}
	}
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for len(all) > 0 {
		s := step{all[0]}
		all = all[1:]
		if together && len(all) > 0 && random.IntN(4) == 0 && all[0].kind.at != s[0].kind.at {
			all[0].after = time.Duration(random.IntN(600)) * time.Millisecond
			s = append(s, all[0])
			all = all[1:]
		}
		steps = append(steps, s)
	}
	return steps
}
