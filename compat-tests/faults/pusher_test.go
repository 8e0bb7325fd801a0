//go:build linux

package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// unordered ends the tag of a caller whose commands are not kept in order.
const unordered = "~"

// A pusher gives commands to clients through a GatewayClient, and confirms each
// by a question that follows it. What it gave to a client, no other gives.
type pusher struct {
	o      *oracle
	index  int
	caller *caller
	seats  []*seat // of the clients it commands
	paused *gate
	serial int
	tag    string // of the caller's process: what one process sends is in order

	// PHP's GatewayClient asks over another connection than it commands, and the
	// proxies do not keep the order of two connections.
	mayOvertake bool
}

func (p *pusher) run(ctx context.Context) {
	for turn := 0; ctx.Err() == nil; turn++ {
		select {
		case <-ctx.Done():
			return
		case <-time.After(between(4, 12)):
		}
		if p.paused.enter() {
			p.round(turn % 2)
			p.paused.leave()
		}
	}
}

// round gives one command to one client of a gateway.
func (p *pusher) round(gateway int) {
	c := p.choose(gateway)
	if c == nil {
		return
	}
	defer p.mindReuse(c)
	start := time.Now()
	p.serial++
	p.tag = p.caller.tag()
	if p.mayOvertake {
		p.tag += unordered
	}
	var confirmed bool
	switch rand.IntN(6) {
	case 0:
		confirmed = p.bind(c, start)
	case 1, 2:
		confirmed = p.group(c, start)
	case 3:
		if c.slot%2 == 0 { // the worker writes that session
			confirmed = p.push(c, start, "one")
		} else {
			confirmed = p.remember(c, start)
		}
	case 4:
		confirmed = p.push(c, start, "one")
	case 5:
		confirmed = p.push(c, start, []string{"uid", "group", "all"}[rand.IntN(3)])
	}
	if confirmed {
		p.o.mu.Lock()
		pulse := p.o.pulse[p.caller.name]
		pulse[gateway] = start
		p.o.pulse[p.caller.name] = pulse
		p.o.mu.Unlock()
	}
}

// mindReuse looks whether the client's gateway was started again during the
// round. Its ids then begin anew, in PHP as here, so that what was meant for the
// client may have met another one, with the same id.
func (p *pusher) mindReuse(c *client) {
	p.o.mu.Lock()
	defer p.o.mu.Unlock()
	if c.epoch != p.o.epochs[c.gateway] {
		p.o.stray[c.id] = true
	}
}

// choose returns one of the gateway's clients that are this pusher's, greeted
// and answered: its worker has written its session.
func (p *pusher) choose(gateway int) *client {
	var own []*seat
	for _, s := range p.seats {
		if s.gateway == gateway {
			own = append(own, s)
		}
	}
	if len(own) == 0 {
		return nil
	}
	s := own[rand.IntN(len(own))]
	s.mu.Lock()
	c := s.present
	s.mu.Unlock()
	p.o.mu.Lock()
	defer p.o.mu.Unlock()
	if c == nil || c.ready.IsZero() || c.last == 0 || c.end != connected {
		return nil
	}
	if c.asked > 0 && c.sent[c.asked-1].answered.IsZero() { // another greeting would bind it again
		return nil
	}
	return c
}

// command calls a method that asks nothing, question one that does. What fails
// has no known outcome.
func (p *pusher) command(method string, args ...any) bool {
	_, err := p.caller.call(method, args...)
	if err == nil {
		p.o.mu.Lock()
		p.o.total.commands++
		p.o.mu.Unlock()
	}
	return err == nil
}

func (p *pusher) question(method string, args ...any) (phpserialize.Value, bool) {
	v, err := p.caller.call(method, args...)
	if err == nil {
		p.o.mu.Lock()
		p.o.total.questions++
		p.o.mu.Unlock()
	}
	return v, err == nil
}

// settle makes a value known if the question has shown it. Where it has not,
// and nothing has disturbed the cluster, the command was lost, or the question
// has overtaken it.
func (p *pusher) settle(c *client, v *value, start time.Time, text string, asked, shown bool) bool {
	p.o.mu.Lock()
	defer p.o.mu.Unlock()
	if shown {
		*v = value{true, text, p.serial}
		return true
	}
	if asked && c.end == connected && !p.o.disturbedLocked(start) {
		if p.o.strict && !p.mayOvertake {
			p.o.violateLocked("%s: the question after command %d (%s for %s, %s) does not know of it", p.tag, p.serial, text, c.name, c.id)
		}
		p.o.total.overtaken++
	}
	return false
}

func (p *pusher) unknown(v *value) {
	p.o.mu.Lock()
	defer p.o.mu.Unlock()
	v.known = false
}

func (p *pusher) bind(c *client, start time.Time) bool {
	uid := fmt.Sprintf("%s.%d", p.tag, p.serial)
	p.unknown(&c.uid)
	if !p.command("bindUid", c.id, uid) {
		return false
	}
	list, ok := p.question("getClientIdByUid", uid)
	return p.settle(c, &c.uid, start, uid, ok, ok && has(list, c.id))
}

func (p *pusher) group(c *client, start time.Time) bool {
	group := fmt.Sprintf("%s%d", p.caller.name, rand.IntN(3))
	p.o.mu.Lock()
	v := c.groups[group]
	if v == nil {
		v = &value{known: true}
		c.groups[group] = v
	}
	method, text := "joinGroup", "in"
	if v.known && v.text == "in" {
		method, text = "leaveGroup", ""
	}
	v.known = false
	p.o.mu.Unlock()
	if !p.command(method, c.id, group) {
		return false
	}
	list, ok := p.question("getClientIdListByGroup", group)
	if text == "" && p.disturbed(start) {
		ok = false // that the client is not named may mean that its gateway was not asked
	}
	return p.settle(c, v, start, text, ok, ok && has(list, c.id) == (text == "in"))
}

func (p *pusher) disturbed(since time.Time) bool {
	p.o.mu.Lock()
	defer p.o.mu.Unlock()
	return p.o.disturbedLocked(since)
}

// remember adds to the session, which the gateway merges.
func (p *pusher) remember(c *client, start time.Time) bool {
	key := fmt.Sprintf("k%d", rand.IntN(3))
	p.o.mu.Lock()
	v := c.session[key]
	if v == nil {
		v = &value{known: true}
		c.session[key] = v
	}
	v.known = false
	p.o.mu.Unlock()
	if !p.command("updateSession", c.id, map[string]int{key: p.serial}) {
		return false
	}
	session, ok := p.question("getSession", c.id)
	if array, is := session.(*phpserialize.Array); ok && is {
		got, _ := array.GetString(key)
		return p.settle(c, v, start, fmt.Sprint(p.serial), ok, got == int64(p.serial))
	}
	return p.settle(c, v, start, fmt.Sprint(p.serial), ok, false)
}

// push sends a message to a client, to the clients of its uid or of a group, or
// to all. A gateway that then answers a question has executed that.
func (p *pusher) push(c *client, start time.Time, to string) bool {
	n := fmt.Sprintf("%s %d", p.tag, p.serial)
	var sent bool
	receivers := []*client{c}
	switch to {
	case "one":
		sent = p.command("sendToClient", c.id, "p "+n+" "+c.name)
	case "uid":
		p.o.mu.Lock()
		uid := c.uid
		p.o.mu.Unlock()
		if !uid.known {
			return false
		}
		sent = p.command("sendToUid", uid.text, "p "+n+" "+c.name)
	case "group":
		group := fmt.Sprintf("%s%d", p.caller.name, rand.IntN(3))
		receivers = p.present(func(c *client) bool { v := c.groups[group]; return v != nil && v.known && v.text == "in" })
		sent = p.command("sendToGroup", group, "a "+n+" "+group)
	case "all":
		receivers = p.present(func(*client) bool { return true })
		sent = p.command("sendToAll", "a "+n+" all")
	}
	if !sent {
		return false
	}
	var confirmed [2]bool
	for _, r := range receivers {
		if !confirmed[r.gateway] {
			online, ok := p.question("isOnline", r.id)
			confirmed[r.gateway] = ok && (online == true || online == int64(1))
		}
	}
	synced := !p.caller.php && p.command("sync")
	p.o.mu.Lock()
	defer p.o.mu.Unlock()
	if p.mayOvertake && p.o.disturbedLocked(start) || p.o.severedLocked(start) && !synced {
		return confirmed[c.gateway]
	}
	for _, r := range receivers {
		if confirmed[r.gateway] && (to == "one" || p.o.listedLocked(p.caller, start)) {
			r.owed[n] = true
			p.o.total.pushes++
		}
	}
	return confirmed[c.gateway]
}

// present returns the clients that are there and known to be greeted.
func (p *pusher) present(which func(*client) bool) (list []*client) {
	p.o.mu.Lock()
	defer p.o.mu.Unlock()
	for _, c := range p.o.clients {
		if !c.ready.IsZero() && c.end == connected && which(c) {
			list = append(list, c)
		}
	}
	return list
}

// pushedLocked takes a message of a pusher that a client has received.
func (o *oracle) pushedLocked(c *client, kind, tag string, n int, to string) {
	if meant := o.clients[to]; kind == "p" && meant != nil && meant != c && meant.id == c.id && meant.epoch < c.epoch {
		o.total.strayed++ // see mindReuse
		return
	}
	if kind == "p" && to != c.name {
		o.violateLocked("%s (%s) got message %s %d for %s", c.name, c.id, tag, n, to)
		return
	}
	if v := c.groups[to]; kind == "a" && to != "all" && (v == nil || v.known && v.text == "" && n > v.since) {
		o.violateLocked("%s (%s) got message %s %d for group %s, where it is not", c.name, c.id, tag, n, to)
	}
	key := fmt.Sprintf("%s %d", tag, n)
	if c.got[key] {
		o.violateLocked("%s got message %s twice", c.name, key)
	}
	c.got[key] = true
	if last := c.pushed[tag]; n <= last && !strings.HasSuffix(tag, unordered) {
		o.violateLocked("%s got message %s after %d", c.name, key, last)
	}
	c.pushed[tag] = n
}

// has reports whether a list of client ids has one.
func has(list phpserialize.Value, id string) bool {
	array, ok := list.(*phpserialize.Array)
	if !ok {
		return false
	}
	for _, v := range array.Values() {
		if v == id {
			return true
		}
	}
	return false
}
