package clientproto

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/go-gatewayworker/gatewayworker/internal/uncleared"
)

const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xa

	fin     = 0x80
	rsv1    = 0x40
	maskBit = 0x80

	// minFrame is the shortest frame of a client: two bytes and the mask. As
	// in PHP nothing is judged before that many are there.
	minFrame = 6
)

// closeAnswer answers every close frame: a close frame with status 1000.
var closeAnswer = []byte("\x88\x02\x03\xe8")

var (
	errUnmasked          = errors.New("websocket: frame is not masked")
	errFragmentedControl = errors.New("websocket: control frame in fragments")
)

// websocket speaks RFC 6455 as a server. Like the original (Workerman's
// Protocols/Websocket.php) it is tolerant of clients:
//
//   - A request needs a method that starts with GET, version 13 and a key;
//     nothing else is checked (handshake).
//   - Lengths need not be the shortest (RFC 6455 section 5.2).
//   - RSV2 and RSV3 are ignored. RSV1 on data means deflated (RFC 7692) although
//     that was not negotiated, unless Options.RefuseUnnegotiated; what is sent is
//     not deflated then.
//   - A message may begin with a continuation frame and continue with text or
//     binary frames (5.4): every data frame without FIN is put before the next.
//   - Text need not be UTF-8 (8.1). Text and binary are the same message.
//   - Control frames may have any size (5.5). Each close frame is answered by
//     status 1000, whatever is in it (7.4), as soon as six bytes of it are there.
//
// An unmasked frame, an unknown opcode, and a frame that is longer than
// the bound together with the fragments before it end the connection without a
// close frame.
//
// With a client that has negotiated permessage-deflate, which no client of the
// original can, RFC 7692 is kept to: see checkRSV1 and inflated.
//
// Where the original has faults, this codec differs:
//
//   - Ping and pong between fragments leave these alone. (PHP puts the fragments
//     into the pong.)
//   - Control frames in fragments end the connection. (PHP: part of a message.)
//   - Deflated data that is damaged or inflates to more than the bound ends the
//     connection. (PHP: the process, with all clients.)
//   - Deflated messages that inflate to more than the client's inflateBudget end
//     the connection. (PHP has no such bound.)
//   - A deflated message may be in fragments. (PHP: garbage.) The payload of a
//     ping is never inflated.
//   - A frame means the same to every client. (PHP remembers packets of up to
//     2 KiB by their bytes and so delivers one client's fragments as another's.)
//   - A request head has at most maxRequestHead bytes (PHP: no limit), and only
//     the head is searched for version and key (PHP: all that has arrived).
type websocket struct {
	opcode  byte     // of the frames that are sent
	max     int      // the bound: bytes in a frame and the fragments before it
	dialect *dialect // of the handshake

	refuseRSV1 bool
	asideFrom  int              // the length of a compressed message that may be inflated beside
	now        func() time.Time // for inflateBudget
}

func (*websocket) Handshakes() bool { return true }

func (c *websocket) Decode(st *State, buf []byte, h Handler) (int, error) {
	st.need = 0
	off := 0
	if st.handshaken && st.deferred {
		return 0, nil
	}
	if !st.handshaken {
		n, err := c.dialect.handshake(st, buf, h)
		if err != nil || !st.handshaken {
			return n, err
		}
		off = n
	}

	for off < len(buf) {
		if h.Closing() {
			return len(buf), nil
		}
		rest := buf[off:]
		if len(rest) < minFrame {
			st.need = minFrame
			break
		}
		if rest[1]&maskBit == 0 {
			return off, errUnmasked
		}
		b0 := rest[0]
		if b0&rsv1 != 0 {
			if err := c.checkRSV1(st, b0); err != nil {
				return off, err
			}
		}
		opcode := b0 & 0xf
		switch opcode {
		case opContinuation, opText, opBinary, opPing, opPong:
		case opClose:
			// The answer does not depend on what follows, and nothing after it
			// is read.
			h.Close(closeAnswer)
			return len(buf), nil
		default:
			return off, fmt.Errorf("websocket: unknown opcode %#x", opcode)
		}

		head := minFrame
		size := uint64(rest[1] & 0x7f)
		switch size {
		case 126:
			head = 8
			if len(rest) < head {
				st.need = uint32(head)
				return off, nil
			}
			size = uint64(binary.BigEndian.Uint16(rest[2:]))
		case 127:
			head = 14
			if len(rest) < head {
				st.need = uint32(head)
				return off, nil
			}
			size = binary.BigEndian.Uint64(rest[2:])
		}
		if collected := st.collected(); size > uint64(c.max) || collected+head+int(size) > c.max {
			return off, fmt.Errorf("websocket: frame of %d bytes after %d bytes in fragments exceeds %d bytes%w", size, collected, c.max, ErrTooLong)
		}
		frame := head + int(size)
		if opcode >= opClose && b0&fin == 0 {
			return off, errFragmentedControl
		}
		if len(rest) < frame {
			st.need = uint32(frame)
			break
		}

		payload := rest[head:frame:frame]
		unmasked := st.scanned // by Prepare
		st.scanned = 0
		switch {
		case opcode == opPong:
		case opcode == opPing:
			unmask([4]byte(rest[head-4:head]), payload[unmasked:])
			h.Reply(pong(rest[:frame], head))
		default:
			unmask([4]byte(rest[head-4:head]), payload[unmasked:])
			var err error
			switch {
			case st.extra == nil && b0&(fin|rsv1) == fin:
				h.Message(payload)
			case st.extra == nil && b0&(fin|rsv1) == fin|rsv1:
				err = c.inflated(st, payload, false, h)
			case st.extra != nil && st.extra.inflation != nil:
				err = c.conclude(st, h)
			default:
				err = c.fragment(st, b0, payload, h)
			}
			if err != nil {
				if errors.Is(err, errAside) { // the frame comes again
					st.scanned, err = uint32(len(payload)), nil
				}
				return off, err
			}
		}
		off += frame
	}
	return off, nil
}

// collected is the length of the fragments before the current frame.
func (st *State) collected() int {
	if st.extra == nil {
		return 0
	}
	return len(st.extra.collected)
}

// fragment takes a data frame that is not a message of its own: one of several
// fragments, or deflated, or of a client that once sent deflated data.
func (c *websocket) fragment(st *State, b0 byte, payload []byte, h Handler) error {
	x := st.extra
	if x == nil {
		x = new(extra)
		st.extra = x
	}
	if b0&rsv1 != 0 {
		x.deflated = true
	}
	if b0&fin == 0 {
		x.collect(payload, c.max)
		x.begun = true
		return nil
	}
	message := payload
	if len(x.collected) > 0 {
		message = append(x.collected, payload...)
	}
	if x.deflated {
		return c.inflated(st, message, len(x.collected) > 0, h)
	}
	x.collected, x.begun = nil, false
	st.drop()
	h.Message(message)
	return nil
}

// collect puts a fragment behind those before it, of which there may be very many.
func (x *extra) collect(payload []byte, most int) {
	if n := len(x.collected) + len(payload); n > cap(x.collected) && n > longFrame {
		x.collected = append(uncleared.Bytes(max(n, min(2*n, most)))[:0], x.collected...)
	}
	x.collected = append(x.collected, payload...)
}

// drop lets go of what is kept beyond the read buffer, unless the messages that
// come need it.
func (st *State) drop() {
	if x := st.extra; x != nil && !x.needed() {
		st.extra = nil
	}
}

// pong turns a whole unmasked ping frame into its pong, in place: the head
// of what a server sends is never longer than the head that came.
func pong(ping []byte, head int) []byte {
	var b [10]byte
	answer := appendFrameHead(b[:0], fin|opPong, len(ping)-head)
	pong := ping[head-len(answer):]
	copy(pong, answer)
	return pong
}

func (c *websocket) AppendMessage(dst, body []byte) []byte {
	return append(appendFrameHead(dst, fin|c.opcode, len(body)), body...)
}

// appendFrameHead appends the head of an unmasked frame of size bytes.
func appendFrameHead(dst []byte, first byte, size int) []byte {
	switch {
	case size <= 125:
		return append(dst, first, byte(size))
	case size <= 0xffff:
		return append(dst, first, 126, byte(size>>8), byte(size))
	default:
		return binary.BigEndian.AppendUint64(append(dst, first, 127), uint64(size))
	}
}
