package bench

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// Scenarios in which clients send: echo, uplink, mixed.

// maxOpenRate bounds the rate that is chosen for an open loop.
const maxOpenRate = 50000

// openRate is the rate asked for, or half of what the phase before reached.
func (b *bench) openRate() float64 {
	if b.plan.Rate > 0 {
		return b.plan.Rate
	}
	last := b.report.Phases[len(b.report.Phases)-1].Rate
	return max(min(last/2, maxOpenRate), 1)
}

func rateName(rate float64) string { return fmt.Sprintf("open loop at %.0f/s", rate) }

// echo sends messages to the worker and back: first one under way for each
// client, then at a rate.
func (b *bench) echo() error {
	if err := b.connectAll(false); err != nil {
		return err
	}
	return b.oneByOne("round trip", func(*stream) { b.uplink = nil })
}

// uplinkScenario sends messages that end at the worker of the run: at first
// several in one go, as a client does that was offline for a while.
func (b *bench) uplinkScenario() error {
	prepare := func(s *stream) { b.uplink = s }
	if err := b.connectAll(false); err != nil {
		return err
	}
	if err := b.closedLoop("closed loop, ten at once from each client", "message", 'T', 10, prepare); err != nil {
		return err
	}
	return b.oneByOne("message", prepare)
}

// closedLoop has each client send its next messages, atOnce of them, when all
// of its last have arrived.
func (b *bench) closedLoop(name, unit string, id byte, atOnce int, prepare func(*stream)) error {
	m, err := b.begin(name, unit)
	if err != nil {
		return err
	}
	s := b.stream(id)
	prepare(s)
	until := m.began + int64(b.plan.Duration)
	s.on = func(i int, _ int64) {
		c := b.clients[i]
		if b.loop.now >= until || c.state != clientOpen || s.got[i] < s.want[i] {
			return
		}
		for range atOnce {
			s.expect(i)
		}
		c.sendMany(s, b.loop.now, atOnce)
	}
	for _, i := range b.openIndexes() {
		s.on(i, 0)
	}
	if err := b.pump(func() bool { return b.loop.now >= until && s.complete() }); err != nil {
		return err
	}
	if err := m.end(s); err != nil {
		return err
	}
	return b.quiet()
}

// oneByOne is a closed loop with one message under way for each client, and an
// open loop.
func (b *bench) oneByOne(unit string, prepare func(*stream)) error {
	if err := b.closedLoop("closed loop, one under way for each client", unit, 'E', 1, prepare); err != nil {
		return err
	}
	all, rate := b.openIndexes(), b.openRate()
	m, err := b.begin(rateName(rate), unit)
	if err != nil {
		return err
	}
	s := b.stream('F')
	prepare(s)
	m.watch(s)
	paced := m.pace(rate, int(rate*b.plan.Duration.Seconds()), func(k int, due int64) {
		if c := b.clients[all[k%len(all)]]; c.state == clientOpen {
			s.expect(c.index)
			c.send(s, due)
		}
	})
	if err := b.pump(func() bool { return paced() && s.complete() }); err != nil {
		return err
	}
	return m.end(s)
}

// mixed runs everything at once at a rate: of 1,000 operations 599 are echoes,
// 300 messages to one, 100 to a group of 50 and one to all; a fifth of the
// clients does nothing but come and go.
func (b *bench) mixed() error {
	n := len(b.clients)
	flapping := n / 5
	if err := b.connectAll(true); err != nil {
		return err
	}
	for _, c := range b.clients[n-flapping:] {
		c.bystander = true
	}
	stable := b.openIndexes()
	if len(stable) == 0 {
		return fmt.Errorf("bench: no client is left to measure")
	}
	groups := make(map[string][]int)
	for k, i := range stable {
		name := "bench-g" + strconv.Itoa(k/b.plan.GroupSize)
		groups[name] = append(groups[name], i)
	}
	if err := b.join("join groups", groups); err != nil {
		return err
	}
	rate := b.plan.Rate
	if rate == 0 {
		rate = 5000
	}
	if err := b.memory("connected", b.openClients); err != nil {
		return err
	}
	m, err := b.begin(fmt.Sprintf("mixed at %.0f operations/s", rate), "delivery")
	if err != nil {
		return err
	}
	echo, one, group, all := b.stream('E'), b.stream('O'), b.stream('G'), b.stream('B').toMany()
	order := rand.New(rand.NewPCG(5, 6))
	var frame []byte
	paced := m.pace(rate, max(int(rate*b.plan.Duration.Seconds()), 1), func(k int, due int64) {
		c := b.clients[stable[order.IntN(len(stable))]]
		if c.state != clientOpen {
			return
		}
		switch r := k % 1000; {
		case r == 999:
			b.broadcastOnce(all, due)
		case r%10 == 9:
			name := "bench-g" + strconv.Itoa(order.IntN(len(groups)))
			putPayload(b.payload, &b.tag, group.id, group.expectMany(groups[name]), due)
			for _, ic := range b.control {
				frame = ic.append(frame[:0], gp.CmdSendToGroup, 0, `{"group":["`+name+`"],"exclude":null}`, b.payload)
				ic.write(frame)
			}
		case r%10 >= 6:
			ic := b.control[c.inner]
			putPayload(b.payload, &b.tag, one.id, one.sent, due)
			one.sent++
			one.expect(c.index)
			frame = ic.append(frame[:0], gp.CmdSendToOne, c.connectionID, "", b.payload)
			ic.write(frame)
		default:
			echo.expect(c.index)
			c.send(echo, due)
		}
	})
	flaps := b.flap(b.clients[n-flapping:], rate/100)
	m.watch(echo, one, group, all)
	streams := []*stream{echo, one, group, all}
	err = b.pump(func() bool {
		if !paced() {
			return false
		}
		flaps.stop = true
		for _, s := range streams {
			if !s.complete() {
				return false
			}
		}
		return true
	})
	if err != nil {
		return err
	}
	if err := m.end(streams...); err != nil {
		return err
	}
	b.byKind(streams, "echo", "one", "group", "broadcast")
	return b.memory("ended", b.openClients)
}

// byKind adds a phase without CPU for each kind of message of the mixed phase
// before it.
func (b *bench) byKind(streams []*stream, names ...string) {
	took := b.report.Phases[len(b.report.Phases)-1].Duration
	for i, s := range streams {
		p := Phase{
			Name: "mixed: " + names[i], Unit: "delivery", Duration: took, OpenLoop: true,
			Expected: s.expected, Received: s.received, OutOfOrder: s.outOfOrder,
			Rate: float64(s.received) / took.Seconds(), Latency: s.hist.Latency(),
		}
		p.Lost, p.Surplus = s.verdict()
		if s.lastHist != nil {
			p.LastReceiver = s.lastHist.Latency()
		}
		b.report.Phases = append(b.report.Phases, p)
	}
}

type flapping struct{ stop bool }

// flap disconnects one of the clients after another and connects it again.
func (b *bench) flap(clients []*client, rate float64) *flapping {
	f := &flapping{}
	if len(clients) == 0 || rate <= 0 {
		return f
	}
	every, k := int64(float64(time.Second)/rate), 0
	b.loop.at(b.loop.clock()+every, func(due int64) int64 {
		c := clients[k%len(clients)]
		k++
		switch c.state {
		case clientOpen:
			c.hangUp()
		case clientClosed:
			if err := b.open(c.index); err != nil {
				b.fatal = err
			}
		}
		if f.stop {
			return -1
		}
		return due + every
	})
	return f
}
