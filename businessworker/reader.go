package businessworker

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/uncleared"
)

// A reader hands the events of one gateway to the dispatcher until the
// connection ends. It is used by one goroutine.
type reader struct {
	gc    *gatewayConn
	slab  []byte
	start int // of what is not decoded yet
	end   int
	frame int   // length of the frame that is not complete yet, 0 if not known
	err   error // why nothing more is read
	batch []*Event
	block []Event // not used yet; all events of a block are in one slab
}

// slabSize is how much is read at once. Events refer to the bytes where they
// were read, so a slab is never used twice.
const slabSize = 64 << 10

// maxEvent is the longest frame taken from a gateway: a client's message and its
// session may each be as long as a whole frame of the other direction. PHP's
// worker ends the connection at a third of that, for all clients of the gateway.
const maxEvent = 3 * gatewayprotocol.MaxPackageSize

// leastRead is the room in a slab below which the next one is begun.
const leastRead = 4 << 10

// mostRead is how much is read at once of a long event: the kernel copies
// megabytes for milliseconds, and Go's collector waits for it.
const mostRead = 256 << 10

// eventBlock is the number of events made at once. A program that keeps an event
// keeps its slab, and with it the others of its block.
const eventBlock = 16

func newReader(gc *gatewayConn) *reader {
	return &reader{gc: gc, slab: make([]byte, slabSize)}
}

// run reads until the connection ends, or ctx while the queue is full.
func (r *reader) run(ctx context.Context) error {
	for r.err == nil {
		r.makeRoom()
		var n int
		n, r.err = r.gc.in.Read(r.slab[r.end:min(len(r.slab), r.end+mostRead)])
		r.end += n
		r.decode()
		if len(r.batch) == 0 {
			continue
		}
		if err := r.gc.worker.dispatcher.add(ctx, r.batch); err != nil {
			return err
		}
		clear(r.batch)
		r.batch = r.batch[:0]
	}
	return r.err
}

// unread returns what was read of a frame that is not whole yet.
func (r *reader) unread() []byte { return r.slab[r.start:r.end] }

// restore has the reader go on behind what another one has read.
func (r *reader) restore(unread []byte) {
	if len(unread) > len(r.slab) {
		r.slab = make([]byte, len(unread)+slabSize)
	}
	r.start, r.end = 0, copy(r.slab, unread)
	if r.end > 0 {
		r.decode() // learns how long the frame is; none is whole
	}
}

// decode takes the events that are there whole.
func (r *reader) decode() {
	r.frame = 0
	for {
		buf := r.slab[r.start:r.end]
		if isAnswer(buf) {
			payload, n, _ := gatewayprotocol.DecodeReply(buf, 0)
			if n == 0 {
				return // not whole yet
			}
			if r.gc.lane.Answered(payload) == nil {
				r.err = fmt.Errorf("an answer of %d bytes to no question", len(payload))
				return
			}
			r.start += n
			continue
		}
		frame, err := gatewayprotocol.FrameLen(buf, maxEvent)
		if err != nil {
			r.err = err
			return
		}
		if frame == 0 || r.end-r.start < frame {
			r.frame = frame
			return
		}
		if len(r.block) == 0 {
			r.block = make([]Event, eventBlock)
		}
		e := &r.block[0]
		_, _ = gatewayprotocol.DecodeMessage(r.slab[r.start:r.end], &e.msg, maxEvent) // the length is good
		r.start += frame
		if r.gc.isEvent(e) {
			e.conn = r.gc
			r.block = r.block[1:]
			r.batch = append(r.batch, e)
		}
	}
}

// isAnswer reports whether buf begins with the answer to a question of the
// connection's Lane, which stands between the gateway's frames and is no frame:
// its length is less than that of a frame's head.
func isAnswer(buf []byte) bool {
	return len(buf) >= gatewayprotocol.ReplyHeadLen && binary.BigEndian.Uint32(buf) < gatewayprotocol.HeadLen
}

// makeRoom begins a new slab if the next frame may not fit.
func (r *reader) makeRoom() {
	need := leastRead
	if r.frame > 0 {
		need = r.frame - (r.end - r.start)
	}
	if len(r.slab)-r.end >= need {
		return
	}
	next := uncleared.Bytes(max(slabSize, (r.end-r.start)+need))
	r.end = copy(next, r.slab[r.start:r.end])
	r.start, r.slab, r.block = 0, next, nil
}

func (gc *gatewayConn) isEvent(e *Event) bool {
	switch e.msg.Cmd {
	case gatewayprotocol.CmdOnConnect, gatewayprotocol.CmdOnMessage,
		gatewayprotocol.CmdOnClose, gatewayprotocol.CmdOnWebSocketConnect:
		return true
	case gatewayprotocol.CmdPing:
	default:
		gc.log.Warnf("ignoring a frame with command %s", e.msg.Cmd)
	}
	return false
}
