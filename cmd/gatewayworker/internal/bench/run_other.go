//go:build !linux

package bench

import (
	"context"
	"fmt"
	"runtime"
	"time"
)

func run(context.Context, *plan) (Report, error) {
	return Report{}, fmt.Errorf("bench: not on %s: the load generator needs Linux (epoll, /proc)", runtime.GOOS)
}

func processClock(int) (time.Duration, bool) { return 0, false }
