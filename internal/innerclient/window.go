package innerclient

import (
	"context"
	"sync"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// A window bounds the questions that wait for their answers on one connection.
//
// It is more than flow control. A gateway silently drops an answer when
// the bytes it could not send yet have reached its bound (10,240,000), and the
// next answer would then be taken for it. So answers that may be large travel
// with nothing behind them, and the others only as many at a time as cannot
// reach the bound.
type window struct {
	mu      sync.Mutex // guards all below
	used    int
	waiting []*admission
}

type admission struct {
	weight int
	ready  chan struct{}
}

const windowSize = 1024

// queryWeight says how much of the window a question takes.
func queryWeight(cmd gatewayprotocol.Command) int {
	switch cmd {
	case gatewayprotocol.CmdIsOnline, gatewayprotocol.CmdGetClientCountByGroup:
		return 1 // an integer
	case gatewayprotocol.CmdGetSessionByClientID, gatewayprotocol.CmdGetClientIDByUID:
		return windowSize / 16 // one session, the clients of one uid: hundreds of kilobytes at most
	}
	return windowSize // lists of any length
}

func (w *window) fitsLocked(weight int) bool {
	return w.used == 0 || w.used+weight <= windowSize
}

// tryAcquire takes weight if that is possible at once.
func (w *window) tryAcquire(weight int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.waiting) > 0 || !w.fitsLocked(weight) {
		return false
	}
	w.used += weight
	return true
}

// acquire waits for weight, first come first served.
func (w *window) acquire(ctx context.Context, weight int) error {
	if w.tryAcquire(weight) {
		return nil
	}
	w.mu.Lock()
	a := &admission{weight: weight, ready: make(chan struct{})}
	w.waiting = append(w.waiting, a)
	w.admitLocked()
	w.mu.Unlock()
	select {
	case <-a.ready:
		return nil
	case <-ctx.Done():
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, b := range w.waiting {
		if b == a {
			w.waiting = append(w.waiting[:i], w.waiting[i+1:]...)
			w.admitLocked()
			return ctx.Err()
		}
	}
	w.used -= weight // admitted meanwhile
	w.admitLocked()
	return ctx.Err()
}

func (w *window) release(weight int) {
	w.mu.Lock()
	w.used -= weight
	w.admitLocked()
	w.mu.Unlock()
}

func (w *window) admitLocked() {
	for len(w.waiting) > 0 && w.fitsLocked(w.waiting[0].weight) {
		a := w.waiting[0]
		w.waiting = w.waiting[1:]
		w.used += a.weight
		close(a.ready)
	}
}
