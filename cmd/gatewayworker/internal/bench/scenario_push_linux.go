package bench

import (
	"math/rand/v2"
	"strconv"
	"time"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// Scenarios that push from an inner connection: broadcast, group, one.

// openIndexes lists the clients that are connected and counted.
func (b *bench) openIndexes() []int {
	list := make([]int, 0, len(b.clients))
	for i, c := range b.clients {
		if c.state == clientOpen && !c.bystander {
			list = append(list, i)
		}
	}
	return list
}

// broadcastOnce sends one message of s to all clients of all gateways.
func (b *bench) broadcastOnce(s *stream, due int64) {
	putPayload(b.payload, &b.tag, s.id, s.expectMany(b.openIndexes()), due)
	for _, ic := range b.control {
		ic.write(ic.append(nil, gp.CmdSendToAll, 0, "", b.payload))
	}
}

// broadcast sends to all clients: first all messages back to back, then one at
// each interval.
func (b *bench) broadcast() error {
	if err := b.connectAll(false); err != nil {
		return err
	}
	all := b.openIndexes()
	return b.toMany(func(dst [][]byte, s *stream, due int64) {
		putPayload(b.payload, &b.tag, s.id, s.expectMany(all), due)
		for i, ic := range b.control {
			dst[i] = ic.append(dst[i], gp.CmdSendToAll, 0, "", b.payload)
		}
	})
}

// group sends to one group of all clients as broadcast does, then to many
// groups of few.
func (b *bench) group() error {
	if err := b.connectAll(true); err != nil {
		return err
	}
	all := b.openIndexes()
	const allGroup = "bench-all"
	if err := b.join("join one group", map[string][]int{allGroup: all}); err != nil {
		return err
	}
	send := func(dst [][]byte, s *stream, due int64, group string, members []int) {
		putPayload(b.payload, &b.tag, s.id, s.expectMany(members), due)
		for i, ic := range b.control {
			dst[i] = ic.append(dst[i], gp.CmdSendToGroup, 0, `{"group":["`+group+`"],"exclude":null}`, b.payload)
		}
	}
	err := b.toMany(func(dst [][]byte, s *stream, due int64) { send(dst, s, due, allGroup, all) })
	if err != nil {
		return err
	}
	groups, names := make(map[string][]int), []string(nil)
	order := rand.New(rand.NewPCG(1, 2))
	for g := range b.plan.Groups {
		name := "bench-g" + strconv.Itoa(g)
		names = append(names, name)
		members := make(map[int]bool)
		for len(members) < min(b.plan.GroupSize, len(all)) {
			if i := all[order.IntN(len(all))]; !members[i] {
				members[i] = true
				groups[name] = append(groups[name], i)
			}
		}
	}
	if err := b.join("join many groups", groups); err != nil {
		return err
	}
	const rounds = 2
	m, err := b.begin("burst to "+strconv.Itoa(len(names))+" groups of "+strconv.Itoa(b.plan.GroupSize), "delivery")
	if err != nil {
		return err
	}
	s := b.stream('S').toMany()
	dst := make([][]byte, len(b.control))
	for range rounds {
		for _, name := range names {
			send(dst, s, m.began, name, groups[name])
		}
	}
	m.watch(s)
	b.writeAll(dst)
	if err := b.pump(s.complete); err != nil {
		return err
	}
	return m.end(s)
}

// join is a phase of JOIN_GROUP commands.
func (b *bench) join(name string, groups map[string][]int) error {
	m, err := b.begin(name, "command")
	if err != nil {
		return err
	}
	commands := 0
	batches := make([][]byte, len(b.control))
	for group, members := range groups {
		for _, i := range members {
			c := b.clients[i]
			batches[c.inner] = b.control[c.inner].append(batches[c.inner], gp.CmdJoinGroup, c.connectionID, group, nil)
			commands++
		}
	}
	b.writeAll(batches)
	if err := b.barrier(); err != nil {
		return err
	}
	m.count(int64(commands), int64(commands))
	return m.end()
}

func (b *bench) writeAll(batches [][]byte) {
	for i, ic := range b.control {
		ic.write(batches[i])
	}
}

// toMany runs the two phases of a message to many clients. compose appends the
// frames of the next message, one buffer per gateway.
func (b *bench) toMany(compose func(dst [][]byte, s *stream, due int64)) error {
	m, err := b.begin("burst", "delivery")
	if err != nil {
		return err
	}
	s := b.stream('B').toMany()
	dst := make([][]byte, len(b.control))
	for range b.plan.Messages {
		compose(dst, s, m.began)
	}
	m.watch(s)
	b.writeAll(dst)
	if err := b.pump(s.complete); err != nil {
		return err
	}
	if err := m.end(s); err != nil {
		return err
	}
	if err := b.quiet(); err != nil {
		return err
	}

	if m, err = b.begin("one every "+b.plan.Interval.String(), "delivery"); err != nil {
		return err
	}
	s = b.stream('P').toMany()
	m.watch(s)
	count := max(int(b.plan.Duration/b.plan.Interval), 5)
	paced := m.pace(float64(time.Second)/float64(b.plan.Interval), count, func(_ int, due int64) {
		for i := range dst {
			dst[i] = dst[i][:0]
		}
		compose(dst, s, due)
		b.writeAll(dst)
	})
	if err := b.pump(func() bool { return paced() && s.complete() }); err != nil {
		return err
	}
	return m.end(s)
}

// one sends to single clients at random: first pipelined, as fast as the
// gateway reads, then at a rate.
func (b *bench) one() error {
	if err := b.connectAll(true); err != nil {
		return err
	}
	all := b.openIndexes()
	order := rand.New(rand.NewPCG(3, 4))
	compose := func(dst []byte, ic *innerConn, c *client, s *stream, due int64) []byte {
		putPayload(b.payload, &b.tag, s.id, s.sent, due)
		s.sent++
		s.expect(c.index)
		return ic.append(dst, gp.CmdSendToOne, c.connectionID, "", b.payload)
	}

	m, err := b.begin("pipelined", "delivery")
	if err != nil {
		return err
	}
	s := b.stream('O')
	m.watch(s)
	left := b.plan.Messages
	chunks := make([][]byte, len(b.control))
	const chunk = 200 // messages for each turn of the loop
	b.loop.at(b.loop.now, func(int64) int64 {
		for i := range chunks {
			chunks[i] = chunks[i][:0]
		}
		for range min(chunk, left) {
			c := b.clients[all[order.IntN(len(all))]]
			if len(b.control[c.inner].out) > 0 { // the gateway does not keep up
				continue
			}
			chunks[c.inner] = compose(chunks[c.inner], b.control[c.inner], c, s, b.loop.now)
			left--
		}
		b.writeAll(chunks)
		if left == 0 || b.fatal != nil {
			return -1
		}
		if b.blocked() {
			return b.loop.now + int64(20*time.Microsecond)
		}
		return b.loop.now
	})
	if err := b.pump(func() bool { return left == 0 && s.complete() }); err != nil {
		return err
	}
	if err := m.end(s); err != nil {
		return err
	}

	rate := b.openRate()
	if m, err = b.begin(rateName(rate), "delivery"); err != nil {
		return err
	}
	s = b.stream('R')
	m.watch(s)
	var frame []byte
	paced := m.pace(rate, int(rate*b.plan.Duration.Seconds()), func(_ int, due int64) {
		c := b.clients[all[order.IntN(len(all))]]
		frame = compose(frame[:0], b.control[c.inner], c, s, due)
		b.control[c.inner].write(frame)
	})
	if err := b.pump(func() bool { return paced() && s.complete() }); err != nil {
		return err
	}
	return m.end(s)
}

// blocked reports whether all gateways are behind with reading.
func (b *bench) blocked() bool {
	for _, ic := range b.control {
		if len(ic.out) == 0 {
			return false
		}
	}
	return true
}
