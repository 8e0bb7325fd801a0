package endurance

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/internal/testprocess"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

// A day has eight hours, of which each is alike: many clients come, work, come and
// go; a worker is restarted; in the evening they leave. What is measured at the
// end of an hour, with the same few clients left, must not grow from one to the
// next.

const (
	hours     = 8
	warm      = 3 // hours after which buffers, pools and tables have their size
	remaining = 20
)

// office is who works during a day.
type office struct {
	t       *testing.T
	c       *cluster
	hour    time.Duration
	staff   int
	clients []*staffer
	errors  chan error

	connects, echoes, groups, sessions, sends, restarts atomic.Int64
}

// staffer is one client, and who it is.
type staffer struct {
	*client
	number int
	turn   int
	random *rand.Rand
	member string // the group that it is in for now
}

func TestDay(t *testing.T) {
	o := &office{t: t, hour: 2500 * time.Millisecond, staff: 120, errors: make(chan error, 1)}
	if *day > 0 {
		o.hour, o.staff = *day/hours, 2000
	}
	o.c = startCluster(t, gatewayConfig{})
	for range 2 {
		o.c.addWorker(t)
	}
	o.grow(remaining)
	var of, ofRegister []testprocess.Stats
	for hour := range hours {
		o.work(hour)
		of = append(of, settled(t, o.c.gateway, of))
		ofRegister = append(ofRegister, settled(t, o.c.registry, ofRegister))
		s := of[hour]
		t.Logf("hour %d: heap %.2f MB, goroutines %d, files %d, RSS %.1f MB, PSS %.1f MB, CPU %.1f s; Register: heap %.2f MB, PSS %.1f MB",
			hour+1, mb(s.Heap), s.Goroutines, s.Files, mb(s.RSS), mb(s.PSS), s.CPU, mb(ofRegister[hour].Heap), mb(ofRegister[hour].PSS))
	}
	t.Logf("%d connections, %d echoes, %d joins and leaves, %d sessions written, %d messages to groups, %d restarts of a worker",
		o.connects.Load(), o.echoes.Load(), o.groups.Load(), o.sessions.Load(), o.sends.Load(), o.restarts.Load())
	flat(t, "gateway", of)
	flat(t, "Register", ofRegister)
	if s := o.c.stats(t); s.DroppedToClients+s.DroppedToWorkers > 0 {
		t.Errorf("%d messages to clients and %d to workers were dropped", s.DroppedToClients, s.DroppedToWorkers)
	}
}

func mb(n uint64) float64 { return float64(n) / (1 << 20) }

// settled measures a process at the end of an hour: when it has no more goroutines
// and files than an hour ago, or after a while.
func settled(t *testing.T, p *testprocess.Process, before []testprocess.Stats) testprocess.Stats {
	t.Helper()
	for deadline := time.Now().Add(patience / 2); ; time.Sleep(50 * time.Millisecond) {
		s := p.Collected(t)
		if len(before) == 0 || time.Now().After(deadline) {
			return s
		}
		if last := before[len(before)-1]; s.Goroutines <= last.Goroutines && s.Files <= last.Files {
			return s
		}
	}
}

// flat fails the test when what is measured is more in the last hours than in
// the first ones that were warm.
func flat(t *testing.T, who string, hours []testprocess.Stats) {
	t.Helper()
	first, last := hours[warm-1:warm+1], hours[len(hours)-2:]
	worst := func(of []testprocess.Stats, value func(testprocess.Stats) float64) float64 {
		return max(value(of[0]), value(of[1]))
	}
	for _, m := range []struct {
		name          string
		value         func(testprocess.Stats) float64
		factor, extra float64
	}{
		{"goroutines", func(s testprocess.Stats) float64 { return float64(s.Goroutines) }, 1, 0},
		{"files", func(s testprocess.Stats) float64 { return float64(s.Files) }, 1, 0},
		{"live heap", func(s testprocess.Stats) float64 { return float64(s.Heap) }, 1.1, 256 << 10},
		{"PSS", func(s testprocess.Stats) float64 { return float64(s.PSS) }, 1.1, 4 << 20},
	} {
		if m.name == "PSS" && race { // the detector's own memory grows
			continue
		}
		before, after := worst(first, m.value), worst(last, m.value)
		if after > before*m.factor+m.extra {
			t.Errorf("%s: %s grew from %.0f in hours %d and %d to %.0f in the last two", who, m.name, before, warm, warm+1, after)
		}
	}
}

// work is one hour.
func (o *office) work(hour int) {
	t := o.t
	t.Helper()
	o.grow(o.staff)
	o.everybody("the morning", o.hour*4/10, false)
	o.restart(hour)
	o.everybody("the afternoon", o.hour*3/10, true)
	leaving := o.clients[remaining:]
	o.clients = o.clients[:remaining:remaining]
	for i, s := range leaving {
		switch i % 3 {
		case 0:
			_, _ = s.Write(frame(flagFin|opClose, []byte{3, 232}))
			s.Close()
		case 1:
			s.Close()
		default:
			s.abort()
		}
	}
	testwait.Until(t, "those who leave are gone", func() bool { return o.c.stats(t).Clients == remaining })
	if *day > 0 {
		o.everybody("the evening", o.hour*2/10, false)
	}
}

// grow has clients come until there are n.
func (o *office) grow(n int) {
	o.t.Helper()
	var all sync.WaitGroup
	var mu sync.Mutex // guards o.clients
	numbers := make(chan int)
	for range 8 {
		all.Go(func() {
			for number := range numbers {
				s := &staffer{number: number, random: rand.New(rand.NewPCG(uint64(number), 1))}
				if err := o.arrive(s); err != nil {
					o.fail(err)
					continue
				}
				mu.Lock()
				o.clients = append(o.clients, s)
				mu.Unlock()
			}
		})
	}
	for number := len(o.clients); number < n; number++ {
		numbers <- number
	}
	close(numbers)
	all.Wait()
	o.check("clients come")
}

// arrive connects, and takes a uid, a group for good and a session.
func (o *office) arrive(s *staffer) error {
	c, err := join(o.c.Client, false)
	if err != nil {
		return err
	}
	o.connects.Add(1)
	s.client, s.member = c, ""
	for _, ask := range []string{fmt.Sprint("uuser", s.number/2), fmt.Sprint("jfloor", s.number%10), fmt.Sprint("sclient ", s.number)} {
		if err := c.ask(ask, ask); err != nil {
			return err
		}
	}
	return nil
}

// everybody has all clients work for a time, each waiting for its answers; some
// come anew meanwhile.
func (o *office) everybody(when string, d time.Duration, churn bool) {
	o.t.Helper()
	var all sync.WaitGroup
	end := time.Now().Add(d)
	for _, s := range o.clients {
		all.Go(func() {
			for time.Now().Before(end) {
				if err := o.turn(s, churn); err != nil {
					o.fail(fmt.Errorf("client %d in %s: %w", s.number, when, err))
					return
				}
				pause := time.Duration(s.random.IntN(int(min(o.hour/10, 4*time.Second))))
				time.Sleep(min(pause, max(0, time.Until(end)))) // people think
			}
		})
	}
	all.Wait()
	o.check(when)
}

// turn is one thing that a client does.
func (o *office) turn(s *staffer, churn bool) error {
	s.turn++
	switch n := s.random.IntN(10); {
	case n == 0 && churn:
		s.abort()
		return o.arrive(s)
	case n < 2:
		o.sessions.Add(1)
		text := fmt.Sprintf("sturn %d of %d", s.turn, s.number)
		return s.ask(text, text)
	case n < 4 && s.member == "":
		o.groups.Add(1)
		s.member = fmt.Sprint("meeting", s.random.IntN(50))
		return s.ask("j"+s.member, "j"+s.member)
	case n < 4:
		o.groups.Add(1)
		group := s.member
		s.member = ""
		return s.ask("l"+group, "l"+group)
	case n < 5:
		o.sends.Add(1)
		text := fmt.Sprintf("t%d of %d", s.turn, s.number)
		return s.ask(fmt.Sprintf("gfloor%d %s", s.number%10, text), text)
	default:
		o.echoes.Add(1)
		text := fmt.Sprintf("eturn %d of %d %0*d", s.turn, s.number, s.random.IntN(500), 0)
		return s.ask(text, text)
	}
}

// restart ends a worker, in good order and not, and starts another.
func (o *office) restart(hour int) {
	o.t.Helper()
	w := o.c.workers[0]
	o.c.workers = o.c.workers[1:]
	if hour%2 == 0 {
		_ = syscall.Kill(w.PID, syscall.SIGTERM)
	} else {
		w.Close()
	}
	testwait.Until(o.t, "the gateway has lost the worker", func() bool { return o.c.stats(o.t).Workers == len(o.c.workers) })
	o.c.addWorker(o.t)
	o.restarts.Add(1)
}

// fail keeps the first error.
func (o *office) fail(err error) {
	select {
	case o.errors <- err:
	default:
	}
}

func (o *office) check(when string) {
	o.t.Helper()
	select {
	case err := <-o.errors:
		o.t.Fatalf("%s: %v", when, err)
	default:
	}
}
