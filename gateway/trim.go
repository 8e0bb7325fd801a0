package gateway

import (
	"cmp"
	"context"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/outqueue"
)

const (
	// trimInterval is how often a gateway looks whether it has become much
	// smaller.
	trimInterval = 5 * time.Second
	// trimHandshakes is the number of TLS handshakes whose garbage is worth it:
	// each makes some 55 KB of it, and as much as is in use stays, several KB a
	// client.
	trimHandshakes = 1000
	// trimQuiet is the number of TLS handshakes within trimInterval up to which
	// a rush counts as over. While many connect, memory would be needed again
	// at once.
	trimQuiet = 50

	// trimBytes is how many bytes of large buffers that connections have let go of
	// are worth it, and trimQuietBytes as many within trimInterval as can be while
	// they come and go no more: 100 clients that read nothing take 100 MB, which
	// would stay with the process when they have gone.
	trimBytes      = 32 << 20
	trimQuietBytes = 1 << 20
)

// trim gives memory back to the system after most clients have gone, after many
// have come with TLS, and after large buffers were let go, until ctx ends. Without it, what thousands of clients
// took would stay with the process: Go's maps never shrink, and its collector
// sees no reason to run when nothing happens any more.
func (g *Gateway) trim(ctx context.Context) {
	ticker := time.NewTicker(cmp.Or(g.opts.trimInterval, trimInterval))
	defer ticker.Stop()
	handshakes := rush{few: trimQuiet, many: trimHandshakes}
	buffers := rush{few: trimQuietBytes, many: trimBytes, last: g.freedBytes(), trimmed: g.freedBytes()}
	shrunk := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			g.standstill.RLock()
			over := handshakes.over(g.handshaken.Load())
			over = buffers.over(g.freedBytes()) || over
			before := shrunk
			shrunk = g.hub.Trim()
			// Once more a little later: the last ones may just be going.
			if shrunk || before || over {
				g.clients.trim(ctx)
				g.inner.trim(ctx)
				if !g.options().KeepMemory {
					runtime.GC() // what is in pools survives one collection
					debug.FreeOSMemory()
				}
			}
			g.standstill.RUnlock()
		}
	}
}

// letGo counts a buffer that is not used any more, if it is a large one.
func (g *Gateway) letGo(buf []byte) {
	if cap(buf) > keepUnread {
		g.freed.Add(uint64(cap(buf)))
	}
}

// freedBytes is what the large buffers that connections have let go of had.
func (g *Gateway) freedBytes() uint64 { return g.freed.Load() + outqueue.Freed() }

// rush follows a count, of TLS handshakes or bytes: up to few in an interval are
// none, and fewer than many are not worth it.
type rush struct{ few, many, last, trimmed uint64 }

// over gets the count every trimInterval, and reports whether a rush has come and
// gone since it last did.
func (r *rush) over(count uint64) bool {
	quiet := count-r.last <= r.few
	r.last = count
	if !quiet || count-r.trimmed < r.many {
		return false
	}
	r.trimmed = count
	return true
}

// trimRequest is how a loop's goroutine is asked to let go of the memory that it
// keeps from batch to batch, which only that goroutine may touch.
type trimRequest struct{ asked atomic.Pointer[chan struct{}] }

// ask has the loop do it and waits until it has, or ctx ends. wake makes the
// loop look. One goroutine asks at a time.
func (r *trimRequest) ask(ctx context.Context, wake func()) {
	done := make(chan struct{})
	r.asked.Store(&done)
	wake()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// answer calls trim if it was asked for.
func (r *trimRequest) answer(trim func()) {
	if done := r.asked.Swap(nil); done != nil {
		trim()
		close(*done)
	}
}
