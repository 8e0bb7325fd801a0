package clientproto

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// frameHead is the length of a frame's head: its total length, big-endian.
const frameHead = 4

// errFrameLength ends a connection that PHP leaves open without an end.
var errFrameLength = errors.New("frame: length 0")

// frame speaks Workerman's frame protocol (Protocols/Frame.php): four bytes of
// length, themselves included, then the message.
type frame struct{ max int }

func (*frame) Handshakes() bool { return false }

func (c *frame) Decode(st *State, buf []byte, h Handler) (int, error) {
	st.need = 0
	off := 0
	for off < len(buf) {
		if h.Closing() {
			return len(buf), nil
		}
		rest := buf[off:]
		if len(rest) < frameHead {
			st.need = frameHead
			break
		}
		length := binary.BigEndian.Uint32(rest)
		switch {
		case length == 0:
			return off, errFrameLength
		case length > uint32(c.max):
			return off, fmt.Errorf("frame: length %d exceeds %d bytes%w", length, c.max, ErrTooLong)
		case uint32(len(rest)) < length:
			st.need = length
			return off, nil
		}
		off += int(length)
		// PHP takes lengths 1 to 3 for what they say: an empty message, and the
		// next frame starts inside this one's head.
		h.Message(rest[min(frameHead, length):length:length])
	}
	return off, nil
}

func (*frame) AppendMessage(dst, body []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(frameHead+len(body)))
	return append(dst, body...)
}
