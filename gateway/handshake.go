package gateway

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"strings"
)

// wsMaxHandshake is the longest head of a websocket request, its blank line
// included. PHP waits for the blank line without limit.
const wsMaxHandshake = 64 << 10

// wsGUID is RFC 6455's (section 1.3).
const wsGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// The answers, byte for byte Workerman's (Protocols/Websocket.php,
// dealHandshake).
var (
	ws400        = []byte("HTTP/1.1 400 Bad Request\r\n\r\n<div style=\"text-align:center\"><h1>400 Bad Request</h1><hr>workerman</div>")
	ws400Version = []byte("HTTP/1.1 400 Bad Request\r\nSec-WebSocket-Version: 13\r\n\r\n")
	ws426        = []byte("HTTP/1.1 426 Upgrade Required\r\n" +
		"Connection: Upgrade\r\n" +
		"Upgrade: WebSocket\r\n" +
		"Sec-WebSocket-Version: 13\r\n\r\n")
)

const ws101 = "HTTP/1.1 101 Switching Protocol\r\n" +
	"Upgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\n" +
	"Connection: Upgrade\r\n" +
	"Sec-WebSocket-Accept: "

// wsHandshake answers the websocket request at the start of buf and returns
// its length. As in PHP it asks for three things only: a method that starts
// with GET, the version 13, and a key, which may be anything.
func wsHandshake(st *codecState, buf []byte, h codecHandler) (int, error) {
	if len(buf) < wsMinFrame {
		st.need = wsMinFrame
		return 0, nil
	}
	if !bytes.HasPrefix(buf, []byte("GET")) {
		h.closeWith(ws400)
		return len(buf), nil
	}

	blank := []byte("\r\n\r\n")
	from := max(int(st.scanned)-len(blank)+1, 0)
	end := bytes.Index(buf[from:], blank)
	size := from + end + len(blank)
	if end < 0 && len(buf) >= wsMaxHandshake || size > wsMaxHandshake {
		return 0, fmt.Errorf("websocket: request head exceeds %d bytes", wsMaxHandshake)
	}
	if end < 0 {
		st.scanned = uint32(len(buf))
		return 0, nil
	}
	st.scanned = 0
	head := buf[:size:size]

	if version, ok := wsHeadValue(head, "Sec-WebSocket-Version"); !ok {
		h.closeWith(ws400Version)
		return len(buf), nil
	} else if string(version) != "13" {
		h.closeWith(ws426)
		return len(buf), nil
	}
	key, ok := wsHeadValue(head, "Sec-WebSocket-Key")
	if !ok {
		h.closeWith(ws400)
		return len(buf), nil
	}

	extra := h.handshake(&handshakeRequest{head: string(head[:size-len(blank)]), client: h})
	if h.closing() {
		return len(buf), nil
	}
	response := make([]byte, 0, len(ws101)+base64.StdEncoding.EncodedLen(sha1.Size)+len(extra)+4)
	response = append(response, ws101...)
	response = appendWSAccept(response, key)
	response = append(response, "\r\n"...)
	response = append(response, extra...)
	response = append(response, "\r\n"...)
	st.handshaken = true
	h.handshakeDone(response)
	return size, nil
}

// appendWSAccept appends the answer to a key (RFC 6455 section 4.2.2).
func appendWSAccept(dst, key []byte) []byte {
	var b [64]byte
	sum := sha1.Sum(append(append(b[:0], key...), wsGUID...))
	return base64.StdEncoding.AppendEncode(dst, sum[:])
}

// wsHeadValue returns what PHP finds with /name: *(.*?)\r\n/i: the rest of the
// line after the first "name:" anywhere in the head, be it within another
// header's name or value. Only blanks before the value are skipped. A line
// that ends in a bare \n does not count.
func wsHeadValue(head []byte, name string) ([]byte, bool) {
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
		if end <= 0 || value[end-1] != '\r' {
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

// appendHeaderLine appends "line\r\n" for the head of a 101. A line with a
// line break inside is left out, as PHP does with $connection->headers.
func appendHeaderLine(dst []byte, line string) []byte {
	if strings.ContainsAny(line, "\r\n") {
		return dst
	}
	return append(append(dst, line...), "\r\n"...)
}
