package clientproto

import (
	"bytes"
	"fmt"
)

// text speaks Workerman's text protocol (Protocols/Text.php): a message per
// line.
type text struct{ max int }

func (*text) Handshakes() bool { return false }

func (c *text) Decode(st *State, buf []byte, h Handler) (int, error) {
	st.need = 0
	off := 0
	for off < len(buf) {
		if h.Closing() {
			return len(buf), nil
		}
		rest := buf[off:]
		from := int(st.scanned)
		end := bytes.IndexByte(rest[from:], '\n')
		// PHP refuses a buffer as long as the limit, so that a line with its end
		// is always shorter.
		if length := from + end + 1; length >= c.max || end < 0 && len(rest) >= c.max {
			return off, fmt.Errorf("text: line of %d bytes or more%w", c.max, ErrTooLong)
		}
		if end < 0 {
			st.scanned = uint32(len(rest))
			return off, nil
		}
		st.scanned = 0
		line := rest[:from+end]
		off += len(line) + 1
		h.Message(bytes.TrimRight(line, "\r"))
	}
	return off, nil
}

func (*text) AppendMessage(dst, body []byte) []byte {
	return append(append(dst, body...), '\n')
}
