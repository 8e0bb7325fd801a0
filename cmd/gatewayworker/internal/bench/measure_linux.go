package bench

import (
	"fmt"
	"time"
)

// measurement is a phase while it runs.
type measurement struct {
	b     *bench
	p     Phase
	began int64
	cpu   []cpuSample
	in    int64 // bench.bytesIn and bytesOut at the start
	out   int64
}

// begin starts a phase that counts units.
func (b *bench) begin(name, unit string) (*measurement, error) {
	m := &measurement{b: b, p: Phase{Name: name, Unit: unit}}
	b.phase, b.progress, b.stalled = name, nil, false
	for _, r := range b.roles {
		s, err := b.proc.sampleCPU(r)
		if err != nil {
			return nil, err
		}
		m.cpu = append(m.cpu, s)
	}
	m.in, m.out = b.bytesIn, b.bytesOut
	m.began = b.loop.clock()
	return m, nil
}

// watch shows the progress of streams.
func (m *measurement) watch(streams ...*stream) {
	m.b.progress = func() (done, expected int64) {
		for _, s := range streams {
			done += s.received
			expected += s.expected
		}
		return done, expected
	}
}

// count sets what was received for a phase without streams.
func (m *measurement) count(received, expected int64) {
	m.p.Received, m.p.Expected = received, expected
	m.p.Lost = max(expected-received, 0)
	m.p.Surplus = max(received-expected, 0)
}

// end finishes the phase with what the streams saw and adds it to the report.
func (m *measurement) end(streams ...*stream) error {
	b, p := m.b, &m.p
	now := b.loop.clock()
	if b.stalled { // the wait for what never came is no part of it
		now = max(now-int64(b.plan.Stall), m.began+1)
	}
	p.Duration = time.Duration(now - m.began)
	for _, s := range streams {
		lost, surplus := s.verdict()
		p.Expected += s.expected
		p.Received += s.received
		p.Lost += lost
		p.Surplus += surplus
		p.OutOfOrder += s.outOfOrder
		if l := s.hist.Latency(); l != nil && len(streams) == 1 {
			p.Latency = l
		}
		if s.lastHist != nil {
			p.LastReceiver = s.lastHist.Latency()
		}
	}
	p.BytesToClients, p.BytesFromClients = b.bytesIn-m.in, b.bytesOut-m.out
	p.Rate = float64(p.Received) / p.Duration.Seconds()
	for i, r := range b.roles {
		s, err := b.proc.sampleCPU(r)
		if err != nil {
			return err
		}
		u := CPUUse{
			Role: r.name, Total: s.total - m.cpu[i].total,
			User: s.user - m.cpu[i].user, System: s.system - m.cpu[i].system,
		}
		u.Cores = u.Total.Seconds() / p.Duration.Seconds()
		if p.Received > 0 {
			u.PerUnit = u.Total.Seconds() * 1e6 / float64(p.Received)
		}
		p.CPU = append(p.CPU, u)
	}
	b.report.Phases = append(b.report.Phases, *p)
	b.progress = nil
	return nil
}

// memory records the memory of the servers.
func (b *bench) memory(moment string, connections int) error {
	for _, r := range b.roles {
		if r.name == "generator" {
			continue
		}
		m, err := b.proc.sampleMemory(r)
		if err != nil {
			return err
		}
		u := MemoryUse{Moment: moment, Role: r.name, PSS: m.pss, Anonymous: m.anonymous, RSS: m.rss}
		if connections > 0 {
			for _, before := range b.report.Memory {
				if before.Role == r.name && before.Moment == "start" {
					u.PerConnection = float64(m.pss-before.PSS) / float64(connections)
					u.AnonymousPerConnection = float64(m.anonymous-before.Anonymous) / float64(connections)
				}
			}
		}
		b.report.Memory = append(b.report.Memory, u)
	}
	return nil
}

// problems adds what makes the figures doubtful.
func (b *bench) problems() {
	say := func(format string, args ...any) {
		b.report.Problems = append(b.report.Problems, fmt.Sprintf(format, args...))
	}
	if b.failed > 0 {
		say("%d connections failed or were ended by the server, the first: %v", b.failed, b.failure)
	}
	if b.foreign > 0 {
		say("%d messages arrived that the generator did not send", b.foreign)
	}
	for _, p := range b.report.Phases {
		for _, u := range p.CPU {
			if u.Role == "generator" && u.Cores > 0.9 && p.Complete() && b.plan.Scenario != "floor" {
				say("%s: the generator used %.2f of a core, so the rate may be its own limit", p.Name, u.Cores)
			}
		}
		if p.Lag != nil && p.Lag.P99 > time.Millisecond {
			say("%s: the generator itself sent late (p99 %s)", p.Name, p.Lag.P99)
		}
	}
}

// pace calls fire total times at a fixed rate, each with the time at which it
// was due, and notes in the phase how late the generator was.
func (m *measurement) pace(rate float64, total int, fire func(i int, due int64)) (finished func() bool) {
	l, i := m.b.loop, 0
	m.p.OpenLoop = true
	var lag Histogram
	start := l.clock() + int64(time.Millisecond)
	l.at(start, func(due int64) int64 {
		lag.Record(l.now - due)
		fire(i, due)
		if i++; i >= total {
			m.p.Lag = lag.Latency()
			return -1
		}
		return start + int64(float64(i)*1e9/rate)
	})
	return func() bool { return i >= total }
}
