package endurance

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

// bystanders are decent clients who have the worker echo their messages all the
// time, one after another each. Every answer must come, once and right.
type bystanders struct {
	n      int
	thefts *thefts
	stop   atomic.Bool
	all    sync.WaitGroup

	mu     sync.Mutex // guards what follows
	times  []wait
	asking map[int]time.Time // since when each waits for an answer
	err    error
}

// thinkTime is what a bystander waits between an answer and the next message.
const thinkTime = 5 * time.Millisecond

// stand has n clients at each address connect and begin.
func stand(t *testing.T, n int, addresses ...string) *bystanders {
	t.Helper()
	b := &bystanders{n: n * len(addresses), thefts: watchThefts(t), asking: map[int]time.Time{}}
	t.Cleanup(b.end)
	for at, address := range addresses {
		for i := range n {
			c := welcome(t, address, at > 0)
			b.all.Go(func() {
				defer c.Close()
				b.keepAsking(c, at*n+i)
			})
		}
	}
	return b
}

// welcome connects a client. A gateway whose worker is about to come, which only a
// gateway of this project can tell, closes the connection.
func welcome(t *testing.T, address string, secure bool) *client {
	t.Helper()
	for deadline := time.Now().Add(patience); ; pause(20 * time.Millisecond) {
		c, err := join(address, secure)
		if err == nil {
			if err = c.ask("ehello", "ehello"); err == nil {
				return c
			}
			c.Close()
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

func (b *bystanders) keepAsking(c *client, number int) {
	for i := 0; !b.stop.Load(); i++ {
		text := fmt.Sprintf("emessage %d of bystander %d", i, number)
		start := time.Now()
		b.mu.Lock()
		b.asking[number] = start
		b.mu.Unlock()
		err := c.ask(text, text)
		took := time.Since(start)
		b.mu.Lock()
		delete(b.asking, number)
		b.times = append(b.times, wait{start, took})
		if err != nil && b.err == nil {
			b.err = fmt.Errorf("bystander %d after %v: %w", number, took, err)
		}
		b.mu.Unlock()
		if err != nil {
			return
		}
		time.Sleep(thinkTime)
	}
}

// wait is one for an answer.
type wait struct {
	from time.Time
	took time.Duration
}

// waits are how long bystanders waited for their answers in some time, while the
// host of this machine took no processor from it.
type waits struct {
	answers       int // and questions
	stolen        int // answers that are not counted, as they waited for the host perhaps
	p50, p99, max time.Duration
}

func (w waits) String() string {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return fmt.Sprintf("p50 %.2f ms, p99 %.2f ms, max %.1f ms of %d (%d more while the machine was stolen from)", ms(w.p50), ms(w.p99), ms(w.max), w.answers, w.stolen)
}

// fewest is how many waits have a p99 that means something.
const fewest = 500

// since returns how long they waited since it was called last, those included who
// wait still, as long as they have so far.
func (b *bystanders) since() (waits, error) {
	b.mu.Lock()
	all, err := b.times, b.err
	b.times = nil
	for _, start := range b.asking {
		all = append(all, wait{start, time.Since(start)})
	}
	b.mu.Unlock()
	var times []time.Duration
	for _, one := range all {
		if !b.thefts.during(one.from, one.from.Add(one.took)) {
			times = append(times, one.took)
		}
	}
	w := waits{answers: len(times), stolen: len(all) - len(times)}
	if len(times) > 0 {
		slices.Sort(times)
		w.p50, w.p99, w.max = times[len(times)/2], times[len(times)*99/100], times[len(times)-1]
	}
	return w, err
}

// served waits until every bystander could have been answered again.
func (b *bystanders) served(t *testing.T) {
	t.Helper()
	var before int
	b.mu.Lock()
	before = len(b.times)
	b.mu.Unlock()
	testwait.Until(t, "bystanders are answered", func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.err != nil || len(b.times) >= before+2*b.n
	})
}

func (b *bystanders) end() {
	b.stop.Store(true)
	b.all.Wait()
}
