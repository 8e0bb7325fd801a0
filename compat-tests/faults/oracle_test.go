//go:build linux

package faults

import (
	"fmt"
	"sync"
	"time"
)

// An oracle knows what was sent, seen, commanded and confirmed, and says what of
// it cannot be. Everything that is known of the clients is guarded by mu.
type oracle struct {
	mu         sync.Mutex
	strict     bool // false with PHP gateways: see overtaken
	phpWorker  bool // one of the workers is PHP's
	began      time.Time
	violations []string

	clients  map[string]*client      // by name, those since the last checkpoint
	records  map[recordKey]*client   // by what events carry; a client that only connected has no name
	epochs   [2]int                  // of the gateways: how often each was started
	workers  map[int]*workerRun      // by pid
	slots    []*workerRun            // the present run of each worker
	window   []*fault                // that have begun since the last checkpoint
	pulse    map[string][2]time.Time // by caller: when its latest confirmed round at each gateway began
	answered map[int]time.Time       // by seat: when its latest message was sent that was answered
	stray    map[string]bool         // ids for which commands were under way when their gateway was started again

	total tally
}

// A tally counts what has happened.
type tally struct {
	connects, messages, pushes, commands, questions uint64
	unseen, unanswered, events                      uint64 // lost where that may be
	cuts                                            uint64 // clients disconnected where that may be
	overtaken, strayed, stale                       uint64 // see there
}

type recordKey struct {
	id   string
	port int
}

// A workerRun is a process of a worker.
type workerRun struct {
	slot, pid int
	gateways  int
	changed   time.Time // when gateways was written
}

// A client is one connection of a client.
type client struct {
	name           string
	slot, gateway  int
	epoch          int // of the gateway
	id             string
	port           int
	born, ready    time.Time
	ended          time.Time
	end            endKind
	worker         int // pid of the worker that answered last
	sent           []message
	echoes, events map[int]int // by the worker's pid: the latest number
	last           int         // the latest number of all answers
	asked          int         // the latest message that asked for a greeting

	connects, handshakes, closes int
	settled                      bool // a checkpoint found everything about it in order
	exposed                      bool // it was at risk some time
	unannounced                  bool // the events of its coming were lost where that may be
	stale                        bool // a PHP worker has overwritten its session with an older one

	pushed map[string]int // by caller: the latest number
	owed   map[string]bool
	got    map[string]bool

	uid     value
	groups  map[string]*value
	session map[string]*value
}

type endKind int

const (
	connected endKind = iota
	left              // it said goodbye, and read to the end
	aborted           // it reset its connection
	cut               // the other side ended the connection
)

// A message is what a client has sent: the number is its place, from 1 on.
type message struct {
	at, answered time.Time
	by           int  // pid of the worker that answered
	seen         bool // by a worker
	stores       bool // its number goes into the session
	waived       bool // its answer was lost where that may be
}

// A value is what a client was given: known once a question has confirmed it.
type value struct {
	known bool
	text  string
	since int // the number of the command
}

func newOracle(strict bool, workers int) *oracle {
	o := &oracle{
		strict: strict, began: time.Now(),
		clients: map[string]*client{}, records: map[recordKey]*client{},
		workers: map[int]*workerRun{}, pulse: map[string][2]time.Time{}, stray: map[string]bool{}, answered: map[int]time.Time{},
	}
	for range workers {
		o.slots = append(o.slots, &workerRun{})
	}
	return o
}

// violateLocked notes what cannot be.
func (o *oracle) violateLocked(format string, args ...any) {
	if len(o.violations) < 50 {
		text := fmt.Sprintf(format, args...)
		o.violations = append(o.violations, fmt.Sprintf("%.3fs: %s", time.Since(o.began).Seconds(), text))
	}
}

func (o *oracle) violate(format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.violateLocked(format, args...)
}

// riskyLocked reports whether a fault may have cost the client something that
// happened at a time.
func (o *oracle) riskyLocked(c *client, at time.Time) bool {
	for _, f := range o.window {
		if (f.over.IsZero() || at.Before(f.over)) && f.risky(c) {
			return true
		}
	}
	return false
}

// mayBeCutLocked reports whether a client may have been disconnected.
func (o *oracle) mayBeCutLocked(c *client) bool {
	for _, f := range o.window {
		if f.cost.cuts[c.gateway] {
			return true
		}
	}
	return false
}

// disturbedLocked reports whether a fault was there since a time.
func (o *oracle) disturbedLocked(since time.Time) bool {
	for _, f := range o.window {
		if f.over.IsZero() || f.over.After(since) {
			return true
		}
	}
	return false
}

// severedLocked reports whether connections of GatewayClients were reset since a
// time.
func (o *oracle) severedLocked(since time.Time) bool {
	for _, f := range o.window {
		if f.cost.severs && (f.over.IsZero() || f.over.After(since)) {
			return true
		}
	}
	return false
}

// listedLocked reports whether a GatewayClient has known all gateways since a
// time: what goes to all gateways goes to those that it knows, and nobody learns
// that one is missing. PHP's knows what the Register names; gatewayclient keeps
// gateways that a Register which was started again does not name yet.
func (o *oracle) listedLocked(c *caller, since time.Time) bool {
	for _, f := range o.window {
		if !f.over.IsZero() && f.over.Before(since) {
			continue
		}
		if f.cost.gone || f.cost.lists && (c.php || c.startedAt().After(f.begun)) {
			return false
		}
	}
	return true
}

// take takes a line of the journal of a worker.
func (o *oracle) take(slot int, e entry) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch e.kind {
	case lineBoot:
		run := &workerRun{slot: slot, pid: e.pid}
		o.workers[e.pid], o.slots[slot] = run, run
	case lineGateways:
		if run := o.workers[e.pid]; run != nil {
			run.gateways, run.changed = e.number, e.at
		}
	case lineConnect:
		o.connectedLocked(e)
	case lineHandshake, lineMessage, lineClose:
		o.eventLocked(e)
	}
}

// connectedLocked takes an onConnect. Ids begin anew with a gateway that was
// started again, and some day with a port that was used before.
func (o *oracle) connectedLocked(e entry) {
	key := recordKey{e.id, e.port}
	c := o.records[key]
	if c != nil && c.closes == 0 && c.connects > 0 && c.epoch == o.epochs[c.gateway] {
		o.violateLocked("onConnect twice for %s, port %d (%s)", e.id, e.port, c.name)
	}
	gateway := gatewayOf(e.id)
	o.records[key] = &client{id: e.id, port: e.port, gateway: gateway, epoch: o.epochs[gateway], born: e.at, connects: 1, events: map[int]int{}}
}

// eventLocked takes an event that has a name in it.
func (o *oracle) eventLocked(e entry) {
	key := recordKey{e.id, e.port}
	c := o.clients[e.name]
	if r := o.records[key]; e.name == "-" || c == nil {
		c = r
	} else if r != nil && r != c {
		if r.name != "" && r.closes == 0 && r.epoch == c.epoch {
			o.violateLocked("an event of %s has the id and port of %s (%s, %d)", e.name, r.name, e.id, e.port)
		}
		c.connects += r.connects // the onConnect, which knows no name
		o.records[key] = c
	}
	if c == nil {
		return // of a client that was dealt with long ago, or of one whose onConnect died with its worker
	}
	if c.name != "" && e.name != "-" && c.name != e.name {
		o.violateLocked("an event of %s came with the id and port of %s (%s, %d)", e.name, c.name, e.id, e.port)
	}
	o.records[key] = c
	if c.id == "" {
		c.id = e.id
	} else if c.id != e.id {
		o.violateLocked("%s has the ids %s and %s", c.name, c.id, e.id)
	}
	switch e.kind {
	case lineHandshake:
		if c.handshakes++; c.handshakes > 1 {
			o.violateLocked("onWebSocketConnect twice for %s", c.name)
		}
	case lineClose:
		if c.closes++; c.closes > 1 {
			o.violateLocked("onClose twice for %s (%s)", c.name, c.id)
		}
	case lineMessage:
		o.messageLocked(c, e)
	}
}

func (o *oracle) messageLocked(c *client, e entry) {
	if e.number < 1 || e.number > len(c.sent) {
		o.violateLocked("a worker got message %d of %s, who has sent %d", e.number, c.name, len(c.sent))
		return
	}
	m := &c.sent[e.number-1]
	if m.seen {
		o.violateLocked("message %d of %s was delivered twice", e.number, c.name)
	}
	m.seen = true
	if last := c.events[e.pid]; e.number <= last {
		o.violateLocked("worker %d got message %d of %s after message %d", e.pid, e.number, c.name, last)
	}
	c.events[e.pid] = e.number
}

// gatewayOf tells the gateway from a client id, whose port is the gateway's
// inner port. The second gateway's is the higher one.
func gatewayOf(id string) int {
	if len(id) == 20 && id[8:12] == innerPortHex[1] {
		return 1
	}
	return 0
}

// innerPortHex are the inner ports as they stand in client ids, for the cluster
// that runs: there is one at a time.
var innerPortHex [2]string
