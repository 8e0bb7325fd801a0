package bench

import (
	"fmt"
	"strconv"
	"time"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// Scenarios about connections: idle, storm, churn.

// idle opens the clients, has each send one message, bind a uid, join a group
// and get a small session, and reads the memory once all is quiet. A broadcast
// at the end shows that they are all still there.
func (b *bench) idle() error {
	if err := b.connectAll(true); err != nil {
		return err
	}
	m, err := b.begin("one message each", "message")
	if err != nil {
		return err
	}
	s := b.stream('U')
	if len(b.workers) > 0 {
		b.uplink = s
	}
	for _, c := range b.clients {
		if c.state == clientOpen {
			if b.uplink != nil {
				s.expect(c.index)
			}
			c.send(s, b.loop.now)
		}
	}
	if err := b.pump(s.complete); err != nil {
		return err
	}
	if err := m.end(s); err != nil {
		return err
	}
	if err := b.dress("uid, group and session", 1, true); err != nil {
		return err
	}
	b.phase, b.progress = "settle", nil
	if err := b.rest(b.plan.Settle); err != nil {
		return err
	}
	if err := b.memory("connected", b.openClients); err != nil {
		return err
	}
	if m, err = b.begin("all still there", "delivery"); err != nil {
		return err
	}
	all := b.stream('B').toMany()
	b.broadcastOnce(all, b.loop.now)
	if err := b.pump(all.complete); err != nil {
		return err
	}
	return m.end(all)
}

// smallSession is serialize(['name' => 'bench', 'room' => 7]).
const smallSession = `a:2:{s:4:"name";s:5:"bench";s:4:"room";i:7;}`

func uidOf(client int) string { return "bench-u" + strconv.Itoa(client) }

func groupName(of, n int) string { return fmt.Sprintf("bench-g%d-%d", of, n) }

// dress binds each client's uid and joins it to groups, as one phase.
func (b *bench) dress(name string, groups int, session bool) error {
	m, err := b.begin(name, "command")
	if err != nil {
		return err
	}
	commands := 0
	batches := make([][]byte, len(b.control))
	for _, c := range b.clients {
		if c.state != clientOpen {
			continue
		}
		out, ic := batches[c.inner], b.control[c.inner]
		out = ic.append(out, gp.CmdBindUID, c.connectionID, uidOf(c.index), nil)
		for g := range groups {
			// Each group has 50 members or so.
			out = ic.append(out, gp.CmdJoinGroup, c.connectionID, groupName(g, c.index/b.plan.GroupSize), nil)
		}
		commands += 1 + groups
		if session {
			out = ic.append(out, gp.CmdSetSession, c.connectionID, smallSession, nil)
			commands++
		}
		batches[c.inner] = out
	}
	for i, ic := range b.control {
		ic.write(batches[i])
	}
	if err := b.barrier(); err != nil {
		return err
	}
	m.count(int64(commands), int64(commands))
	return m.end()
}

// storm opens connections as fast as the server takes them. Where the worker
// greets each one, the phase counts the greetings, else the handshakes.
func (b *bench) storm() error {
	m, err := b.begin("connect, handshake, greeting", "connection")
	if err != nil {
		return err
	}
	s := b.stream(greetingID)
	b.greet = len(b.workers) > 0
	greeted := b.greet || b.plan.Greeted
	for i := range b.clients {
		s.expect(i)
	}
	if !greeted {
		m.p.Name = "connect and handshake"
		b.established = func(c *client) { s.receive(c.index, 0, c.began, b.loop.now) }
	}
	b.progress = func() (int64, int64) { return int64(b.openClients), int64(len(b.clients)) }
	if err := b.connect(0, len(b.clients)); err != nil {
		return err
	}
	if err := b.pump(s.complete); err != nil {
		return err
	}
	if err := m.end(s); err != nil {
		return err
	}
	return b.memory("connected", b.openClients)
}

// churn opens the clients, binds a uid and joins ten groups for each, and
// disconnects them all.
func (b *bench) churn() error {
	m, err := b.begin("connect", "connection")
	if err != nil {
		return err
	}
	known, err := b.connectionIDs(len(b.workers) == 0)
	if err != nil {
		return err
	}
	online, err := b.online()
	if err != nil {
		return err
	}
	b.progress = func() (int64, int64) { return int64(b.openClients), int64(len(b.clients)) }
	if err := b.connect(0, len(b.clients)); err != nil {
		return err
	}
	if err := b.barrier(); err != nil {
		return err
	}
	m.count(int64(b.openClients), int64(len(b.clients)))
	if err := m.end(); err != nil {
		return err
	}
	if len(b.workers) == 0 {
		if err := b.probe(known); err != nil {
			return err
		}
	}
	if err := b.dress("bind and join", b.plan.Messages, false); err != nil {
		return err
	}
	if err := b.memory("connected", b.openClients); err != nil {
		return err
	}
	if m, err = b.begin("disconnect", "connection"); err != nil {
		return err
	}
	n, closes := b.openClients, b.workerCloses
	b.hangUpAll()
	var left int
	if len(b.workers) > 0 {
		err = b.pump(func() bool { return b.workerCloses-closes >= n })
		left = n - (b.workerCloses - closes)
	} else {
		left, err = b.awaitOnline(online)
	}
	if err != nil {
		return err
	}
	m.count(int64(n-left), int64(n))
	if err := m.end(); err != nil {
		return err
	}
	b.phase, b.progress = "settle", nil
	if err := b.rest(b.plan.Settle); err != nil {
		return err
	}
	return b.memory("disconnected", 0)
}

// online asks all gateways how many clients they have.
func (b *bench) online() (total int, err error) {
	waiting := len(b.control)
	for _, ic := range b.control {
		ic.query(gp.CmdGetClientCountByGroup, 0, "", func(p []byte) { total += queryCount(p); waiting-- })
	}
	err = b.pump(func() bool { return waiting == 0 })
	return total, err
}

// awaitOnline asks until no more than want clients are left, and returns how
// many more there are when it gives up.
func (b *bench) awaitOnline(want int) (left int, err error) {
	deadline := b.loop.clock() + int64(b.plan.Stall)
	for {
		n, err := b.online()
		if err != nil || n <= want || b.loop.now > deadline {
			return max(n-want, 0), err
		}
		if err := b.rest(5 * time.Millisecond); err != nil {
			return n - want, err
		}
	}
}
