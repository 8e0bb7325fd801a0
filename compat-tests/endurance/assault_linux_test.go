package endurance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/go-gatewayworker/gatewayworker/internal/testprocess"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

// assault is an attack under way, in the attackers' process.
type assault struct {
	gatewayReady
	ctx context.Context
	all sync.WaitGroup

	mu     sync.Mutex // guards what follows
	counts map[string]int
	over   bool
}

// assaultConfig is what the attackers' process is started with.
type assaultConfig struct {
	Attack string
	At     gatewayReady
	For    time.Duration
	Long   bool
}

// assaultState is what it says.
type assaultState struct {
	Counts map[string]int
	Over   bool // all attackers have ended
}

// by runs an attacker n times at once.
func (a *assault) by(n int, f func(i int)) {
	for i := range n {
		a.all.Go(func() { f(i) })
	}
}

// on reports whether the attack goes on.
func (a *assault) on() bool { return a.ctx.Err() == nil }

// note counts something that is printed.
func (a *assault) note(what string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.counts == nil {
		a.counts = map[string]int{}
	}
	a.counts[what]++
}

func playAttackers(text json.RawMessage) (any, func() any, error) {
	var c assaultConfig
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, nil, err
	}
	*long = c.Long
	at := slices.IndexFunc(attacks, func(a attack) bool { return a.name == c.Attack })
	if at < 0 {
		return nil, nil, fmt.Errorf("there is no attack %q", c.Attack)
	}
	raiseFileLimit()
	if c.Long { // otherwise nobody looks at the times
		if err := yieldAlways(); err != nil {
			return nil, nil, err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.For)
	a := &assault{gatewayReady: c.At, ctx: ctx}
	attacks[at].run(a)
	go func() {
		a.all.Wait()
		cancel()
		a.mu.Lock()
		a.over = true
		a.mu.Unlock()
	}()
	return nil, func() any {
		a.mu.Lock()
		defer a.mu.Unlock()
		return assaultState{Counts: maps.Clone(a.counts), Over: a.over}
	}, nil
}

// yieldAlways has the kernel run this process only while a processor has nothing
// else to do. Attackers have machines of their own: what they compute here must
// not be what others wait for.
func yieldAlways() error {
	runtime.LockOSThread() // threads that are made meanwhile are made by one that was seen
	defer runtime.UnlockOSThread()
	seen := map[int]bool{}
	for more := true; more; {
		more = false
		tasks, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return err
		}
		for _, task := range tasks {
			id, err := strconv.Atoi(task.Name())
			if err != nil || seen[id] {
				continue
			}
			seen[id], more = true, true
			err = unix.SchedSetAttr(id, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_IDLE}, 0)
			if err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("sched_setattr: %w", err)
			}
		}
	}
	return nil
}

// attackers are a process that attacks.
type attackers struct{ *testprocess.Process }

// launch has a cluster attacked for a time.
func launch(t *testing.T, attack attack, c *cluster, d time.Duration) attackers {
	t.Helper()
	return attackers{testprocess.Start(t, "attackers", assaultConfig{Attack: attack.name, At: c.gatewayReady, For: d, Long: *long}, nil)}
}

// over waits until all attackers have ended, and returns what they have counted.
func (a attackers) over(t *testing.T) map[string]int {
	t.Helper()
	var s assaultState
	testwait.Until(t, "all attackers have ended", func() bool {
		if err := json.Unmarshal(a.Stats(t).State, &s); err != nil {
			t.Fatal(err)
		}
		return s.Over
	})
	return s.Counts
}
