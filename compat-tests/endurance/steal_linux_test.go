package endurance

import (
	"bytes"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// thefts notes when a virtual machine's host took its processors for others
// (/proc/stat's steal). Who waits for an answer then waits for the host.
type thefts struct {
	stop chan struct{}
	done sync.WaitGroup

	mu   sync.Mutex // guards what follows
	seen []time.Time
}

const (
	// theftsEvery is how often /proc/stat is read.
	theftsEvery = 2 * time.Millisecond
	// theftsAround is for how long before and after a time that was seen to be stolen
	// others' waits may be of it: the kernel counts in hundredths of a second.
	theftsAround = 12 * time.Millisecond
)

// watchThefts begins to note them.
func watchThefts(t *testing.T) *thefts {
	t.Helper()
	w := &thefts{stop: make(chan struct{})}
	stat, err := os.Open("/proc/stat")
	if err != nil {
		t.Fatal(err)
	}
	was := stolen(t, stat)
	w.done.Go(func() {
		tick := time.NewTicker(theftsEvery)
		defer tick.Stop()
		for {
			select {
			case <-w.stop:
				return
			case <-tick.C:
			}
			if is := stolen(t, stat); is != was {
				was = is
				w.mu.Lock()
				w.seen = append(w.seen, time.Now())
				w.mu.Unlock()
			}
		}
	})
	t.Cleanup(func() {
		close(w.stop)
		w.done.Wait()
		_ = stat.Close()
	})
	return w
}

// stolen returns the steal of all processors, in hundredths of a second.
func stolen(t *testing.T, stat *os.File) int {
	var buf [512]byte
	n, err := stat.ReadAt(buf[:], 0)
	fields := bytes.Fields(buf[:n])
	if len(fields) < 9 || string(fields[0]) != "cpu" {
		t.Errorf("/proc/stat begins with %q, %v", buf[:n], err)
		return 0
	}
	ticks, err := strconv.Atoi(string(fields[8]))
	if err != nil {
		t.Error(err)
	}
	return ticks
}

// during reports whether something was stolen in a time, or about then.
func (w *thefts) during(from, to time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	from, to = from.Add(-theftsAround), to.Add(theftsAround)
	i, _ := slices.BinarySearchFunc(w.seen, from, time.Time.Compare)
	return i < len(w.seen) && !w.seen[i].After(to)
}
