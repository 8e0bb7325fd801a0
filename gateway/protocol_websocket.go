package gateway

import (
	"encoding/binary"
	"errors"
	"fmt"
)

const (
	wsOpContinuation = 0x0
	wsOpText         = 0x1
	wsOpBinary       = 0x2
	wsOpClose        = 0x8
	wsOpPing         = 0x9
	wsOpPong         = 0xa

	wsFin  = 0x80
	wsRSV1 = 0x40
	wsMask = 0x80

	// wsMinFrame is the shortest frame of a client: two bytes and the mask. As
	// in PHP nothing is judged before that many are there.
	wsMinFrame = 6
)

// wsCloseAnswer answers every close frame: a close frame with status 1000.
var wsCloseAnswer = []byte("\x88\x02\x03\xe8")

var (
	errWSUnmasked          = errors.New("websocket: frame is not masked")
	errWSFragmentedControl = errors.New("websocket: control frame in fragments")
)

// websocketCodec speaks RFC 6455 as a server, opcode being that of the frames
// it sends. Like the original (Workerman's Protocols/Websocket.php) it is
// tolerant of clients:
//
//   - A request needs a method that starts with GET, version 13 and a key;
//     nothing else is asked of it (wsHandshake).
//   - Lengths need not be the shortest (RFC 6455 section 5.2).
//   - RSV2 and RSV3 are ignored. RSV1 on data means deflated (RFC 7692) although
//     that is never negotiated; what is sent is never deflated.
//   - A message may begin with a continuation frame, and go on with text or
//     binary frames (5.4): every data frame without FIN is put before the next.
//   - Text need not be UTF-8 (8.1). Text and binary are the same message.
//   - Control frames may have any size (5.5). Each close frame is answered by
//     status 1000, whatever is in it (7.4), as soon as six bytes of it are there.
//
// An unmasked frame, an unknown opcode, and a frame that is longer than
// maxPackageSize together with the fragments before it end the connection
// without a close frame.
//
// Where the original is at fault it is not followed:
//
//   - Ping and pong between fragments leave these alone. (PHP puts the fragments
//     into the pong.)
//   - Control frames in fragments end the connection. (PHP: part of a message.)
//   - Deflated data that is damaged or inflates to more than maxPackageSize ends
//     the connection. (PHP: the process, with all clients.)
//   - A deflated message may be in fragments. (PHP: garbage.) The payload of a
//     ping is never inflated.
//   - A frame means the same to every client. (PHP remembers packets of up to
//     2 KiB by their bytes and so delivers one client's fragments as another's.)
//   - A request head has at most wsMaxHandshake bytes (PHP: no limit), and only
//     the head is searched for version and key (PHP: all that has arrived).
type websocketCodec struct{ opcode byte }

func (c websocketCodec) decode(st *codecState, buf []byte, h codecHandler) (int, error) {
	st.need = 0
	off := 0
	if !st.handshaken {
		n, err := wsHandshake(st, buf, h)
		if err != nil || !st.handshaken {
			return n, err
		}
		off = n
	}

	for off < len(buf) {
		if h.closing() {
			return len(buf), nil
		}
		rest := buf[off:]
		if len(rest) < wsMinFrame {
			st.need = wsMinFrame
			break
		}
		if rest[1]&wsMask == 0 {
			return off, errWSUnmasked
		}
		b0 := rest[0]
		opcode := b0 & 0xf
		switch opcode {
		case wsOpContinuation, wsOpText, wsOpBinary, wsOpPing, wsOpPong:
		case wsOpClose:
			// The answer does not depend on what follows, and nothing after it
			// is read.
			h.closeWith(wsCloseAnswer)
			return len(buf), nil
		default:
			return off, fmt.Errorf("websocket: unknown opcode %#x", opcode)
		}

		head := wsMinFrame
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
		if collected := st.collected(); size > maxPackageSize || collected+head+int(size) > maxPackageSize {
			return off, fmt.Errorf("websocket: frame of %d bytes after %d bytes in fragments exceeds %d bytes", size, collected, maxPackageSize)
		}
		frame := head + int(size)
		if opcode >= wsOpClose && b0&wsFin == 0 {
			return off, errWSFragmentedControl
		}
		if len(rest) < frame {
			st.need = uint32(frame)
			break
		}

		payload := rest[head:frame:frame]
		switch {
		case opcode == wsOpPong:
		case opcode == wsOpPing:
			wsUnmask([4]byte(rest[head-4:head]), payload)
			h.reply(wsPong(rest[:frame], head))
		default:
			wsUnmask([4]byte(rest[head-4:head]), payload)
			if b0&(wsFin|wsRSV1) == wsFin && st.half == nil {
				h.message(payload)
			} else if err := st.wsFragment(b0, payload, h); err != nil {
				return off, err
			}
		}
		off += frame
	}
	return off, nil
}

// collected is the length of the fragments before the current frame.
func (st *codecState) collected() int {
	if st.half == nil {
		return 0
	}
	return len(st.half.collected)
}

// wsFragment takes a data frame that is not a message of its own: one of
// several fragments, or deflated, or of a client that once sent deflated data.
func (st *codecState) wsFragment(b0 byte, payload []byte, h codecHandler) error {
	half := st.half
	if half == nil {
		half = new(codecHalf)
		st.half = half
	}
	if b0&wsRSV1 != 0 {
		half.deflated = true
	}
	if b0&wsFin == 0 {
		half.collected = append(half.collected, payload...)
		return nil
	}
	message := payload
	if len(half.collected) > 0 {
		message = append(half.collected, payload...)
		half.collected = nil
	}
	if half.deflated {
		half.deflated = false
		inflated, err := half.wsInflate(message)
		if err != nil {
			return err
		}
		message = inflated
	}
	if half.window == nil {
		st.half = nil
	}
	h.message(message)
	return nil
}

// wsPong turns a whole unmasked ping frame into its pong, in place: the head
// of what a server sends is never longer than the head that came.
func wsPong(ping []byte, head int) []byte {
	var b [10]byte
	answer := appendWSHead(b[:0], wsFin|wsOpPong, len(ping)-head)
	pong := ping[head-len(answer):]
	copy(pong, answer)
	return pong
}

func (c websocketCodec) appendMessage(dst, body []byte) []byte {
	return append(appendWSHead(dst, wsFin|c.opcode, len(body)), body...)
}

// appendWSHead appends the head of an unmasked frame of size bytes.
func appendWSHead(dst []byte, first byte, size int) []byte {
	switch {
	case size <= 125:
		return append(dst, first, byte(size))
	case size <= 0xffff:
		return append(dst, first, 126, byte(size>>8), byte(size))
	default:
		return binary.BigEndian.AppendUint64(append(dst, first, 127), uint64(size))
	}
}
