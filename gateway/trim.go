package gateway

import (
	"context"
	"maps"
	"runtime/debug"
	"time"
)

const (
	// trimInterval is how often a gateway looks whether it has become much
	// smaller.
	trimInterval = 5 * time.Second
	// trimClients is the number of clients below which memory is not worth the
	// trouble.
	trimClients = 1000
)

// trim gives memory back to the system after most clients have gone, until ctx
// ends. Without it, what thousands of clients took would stay with the process:
// Go's maps never shrink, and its collector sees no reason to run when nothing
// happens any more.
func (g *Gateway) trim(ctx context.Context) {
	ticker := time.NewTicker(trimInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if g.hub.shrink() {
				debug.FreeOSMemory()
			}
		}
	}
}

// shrink makes the hub's maps anew if there are less than half as many clients
// as there once were since the last time, and reports whether it did.
func (h *hub) shrink() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.peak < trimClients || len(h.clients) >= h.peak/2 {
		return false
	}
	h.peak = len(h.clients)
	h.clients = remade(h.clients)
	h.uids = remade(h.uids)
	h.groups = remade(h.groups)
	return true
}

func remade[K comparable, V any](m map[K]V) map[K]V {
	small := make(map[K]V, len(m))
	maps.Copy(small, m)
	return small
}
