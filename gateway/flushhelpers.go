package gateway

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// flushHelpers let the inner loop flush many clients on all cores at once.
type flushHelpers struct {
	batches []*batch
}

// A list of clients is dealt out in shares of this size; below two shares it is
// not worth waking anybody.
const flushShare = 64

func newFlushHelpers(g *Gateway) *flushHelpers {
	h := new(flushHelpers)
	for range runtime.GOMAXPROCS(0) - 1 {
		h.batches = append(h.batches, &batch{inner: true})
	}
	return h
}

// flush flushes the clients, with b on this goroutine and the helpers' batches
// on others, and returns when all are done.
func (h *flushHelpers) flush(b *batch, clients []*client) {
	var next atomic.Int64
	work := func(b *batch) {
		for {
			to := int(next.Add(flushShare))
			from := to - flushShare
			if from >= len(clients) {
				return
			}
			for _, c := range clients[from:min(to, len(clients))] {
				c.flush(b)
			}
		}
	}
	var helpers sync.WaitGroup
	for _, hb := range h.batches {
		helpers.Go(func() {
			work(hb)
			hb.flush()
		})
	}
	work(b)
	helpers.Wait()
}
