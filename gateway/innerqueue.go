package gateway

import (
	"encoding/binary"
	"net"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/netloop"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// innerQueue is what waits for an inner connection. What is short stands one behind
// the other in a chunk, and a long message is a piece by itself, which is not copied:
// however much waits, nothing is copied twice, and nobody who adds a few bytes has
// to wait until megabytes are moved elsewhere.
type innerQueue struct {
	full   [][]byte // go out before last
	last   []byte   // is appended to
	behind int      // bytes in full
}

const (
	// innerChunk is the size from which a chunk is not appended to any more, and how
	// much the kernel is offered at a time: it copies for milliseconds else, and
	// Go's collector waits for it.
	innerChunk = 256 << 10
	// innerLong is the length from which a message is a piece by itself.
	innerLong = 64 << 10
)

func (q *innerQueue) len() int { return q.behind + len(q.last) }

// room begins a new chunk if the last one is full.
func (q *innerQueue) room() {
	if len(q.last) >= innerChunk {
		q.push(q.last)
		q.last = make([]byte, 0, innerChunk+innerLong)
	}
}

// push puts p behind full.
func (q *innerQueue) push(p []byte) {
	if len(p) > 0 {
		q.full = append(q.full, p)
		q.behind += len(p)
	}
}

// keep puts a long message behind what waits. Nobody changes it any more.
func (q *innerQueue) keep(p []byte) {
	q.push(q.last)
	q.push(p)
	q.last = nil
}

// event appends a frame. A body of innerLong bytes and more is kept.
func (q *innerQueue) event(m *gatewayprotocol.Message, ext, body []byte) {
	q.room()
	q.last = gatewayprotocol.AppendHead(q.last, m, len(ext), len(body))
	q.last = append(q.last, ext...)
	if len(body) >= innerLong {
		q.keep(body)
		return
	}
	q.last = append(q.last, body...)
}

// reply appends an answer.
func (q *innerQueue) reply(payload []byte) {
	q.room()
	if len(payload) < innerLong {
		q.last = gatewayprotocol.AppendReply(q.last, payload)
		return
	}
	q.last = binary.BigEndian.AppendUint32(q.last, uint32(len(payload)))
	q.keep(append([]byte(nil), payload...))
}

// writeTo offers what waits to the kernel, most bytes or a little more, and takes out
// what the kernel takes. The error is netloop.ErrAgain when that was not all.
func (q *innerQueue) writeTo(fd *netloop.FD, most int, g *Gateway) error {
	for least := q.len() - most; q.len() > max(0, least); {
		p := &q.last
		if len(q.full) > 0 {
			p = &q.full[0]
		}
		n, err := fd.Write((*p)[:min(len(*p), innerChunk)])
		*p = (*p)[n:]
		if len(q.full) > 0 {
			q.behind -= n
			g.freed.Add(uint64(n))
			if len(*p) == 0 {
				*p = nil
				q.full = q.full[1:]
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// writeAll writes everything to a connection that waits, and empties the queue.
func (q *innerQueue) writeAll(conn net.Conn) error {
	for _, p := range append(q.full, q.last) {
		if _, err := conn.Write(p); err != nil {
			return err
		}
	}
	*q = innerQueue{}
	return nil
}

// join puts what has come meanwhile behind what is left.
func (q *innerQueue) join(come innerQueue) {
	if len(come.full) == 0 && len(q.last)+len(come.last) <= innerChunk { // else many pieces could be short
		q.last = append(q.last, come.last...)
		return
	}
	q.push(q.last)
	q.full = append(q.full, come.full...)
	q.behind += come.behind
	q.last = come.last
}

// letGo forgets everything.
func (q *innerQueue) letGo(g *Gateway) {
	for _, p := range q.full {
		g.letGo(p)
	}
	g.letGo(q.last)
	*q = innerQueue{}
}

// pieces returns what waits.
func (q *innerQueue) pieces() [][]byte { return append(q.full[:len(q.full):len(q.full)], q.last) }
