package gateway

import (
	"sync"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/netloop"
)

// outQueue is what a client has yet to be sent. An idle client has none.
//
// Messages are first referred to (pieces) and offered to the kernel when the
// batch that queued them is flushed. What the kernel does not take is copied
// (rest) and goes out when the socket turns writable; from then on new messages
// are copied behind it until it is gone. So pieces and rest are never both in
// use.
type outQueue struct {
	pieces [][]byte
	size   int // bytes in pieces
	rest   []byte
}

var outQueues = sync.Pool{New: func() any { return new(outQueue) }}

// keepRest is the largest rest buffer that goes back to the pool with its queue.
const keepRest = 16 << 10

func (q *outQueue) empty() bool { return len(q.pieces) == 0 && len(q.rest) == 0 }

func (q *outQueue) release() {
	clear(q.pieces)
	q.pieces, q.size = q.pieces[:0], 0
	if cap(q.rest) > keepRest {
		q.rest = nil
	}
	q.rest = q.rest[:0]
	if cap(q.pieces) > 1024 {
		q.pieces = nil
	}
	outQueues.Put(q)
}

// lifetime says how long bytes given to a queue stay as they are.
type lifetime uint8

const (
	shortLived lifetime = iota // during the call: they are copied
	arenaLived                 // until the inner loop's batch is flushed
	immortal                   // as long as they are used: nothing changes them
)

// add refers to b as the next piece.
func (q *outQueue) add(b []byte) {
	q.size += len(b)
	if n := len(q.pieces); n > 0 {
		if joined, ok := coalesce(q.pieces[n-1], b); ok {
			q.pieces[n-1] = joined
			return
		}
	}
	q.pieces = append(q.pieces, b)
}

// copyTail copies what is left of the pieces, after n bytes were written, to
// rest.
func (q *outQueue) copyTail(n int) {
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

// writeScratch is what a goroutine needs to write queues.
type writeScratch struct {
	iovecs netloop.Iovecs
	copied []byte
}

// copiedSize is up to which size several pieces are copied into one: that costs
// less than describing them to the kernel.
const copiedSize = 4096

// writeTo offers everything to the kernel and returns how many bytes it took.
// The error is netloop.ErrAgain when it did not take all.
func (q *outQueue) writeTo(fd *netloop.FD, s *writeScratch) (n int, err error) {
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
