package register

import (
	"net"
	"sync"
	"time"
)

// outQueue owns all writes to one connection. Lines are queued without
// blocking; a goroutine, started with the first of them, writes them in order.
// The lines are shared between connections and never modified.
type outQueue struct {
	nc      net.Conn
	catchUp func()        // called by the writer, without mu, when it has sent all and is behind
	done    chan struct{} // closed when the socket is closed and the writer is gone

	mu      sync.Mutex // guards the rest
	wake    sync.Cond
	lines   [][]byte
	size    int // bytes of lines, and of those being written
	writing bool
	behind  bool // a line was not queued for want of room
	closing bool // nothing is queued any more; what is queued goes out
}

func newOutQueue(nc net.Conn, catchUp func()) *outQueue {
	q := &outQueue{nc: nc, catchUp: catchUp, done: make(chan struct{})}
	q.wake.L = &q.mu
	return q
}

// push queues a line. When limit bytes are waiting it is left out, and the
// peer counts as behind until a later line is queued.
func (q *outQueue) push(line []byte, limit int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closing {
		return
	}
	q.behind = q.size >= limit
	if !q.behind {
		q.appendLocked(line)
	}
}

func (q *outQueue) appendLocked(line []byte) {
	q.lines = append(q.lines, line)
	q.size += len(line)
	if !q.writing {
		q.writing = true
		go q.write()
	}
	q.wake.Signal()
}

// takeBehind reports whether the peer is behind, and forgets it.
func (q *outQueue) takeBehind() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	was := q.behind
	q.behind = false
	return was
}

// finish sends what is queued, last if it is not nil, and closes the socket.
// It does not wait for that. A peer that does not read is given
// farewellTimeout.
func (q *outQueue) finish(last []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closing {
		return
	}
	q.closing = true
	q.behind = false
	if last != nil {
		q.appendLocked(last)
	}
	if !q.writing {
		q.nc.Close()
		close(q.done)
		return
	}
	q.nc.SetWriteDeadline(time.Now().Add(farewellTimeout))
	q.wake.Signal()
}

// abort closes the socket at once; what is queued is lost.
func (q *outQueue) abort() {
	q.nc.Close()
	q.finish(nil)
}

// wait returns when the socket is closed and nothing is written any more.
func (q *outQueue) wait() { <-q.done }

func (q *outQueue) write() {
	defer close(q.done)
	defer q.nc.Close()
	for {
		batch, ok := q.next()
		if !ok {
			return
		}
		if batch == nil {
			q.catchUp()
			continue
		}
		n := 0
		for _, line := range batch {
			n += len(line)
		}
		bufs := net.Buffers(batch)
		_, err := bufs.WriteTo(q.nc)
		q.mu.Lock()
		q.size -= n
		if err != nil {
			// The reader finds the socket closed and ends the connection.
			q.closing, q.lines = true, nil
		}
		q.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// next waits for lines. It returns nil lines when there are none and the peer
// is behind, and false when all is sent and the queue is closing.
func (q *outQueue) next() ([][]byte, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		switch {
		case len(q.lines) > 0:
			batch := q.lines
			q.lines = nil
			return batch, true
		case q.closing:
			return nil, false
		case q.behind:
			return nil, true
		}
		q.wake.Wait()
	}
}
