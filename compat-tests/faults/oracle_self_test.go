//go:build linux

package faults

import (
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	someID  = "7f0000010b5400000001"
	otherID = "7f0000010b5400000002"
)

// TestOracle tells the oracle what cannot be, and looks whether it says so.
func TestOracle(t *testing.T) {
	answer := func(n string) []string { return []string{"e", "c1", n, "7"} }
	seen := func(kind string, n int) entry {
		return entry{kind: kind, pid: 7, id: someID, port: 1, name: "c1", number: n}
	}
	connect := entry{kind: lineConnect, pid: 7, id: someID, port: 1}
	for name, test := range map[string]struct {
		happens func(o *oracle, c *client)
		want    string // part of the violation; "" for none
	}{
		"all well": {func(o *oracle, c *client) {
			o.take(0, connect)
			o.take(0, seen(lineHandshake, 0))
			o.take(0, seen(lineMessage, 1))
			o.receivedLocked(c, answer("1"))
			o.receivedLocked(c, answer("2"))
			o.take(0, seen(lineClose, 0))
		}, ""},
		"onConnect twice":          {func(o *oracle, _ *client) { o.take(0, connect); o.take(0, connect) }, "onConnect twice"},
		"onWebSocketConnect twice": {func(o *oracle, _ *client) { o.take(0, seen(lineHandshake, 0)); o.take(0, seen(lineHandshake, 0)) }, "onWebSocketConnect twice"},
		"onClose twice":            {func(o *oracle, _ *client) { o.take(0, seen(lineClose, 0)); o.take(0, seen(lineClose, 0)) }, "onClose twice"},
		"message twice":            {func(o *oracle, _ *client) { o.take(0, seen(lineMessage, 1)); o.take(0, seen(lineMessage, 1)) }, "delivered twice"},
		"messages out of order":    {func(o *oracle, _ *client) { o.take(0, seen(lineMessage, 2)); o.take(0, seen(lineMessage, 1)) }, "after message 2"},
		"message never sent":       {func(o *oracle, _ *client) { o.take(0, seen(lineMessage, 3)) }, "who has sent 2"},
		"another client's id": {func(o *oracle, _ *client) {
			o.take(0, seen(lineHandshake, 0))
			o.take(0, entry{kind: lineMessage, pid: 7, id: otherID, port: 1, name: "c1", number: 1})
		}, "has the ids"},
		"another client's event": {func(o *oracle, _ *client) {
			o.take(0, seen(lineHandshake, 0))
			o.take(0, entry{kind: lineMessage, pid: 7, id: someID, port: 1, name: "c2", number: 1})
		}, "has the id and port of c1"},
		"another client's answer":  {func(o *oracle, c *client) { o.receivedLocked(c, []string{"e", "c2", "1", "7"}) }, "answer to message 1 of c2"},
		"answer twice":             {func(o *oracle, c *client) { o.receivedLocked(c, answer("1")); o.receivedLocked(c, answer("1")) }, "twice"},
		"answers out of order":     {func(o *oracle, c *client) { o.receivedLocked(c, answer("2")); o.receivedLocked(c, answer("1")) }, "after answer 2"},
		"another client's push":    {func(o *oracle, c *client) { o.receivedLocked(c, []string{"p", "A0.1", "1", "c2"}) }, "for c2"},
		"push twice":               {func(o *oracle, c *client) { o.receivedLocked(c, push("1")); o.receivedLocked(c, push("1")) }, "twice"},
		"pushes out of order":      {func(o *oracle, c *client) { o.receivedLocked(c, push("2")); o.receivedLocked(c, push("1")) }, "after 2"},
		"push of a group left":     {func(o *oracle, c *client) { o.receivedLocked(c, []string{"a", "A0.1", "9", "g"}) }, "where it is not"},
		"another client's welcome": {func(o *oracle, c *client) { o.receivedLocked(c, []string{"hello", "c2", someID, "7"}) }, "greeting of c2"},
		"no answer": {func(o *oracle, c *client) {
			o.greeted(c)
			o.mustBeOpen(c, "no answer to message 1")
		}, ""},
		"confirmed push does not come": {func(o *oracle, c *client) {
			o.greeted(c)
			c.sent = nil
			c.owed["A0.1 1"] = true
			o.mustBeOpen(c, "has not got message A0.1 1")
		}, ""},
		"no onClose": {func(o *oracle, c *client) {
			o.greeted(c)
			c.sent, c.end = nil, left
			o.mustBeOpen(c, "there was no onClose")
		}, ""},
		"last message before a goodbye": {func(o *oracle, c *client) {
			o.greeted(c)
			c.closes, c.end = 1, left
			o.mustBeOpen(c, "never reached a worker")
		}, ""},
		"onConnect does not come": {func(o *oracle, c *client) {
			c.ready = time.Now()
			o.mustBeOpen(c, "onConnect 0 times")
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOracle(true, 1)
			for _, name := range []string{"c1", "c2"} {
				o.clients[name] = &client{
					name: name, sent: make([]message, 2), echoes: map[int]int{}, events: map[int]int{}, pushed: map[string]int{},
					owed: map[string]bool{}, got: map[string]bool{}, groups: map[string]*value{"g": {known: true}},
				}
			}
			test.happens(o, o.clients["c1"])
			if test.want == "" && len(o.violations) > 0 || test.want != "" && !slices.ContainsFunc(o.violations, func(v string) bool { return strings.Contains(v, test.want) }) {
				t.Errorf("violations %q, want one with %q", o.violations, test.want)
			}
		})
	}
}

func push(n string) []string { return []string{"p", "A0.1", n, "c1"} }

func (o *oracle) greeted(c *client) {
	c.ready, c.connects, c.handshakes = time.Now(), 1, 1
}

// mustBeOpen makes it a violation that nothing must still come, or something else.
func (o *oracle) mustBeOpen(c *client, want string) {
	if err := o.openLocked(c); err == nil || !strings.Contains(err.Error(), want) {
		o.violate("open is %v, want %q", err, want)
	}
}

// TestRisk looks at what a fault excuses, and for how long.
func TestRisk(t *testing.T) {
	o := newOracle(true, 2)
	now := time.Now()
	hit, spared, late := &client{gateway: 0}, &client{gateway: 1}, &client{gateway: 0}
	f := &fault{begun: now, cost: cost{newcomers: [2]bool{true, false}}, known: map[*client]bool{hit: true, spared: false}}
	o.window = []*fault{f}
	for _, test := range []struct {
		c    *client
		at   time.Time
		over time.Time
		want bool
	}{
		{hit, now, time.Time{}, true},
		{late, now, time.Time{}, true},
		{spared, now, time.Time{}, false},
		{hit, now, now.Add(time.Second), true},
		{hit, now.Add(2 * time.Second), now.Add(time.Second), false},
	} {
		f.over = test.over
		if got := o.riskyLocked(test.c, test.at); got != test.want {
			t.Errorf("client of gateway %d, %v after the fault, which is over: %v: at risk is %v", test.c.gateway, test.at.Sub(now), !test.over.IsZero(), got)
		}
	}
}

// TestSchedule holds that a seed is a schedule.
func TestSchedule(t *testing.T) {
	var kinds []*kind
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		kinds = append(kinds, &kind{name: name, at: name, stops: name > "c"})
	}
	text := func(seed uint64) (all string) {
		for _, s := range schedule(seed, kinds, 3, true) {
			for _, f := range s {
				all += f.String() + " after " + f.after.String() + ", "
			}
			all += ";"
		}
		return all
	}
	if first, second := text(5), text(5); first != second {
		t.Errorf("seed 5 is %s and %s", first, second)
	}
	if text(5) == text(6) {
		t.Error("seeds 5 and 6 are the same schedule")
	}
	for _, k := range kinds {
		if n := strings.Count(text(5), k.name+" for"); n != 3 {
			t.Errorf("%s happens %d times, want 3", k.name, n)
		}
	}
}
