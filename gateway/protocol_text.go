package gateway

import (
	"bytes"
	"fmt"
)

// textCodec speaks Workerman's text protocol (Protocols/Text.php): a message
// per line.
type textCodec struct{}

func (textCodec) decode(st *codecState, buf []byte, h codecHandler) (int, error) {
	st.need = 0
	off := 0
	for off < len(buf) {
		if h.closing() {
			return len(buf), nil
		}
		rest := buf[off:]
		from := int(st.scanned)
		end := bytes.IndexByte(rest[from:], '\n')
		// PHP refuses a buffer as long as the limit, so that a line with its end
		// is always shorter.
		if length := from + end + 1; length >= maxPackageSize || end < 0 && len(rest) >= maxPackageSize {
			return off, fmt.Errorf("text: line of %d bytes or more", maxPackageSize)
		}
		if end < 0 {
			st.scanned = uint32(len(rest))
			return off, nil
		}
		st.scanned = 0
		line := rest[:from+end]
		off += len(line) + 1
		h.message(bytes.TrimRight(line, "\r"))
	}
	return off, nil
}

func (textCodec) appendMessage(dst, body []byte) []byte {
	return append(append(dst, body...), '\n')
}
