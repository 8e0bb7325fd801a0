package outqueue

// Arena holds the bytes that a batch of commands queues for clients. Messages
// stand in it one behind the other, and a client's queue refers to them: a
// broadcast is encoded once, and a burst of broadcasts is one piece for each
// client, because its messages are neighbours.
//
// The bytes are valid until Reset, which the batch's owner calls when all that
// refers to them has been written or copied. The zero value is empty.
type Arena struct {
	buf  []byte
	used int // bytes given out since Reset, over all buffers
}

const (
	arenaSize = 64 << 10 // first buffer
	arenaKeep = 1 << 20  // largest buffer kept from batch to batch
)

// Tail returns an empty slice to append up to n bytes to, behind what is there.
// When the buffer is full a new one takes its place; the old one lives on as
// long as queues refer to it.
func (a *Arena) Tail(n int) []byte {
	if cap(a.buf)-len(a.buf) < n {
		size := max(arenaSize, n)
		if cap(a.buf) >= size && cap(a.buf) < arenaKeep {
			size = 2 * cap(a.buf)
		}
		a.buf = make([]byte, 0, size)
	}
	return a.buf[len(a.buf):len(a.buf)]
}

// Commit says that b, made by appending to Tail, is in use, and returns it with
// its capacity left open to its neighbour (see coalesce).
func (a *Arena) Commit(b []byte) []byte {
	a.used += len(b)
	if cap(b) > 0 && cap(a.buf) > len(a.buf) && &b[:1][0] == &a.buf[:len(a.buf)+1][len(a.buf)] {
		a.buf = a.buf[:len(a.buf)+len(b)]
	}
	return b
}

// Reset forgets everything.
func (a *Arena) Reset() {
	a.used = 0
	if cap(a.buf) > arenaKeep {
		a.buf = nil
		return
	}
	a.buf = a.buf[:0]
}

// coalesce returns last extended by next, if next lies right behind it in the
// same buffer.
func coalesce(last, next []byte) ([]byte, bool) {
	n := len(last)
	if n == 0 || len(next) == 0 || cap(last)-n < len(next) || &last[:n+1][n] != &next[0] {
		return last, false
	}
	return last[:n+len(next)], true
}

// Used returns the number of bytes given out since Reset.
func (a *Arena) Used() int { return a.used }

// Cap returns the size of the memory that the arena keeps.
func (a *Arena) Cap() int { return cap(a.buf) }
