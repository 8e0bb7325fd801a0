// Package testwait waits, in tests, for what gives no event: a counter, another
// process's port, a file, the end of goroutines.
package testwait

import (
	"testing"
	"time"
)

// patience is for machines that are many times slower than ours, and never used up
// on them all the same: what takes longer does not come.
const patience = 2 * time.Minute

// Until returns when cond has become true. It asks again and again.
func Until(t testing.TB, what string, cond func() bool) {
	t.Helper()
	pause := 100 * time.Microsecond
	for deadline := time.Now().Add(patience); !cond(); time.Sleep(pause) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v in vain for: %s", patience, what)
		}
		pause = min(2*pause, 10*time.Millisecond)
	}
}
