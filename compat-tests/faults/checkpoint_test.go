//go:build linux

package faults

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
)

// checkpoint holds the load, waits until everything that must come has come, and
// compares what the gateways know with what the oracle knows. What is not in
// order by then is a violation.
func (c *cluster) checkpoint() {
	defer c.paused.open()
	select {
	case <-c.paused.close():
	case <-time.After(2 * patience):
		c.o.violate("a GatewayClient's call does not return")
		return
	}
	c.probe(false)
	var open error
	greet := time.Now().Add(greetMin)
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(greet) {
			c.probe(true)
			greet = time.Now().Add(greetMin)
		}
		if open = c.open(); open == nil {
			if open = c.compare(); open == nil {
				break
			}
			time.Sleep(10 * time.Millisecond) // gateways are asked again
		}
	}
	c.o.mu.Lock()
	defer c.o.mu.Unlock()
	if open != nil {
		c.o.violateLocked("not in order %v after the load was held: %v", patience, open)
	}
	c.o.settleLocked()
}

// probe has every client send a message, or only those that ask for their
// greeting, as they do by themselves while the load is not held.
func (c *cluster) probe(ungreeted bool) {
	for _, s := range c.seats {
		s.mu.Lock()
		cl, ws := s.present, s.ws
		s.mu.Unlock()
		if cl == nil {
			continue
		}
		c.o.mu.Lock()
		greeted := !cl.ready.IsZero()
		c.o.mu.Unlock()
		switch {
		case !greeted && ungreeted:
			s.send(cl, ws, "h")
		case !ungreeted:
			s.send(cl, ws, "m")
		}
	}
}

// open returns something that must still come.
func (c *cluster) open() error {
	c.o.mu.Lock()
	defer c.o.mu.Unlock()
	for _, cl := range c.o.clients {
		if cl.settled {
			continue
		}
		if err := c.o.openLocked(cl); err != nil {
			return err
		}
	}
	for key, r := range c.o.records {
		if r.name == "" && !r.settled && r.connects > 0 && r.closes == 0 && !c.o.riskyLocked(r, r.born) {
			return fmt.Errorf("onConnect of %v, and neither onWebSocketConnect nor onClose", key)
		}
	}
	return nil
}

func (o *oracle) openLocked(c *client) error {
	alive := c.end == connected
	if alive && c.ready.IsZero() {
		return fmt.Errorf("%s was not greeted", c.name)
	}
	if !c.ready.IsZero() && !c.unannounced && (c.connects != 1 || c.handshakes != 1) && !o.riskyLocked(c, c.born) {
		return fmt.Errorf("%s (%s): onConnect %d times, onWebSocketConnect %d times", c.name, c.id, c.connects, c.handshakes)
	}
	for i, m := range c.sent {
		switch {
		case m.waived || !m.answered.IsZero() || o.riskyLocked(c, m.at):
		case alive:
			return fmt.Errorf("%s: no answer to message %d, sent %.3fs; seen by a worker: %v", c.name, i+1, m.at.Sub(o.began).Seconds(), m.seen)
		case c.end == left && !m.seen:
			return fmt.Errorf("%s said goodbye, and its message %d never reached a worker", c.name, i+1)
		}
	}
	if alive {
		for key := range c.owed {
			if !c.got[key] {
				return fmt.Errorf("%s (%s) has not got message %s, which a question has confirmed", c.name, c.id, key)
			}
		}
		return nil
	}
	if c.connects+c.handshakes > 0 && c.closes == 0 && !o.mayMissCloseLocked(c) {
		return fmt.Errorf("%s (%s) is gone, and there was no onClose", c.name, c.id)
	}
	return nil
}

// mayMissCloseLocked reports whether a client that is gone may have no onClose.
func (o *oracle) mayMissCloseLocked(c *client) bool {
	for _, f := range o.window {
		if !f.over.IsZero() && c.ended.After(f.over) {
			continue
		}
		if f.cost.noClose[c.gateway] || f.risky(c) && !f.cost.closes {
			return true
		}
	}
	return false
}

// settleLocked closes the books: what is not there now was lost, where it may be.
func (o *oracle) settleLocked() {
	for name, c := range o.clients {
		if c.settled && c.end != connected {
			delete(o.clients, name)
			continue
		}
		for i := range c.sent {
			m := &c.sent[i]
			if m.waived || !m.answered.IsZero() {
				continue
			}
			m.waived = true
			if c.end != connected {
				continue
			}
			o.total.unanswered++
			if !m.seen {
				o.total.unseen++
			}
			for _, f := range o.window {
				f.lost++
			}
		}
		for _, f := range o.window {
			c.exposed = c.exposed || f.risky(c)
			for _, m := range c.sent {
				if !f.cost.cuts[c.gateway] && !m.answered.IsZero() && m.answered.After(f.begun) && m.at.Before(f.overOr(m.at)) {
					f.longest = max(f.longest, m.answered.Sub(m.at))
				}
			}
		}
		if c.stale {
			c.stale = false
			o.total.stale++
		}
		if c.end != connected {
			if c.connects > 0 && c.closes == 0 {
				o.total.events++
			}
			c.settled, c.sent, c.got, c.owed = true, nil, nil, nil
		} else {
			c.unannounced = c.connects != 1 || c.handshakes != 1
			clear(c.got)
			clear(c.owed)
		}
	}
	for key, r := range o.records {
		if r.settled || r.epoch != o.epochs[r.gateway] {
			delete(o.records, key)
		} else if r.name == "" {
			r.settled = true
		}
	}
	o.window = nil
	clear(o.stray)
}

func (f *fault) overOr(t time.Time) time.Time {
	if f.over.IsZero() {
		return t
	}
	return f.over
}

// compare asks the gateways for all they know.
func (c *cluster) compare() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	g, err := gatewayclient.New(gatewayclient.Options{Gateways: c.innerAddr[:], Logger: clustertest.Quiet()})
	if err != nil {
		return err
	}
	defer g.Close()
	infos, err := g.Select(ctx, gatewayclient.Query{})
	if err != nil {
		return err
	}
	c.o.mu.Lock()
	alive := map[string]*client{}
	var uids []string
	groups := map[string]bool{room: true}
	for _, cl := range c.o.clients {
		if cl.end == connected {
			alive[cl.id] = cl
		}
		uids = append(uids, cl.uid.text, "u-"+cl.name)
		for group := range cl.groups {
			groups[group] = true
		}
	}
	err = c.o.compareLocked(alive, infos)
	c.o.mu.Unlock()
	if err != nil {
		return err
	}
	byUID, err := g.ClientIDsByUIDs(ctx, uids)
	if err != nil {
		return err
	}
	for _, u := range byUID {
		if err := c.bound(alive, u); err != nil {
			return err
		}
	}
	for group := range groups {
		members, err := g.ClientIDsByGroup(ctx, group)
		if err != nil {
			return err
		}
		for _, id := range members {
			if alive[id.String()] == nil {
				return fmt.Errorf("group %s holds %s, which is gone", group, id)
			}
		}
	}
	return nil
}

func (c *cluster) bound(alive map[string]*client, u gatewayclient.UIDClients) error {
	c.o.mu.Lock()
	defer c.o.mu.Unlock()
	for _, id := range u.ClientIDs {
		cl := alive[id.String()]
		if cl == nil {
			return fmt.Errorf("uid %s holds %s, which is gone", u.UID, id)
		}
		if cl.uid.known && cl.uid.text != u.UID && !c.o.stray[cl.id] {
			return fmt.Errorf("uid %s holds %s, whose uid is %s", u.UID, id, cl.uid.text)
		}
	}
	return nil
}

func (o *oracle) compareLocked(alive map[string]*client, infos []gatewayclient.ClientInfo) error {
	var wrong []error
	seen := map[string]bool{}
	for _, info := range infos {
		id := info.ClientID.String()
		c := alive[id]
		if c == nil {
			wrong = append(wrong, fmt.Errorf("a gateway has %s, which is gone", id))
			continue
		}
		seen[id] = true
		if !o.stray[id] {
			wrong = append(wrong, c.differs(info, o.phpWorker))
		}
	}
	for id, c := range alive {
		if !seen[id] {
			wrong = append(wrong, fmt.Errorf("no gateway has %s (%s)", c.name, id))
		}
	}
	return errors.Join(wrong...)
}

// differs compares what a gateway has of a client with what is known of it.
func (c *client) differs(info gatewayclient.ClientInfo, phpWorker bool) error {
	if c.uid.known && info.UID != c.uid.text {
		return fmt.Errorf("%s has the uid %q, want %q", c.name, info.UID, c.uid.text)
	}
	in := map[string]bool{}
	for _, group := range info.Groups {
		in[group] = true
	}
	if !in[room] {
		return fmt.Errorf("%s is not in %s", c.name, room)
	}
	for group, v := range c.groups {
		if v.known && in[group] != (v.text == "in") {
			return fmt.Errorf("%s: in group %s is %v, want %v", c.name, group, in[group], !in[group])
		}
	}
	session, err := info.Session.Array()
	if err != nil {
		return err
	}
	get := func(key string) phpserialize.Value { v, _ := session.GetString(key); return v }
	if get("name") == nil && c.slot%2 == 0 && phpWorker {
		c.stale = true // see clusters with PHP workers in README.md
		return nil
	}
	if get("name") != c.name {
		return fmt.Errorf("%s has the session of %v", c.name, get("name"))
	}
	for key, v := range c.session {
		if got := fmt.Sprint(get(key)); v.known && v.text != "" && got != v.text {
			return fmt.Errorf("%s has %s=%s in its session, want %s", c.name, key, got, v.text)
		}
	}
	if n, _ := get("n").(int64); !c.exposed && !phpWorker && int(n) < c.stored() {
		return fmt.Errorf("%s has n=%d in its session, and message %d was followed by an answered one", c.name, n, c.stored())
	}
	return nil
}

// stored is the latest message that its worker has put into the session before
// it answered another one.
func (c *client) stored() (n int) {
	if c.slot%2 != 0 {
		return 0
	}
	for i, m := range c.sent {
		if m.stores && !m.answered.IsZero() && i+1 < c.echoes[m.by] {
			n = i + 1
		}
	}
	return n
}
