package outqueue

import (
	"sync"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/netloop"
)

// Queue is what a client has yet to be sent. An idle client has none.
//
// Messages are first referred to (pieces) and offered to the kernel when the
// batch that queued them is flushed. What the kernel does not take is copied
// (rest) and goes out when the socket turns writable; from then on new messages
// are copied behind it until it is gone. So pieces and rest are never both in
// use.
//
// Get returns one; Release gives it back.
type Queue struct {
	pieces [][]byte
	size   int // bytes in pieces
	rest   []byte
}

var pool = sync.Pool{New: func() any { return new(Queue) }}

// Get returns an empty queue.
func Get() *Queue { return pool.Get().(*Queue) }

// keepRest is the largest rest buffer that goes back to the pool with its queue.
const keepRest = 16 << 10

// Empty reports whether nothing waits.
func (q *Queue) Empty() bool { return len(q.pieces) == 0 && len(q.rest) == 0 }

// Release empties the queue and gives it back.
func (q *Queue) Release() {
	clear(q.pieces)
	q.pieces, q.size = q.pieces[:0], 0
	if cap(q.rest) > keepRest {
		q.rest = nil
	}
	q.rest = q.rest[:0]
	if cap(q.pieces) > 1024 {
		q.pieces = nil
	}
	pool.Put(q)
}

// Refer puts b behind the pieces without copying it: b must stay as it is until
// it is written, or copied by CopyTail. Nothing may be in the rest.
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
func (q *Queue) Len() int { return q.size + len(q.rest) }

// Pieces returns what is referred to; nil when there is a rest.
func (q *Queue) Pieces() [][]byte { return q.pieces }

// Rest returns what was copied. The next call that adds to the queue may change
// it.
func (q *Queue) Rest() []byte { return q.rest }

// TakeRest takes out what was copied, and leaves spare's memory for what is
// copied next.
func (q *Queue) TakeRest(spare []byte) []byte {
	rest := q.rest
	q.rest = spare[:0]
	return rest
}

// Append copies b behind the rest.
func (q *Queue) Append(b []byte) { q.rest = append(q.rest, b...) }

// CopyTail copies what is left of the pieces, after n bytes were written, to
// rest.
func (q *Queue) CopyTail(n int) {
	if len(q.pieces) == 0 {
		q.rest = append(q.rest[:0], q.rest[n:]...)
		return
	}
	for _, p := range q.pieces {
		if n >= len(p) {
			n -= len(p)
			continue
		}
		q.rest = append(q.rest, p[n:]...)
		n = 0
	}
	clear(q.pieces)
	q.pieces, q.size = q.pieces[:0], 0
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
		return fd.Write(q.rest)
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
