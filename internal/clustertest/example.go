package clustertest

import (
	"fmt"
	"slices"
	"testing"
)

// Example returns what stands for a test in an Example function, which has none,
// and a function that ends what was started with it. A failure is a panic.
func Example() (t testing.TB, end func()) {
	e := &example{}
	return e, func() {
		for _, f := range slices.Backward(e.cleanups) {
			f()
		}
	}
}

type example struct {
	testing.TB // nil: the methods that this package uses stand below
	cleanups   []func()
}

func (e *example) Helper() {}

func (e *example) Failed() bool { return false }

func (e *example) Cleanup(f func()) { e.cleanups = append(e.cleanups, f) }

func (e *example) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

func (e *example) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
