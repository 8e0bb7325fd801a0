package outqueue

import (
	"sync"
	"sync/atomic"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/netloop"
)

// Queue is what a client has yet to be sent. An idle client has none.
//
// Messages are first referred to and offered to the kernel when the batch that
// queued them is flushed. What the kernel does not take is copied (Own) and goes
// out when the socket turns writable; from then on new messages are copied behind
// it until it is gone.
//
// What is copied stands in chunks: a queue that grows copies nothing twice, and
// leaves no memory behind that is too small. Chunks that are sent are let go.
//
// Get returns one; Release gives it back.
type Queue struct {
	pieces [][]byte
	size   int    // bytes in pieces
	own    bool   // the pieces are chunks, of which the last may be longer than what is in it
	spare  []byte // memory for the next chunk; nil if there is none
}

var pool = sync.Pool{New: func() any { return new(Queue) }}

// Get returns an empty queue.
func Get() *Queue { return pool.Get().(*Queue) }

const (
	// keepChunk is the largest chunk that goes back to the pool with its queue.
	keepChunk = 16 << 10
	minChunk  = 512
	// maxChunk is what a client that reads nothing has more memory than bytes for,
	// at most. It is four records of TLS.
	maxChunk = 64 << 10
)

// freed counts the bytes of chunks that queues have let go of.
var freed atomic.Uint64

// Freed returns how many bytes of memory queues of this program have let go of,
// the chunks aside that they keep for the next time.
func Freed() uint64 { return freed.Load() }

// Empty reports whether nothing waits.
func (q *Queue) Empty() bool { return q.size == 0 }

// Release empties the queue and gives it back.
func (q *Queue) Release() {
	if q.own {
		for _, p := range q.pieces {
			q.free(p)
		}
	}
	q.clear()
	pool.Put(q)
}

// clear forgets the pieces.
func (q *Queue) clear() {
	clear(q.pieces)
	q.pieces, q.size, q.own = q.pieces[:0], 0, false
	if cap(q.pieces) > 1024 {
		q.pieces = nil
	}
}

// free lets go of a chunk, of which the first bytes may have been cut off.
func (q *Queue) free(chunk []byte) {
	if cap(chunk) > keepChunk {
		freed.Add(uint64(cap(chunk)))
	} else if cap(chunk) > cap(q.spare) {
		q.spare = chunk[:0]
	}
}

// Refer puts b behind the pieces without copying it: b must stay as it is until
// it is written, or copied by Own. The queue must not own its pieces.
func (q *Queue) Refer(b []byte) {
	q.size += len(b)
	if n := len(q.pieces); n > 0 {
		if joined, ok := coalesce(q.pieces[n-1], b); ok {
			q.pieces[n-1] = joined
			return
		}
	}
	q.pieces = append(q.pieces, b)
}

// Len returns the number of bytes that wait.
func (q *Queue) Len() int { return q.size }

// Pieces returns what waits.
func (q *Queue) Pieces() [][]byte { return q.pieces }

// Take takes out all that waits, if the queue owns it, and leaves list's memory
// for the next pieces.
func (q *Queue) Take(list [][]byte) [][]byte {
	if !q.own {
		return nil
	}
	taken := q.pieces
	clear(list)
	q.pieces, q.size, q.own = list[:0], 0, false
	return taken
}

// Append copies b behind what waits, of which the queue must own all.
func (q *Queue) Append(b []byte) {
	q.own = true
	for len(b) > 0 {
		n := len(q.pieces)
		if n == 0 || len(q.pieces[n-1]) == cap(q.pieces[n-1]) {
			q.pieces = append(q.pieces, q.chunk(len(b)))
			n++
		}
		last := &q.pieces[n-1]
		room := b[:min(len(b), cap(*last)-len(*last))]
		*last = append(*last, room...)
		q.size += len(room)
		b = b[len(room):]
	}
}

// chunk returns an empty chunk, to which n bytes are about to be appended: of the
// size of what waits already, as more may come.
func (q *Queue) chunk(n int) []byte {
	if chunk := q.spare; chunk != nil {
		q.spare = nil
		return chunk
	}
	return make([]byte, 0, min(max(n, q.size, minChunk), maxChunk))
}

// Own drops the first n bytes, which were written, and copies what is left, unless
// it was copied before.
func (q *Queue) Own(n int) {
	if !q.own {
		referred := q.pieces
		q.pieces, q.size = nil, 0
		for _, p := range referred {
			cut := min(n, len(p))
			n -= cut
			q.Append(p[cut:])
		}
		q.own = true
		return
	}
	whole := 0
	for ; whole < len(q.pieces) && n >= len(q.pieces[whole]); whole++ {
		n -= len(q.pieces[whole])
		q.size -= len(q.pieces[whole])
		q.free(q.pieces[whole])
	}
	kept := copy(q.pieces, q.pieces[whole:])
	clear(q.pieces[kept:])
	q.pieces = q.pieces[:kept]
	if n > 0 {
		q.pieces[0] = q.pieces[0][n:]
		q.size -= n
	}
}

// Join puts what waits in other behind what waits in q, and releases other. Both
// own what waits.
func (q *Queue) Join(other *Queue) {
	if other.size > keepChunk {
		q.pieces = append(q.pieces, other.pieces...)
		q.size += other.size
		q.own = true
		other.clear()
		pool.Put(other)
		return
	}
	for _, p := range other.pieces { // else many chunks could stay nearly empty
		q.Append(p)
	}
	other.Release()
}

// Scratch is what a goroutine needs to write queues.
type Scratch struct {
	iovecs netloop.Iovecs
	copied []byte
}

// Copied returns the memory into which small pieces are copied. The caller may
// let it grow.
func (s *Scratch) Copied() *[]byte { return &s.copied }

// copiedSize is up to which size several pieces are copied into one: that costs
// less than describing them to the kernel.
const copiedSize = 4096

// WriteTo offers everything to the kernel and returns how many bytes it took.
// The error is netloop.ErrAgain when it did not take all.
func (q *Queue) WriteTo(fd *netloop.FD, s *Scratch) (n int, err error) {
	switch {
	case len(q.pieces) == 0:
		return 0, nil
	case len(q.pieces) == 1:
		return fd.Write(q.pieces[0])
	case q.size <= copiedSize:
		s.copied = s.copied[:0]
		for _, p := range q.pieces {
			s.copied = append(s.copied, p...)
		}
		return fd.Write(s.copied)
	}
	for pieces := q.pieces; len(pieces) > 0; {
		offered := pieces[:min(len(pieces), netloop.MaxPieces)]
		m, err := fd.Writev(offered, &s.iovecs)
		n += m
		if err != nil {
			return n, err
		}
		pieces = pieces[len(offered):]
	}
	return n, nil
}

// Cap returns the size of the memory that the scratch space keeps.
func (s *Scratch) Cap() int { return cap(s.copied) }
