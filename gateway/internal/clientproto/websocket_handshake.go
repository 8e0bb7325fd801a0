package clientproto

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
)

// maxRequestHead is the longest head of a websocket request, its blank line
// included. PHP waits for the blank line without limit.
const maxRequestHead = 64 << 10

// maxRequestLines is how many lines a head may have. PHP takes any number, at a
// cost for each that other clients wait for.
const maxRequestLines = 1000

// maxUnanswered is how many bytes a client may send behind a request whose answer
// is deferred. RFC 6455 (section 4.1) has it send none.
const maxUnanswered = 16 << 10

var errUnanswered = fmt.Errorf("websocket: more than %d bytes behind a request that is not answered yet", maxUnanswered)

// acceptGUID is RFC 6455's (section 1.3).
const acceptGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// handshake answers the websocket request at the start of buf and returns
// its length. As in PHP it asks for few things only: a method that starts with
// GET, a key, which may be anything, and (Workerman 5) the version 13.
func (d *dialect) handshake(st *State, buf []byte, h Handler) (int, error) {
	if len(buf) < minFrame {
		st.need = minFrame
		return 0, nil
	}
	if st.deferred { // it has sent as much as need says
		return 0, errUnanswered
	}
	if !bytes.HasPrefix(buf, []byte("GET")) {
		h.Close(d.notGET)
		return len(buf), nil
	}

	blank := []byte("\r\n\r\n")
	from := max(int(st.scanned)-len(blank)+1, 0)
	end := bytes.Index(buf[from:], blank)
	size := from + end + len(blank)
	if end < 0 && len(buf) >= maxRequestHead || size > maxRequestHead {
		return 0, fmt.Errorf("websocket: request head exceeds %d bytes", maxRequestHead)
	}
	if end < 0 {
		st.scanned = uint32(len(buf))
		return 0, nil
	}
	st.scanned = 0
	head := buf[:size:size]
	if bytes.Count(head, blank[:2])-1 > maxRequestLines {
		return 0, fmt.Errorf("websocket: request head has more than %d lines", maxRequestLines)
	}

	if d.asksVersion {
		if version, ok := headValue(head, "Sec-WebSocket-Version"); !ok {
			h.Close(d.noVersion)
			return len(buf), nil
		} else if string(version) != "13" {
			h.Close(d.otherVersion)
			return len(buf), nil
		}
	}
	key, ok := headValue(head, "Sec-WebSocket-Key")
	if !ok {
		h.Close(d.noKey)
		return len(buf), nil
	}

	req := &Request{head: string(head[:size-len(blank)]), client: h, dialect: d}
	h.Request(req)
	if h.Closing() {
		return len(buf), nil
	}
	if req.deferred {
		st.deferred = true
		st.need = uint32(size + maxUnanswered + 1)
		if len(buf) >= int(st.need) {
			return 0, errUnanswered
		}
		return 0, nil
	}
	response := make([]byte, 0, len(d.accepted)+base64.StdEncoding.EncodedLen(sha1.Size)+len(req.added)+len(d.behindKey))
	response = append(response, d.accepted...)
	response = appendAccept(response, key)
	if len(req.added) > 0 {
		response = d.appendAdded(response, req.added)
	} else {
		response = append(response, d.behindKey...)
	}
	st.handshaken, st.deflate = true, req.deflate
	h.Handshaken(response)
	return size, nil
}

// appendAccept appends the answer to a key (RFC 6455 section 4.2.2).
func appendAccept(dst, key []byte) []byte {
	var b [64]byte
	sum := sha1.Sum(append(append(b[:0], key...), acceptGUID...))
	return base64.StdEncoding.AppendEncode(dst, sum[:])
}

// headValue returns what PHP finds with /name: *(.*?)\r\n/i: the rest of the
// line after the first "name:" anywhere in the head, be it within another
// header's name or value. Only blanks before the value are skipped. A line
// that ends in a bare \n does not count.
func headValue(head []byte, name string) ([]byte, bool) {
	for i := 0; ; i++ {
		colon := bytes.IndexByte(head[i:], ':')
		if colon < 0 {
			return nil, false
		}
		i += colon
		if i < len(name) || !equalFoldASCII(head[i-len(name):i], name) {
			continue
		}
		value := head[i+1:]
		end := bytes.IndexByte(value, '\n')
		if end < 0 {
			return nil, false
		}
		if end == 0 || value[end-1] != '\r' {
			i += 1 + end // no name on this line counts
			continue
		}
		return bytes.TrimLeft(value[:end-1], " "), true
	}
}

// equalFoldASCII is bytes.EqualFold for two of the same length, without
// Unicode's foldings.
func equalFoldASCII(a []byte, b string) bool {
	for i := range a {
		if lowerASCII(a[i]) != lowerASCII(b[i]) {
			return false
		}
	}
	return true
}
