package clientproto

import (
	"bytes"
	"strings"
)

// A dialect is how a generation of Workerman answers a websocket request, byte
// for byte (Protocols/Websocket.php, dealHandshake), and what its gateways tell
// the worker of the request.
type dialect struct {
	// The 101 before and behind the value of Sec-WebSocket-Accept.
	accepted, behindKey string

	// asksVersion says that a request must have Sec-WebSocket-Version: 13.
	asksVersion bool

	// What is sent before the connection ends.
	notGET, noKey, noVersion, otherVersion []byte

	// appendEvent appends the body of CMD_ON_WEBSOCKET_CONNECT.
	appendEvent func(r *Request, dst []byte) []byte
}

// appendAdded appends what stands behind Sec-WebSocket-Accept, with headers that
// were added to the request's answer: where Workerman puts $connection->headers.
func (d *dialect) appendAdded(dst, added []byte) []byte {
	rest := strings.TrimPrefix(d.behindKey, lineEnd)
	if hasHeader(added, "server") { // takes the place of Workerman 4's own
		rest = lineEnd
	}
	dst = append(dst, lineEnd...)
	dst = append(dst, added...)
	return append(dst, rest...)
}

// hasHeader reports whether whole lines have a header of a name in lower case.
func hasHeader(lines []byte, name string) bool {
	for line := range bytes.SplitSeq(lines, []byte(lineEnd)) {
		if len(line) > len(name) && line[len(name)] == ':' && equalFoldASCII(line[:len(name)], name) {
			return true
		}
	}
	return false
}

const lineEnd = "\r\n"

// workerman5 is Workerman 5.
var workerman5 = dialect{
	accepted: "HTTP/1.1 101 Switching Protocol\r\n" +
		"Upgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\n" +
		"Connection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: ",
	behindKey:   "\r\n\r\n",
	asksVersion: true,
	notGET:      []byte(badRequest5),
	noKey:       []byte(badRequest5),
	noVersion:   []byte("HTTP/1.1 400 Bad Request\r\nSec-WebSocket-Version: 13\r\n\r\n"),
	otherVersion: []byte("HTTP/1.1 426 Upgrade Required\r\n" +
		"Connection: Upgrade\r\n" +
		"Upgrade: WebSocket\r\n" +
		"Sec-WebSocket-Version: 13\r\n\r\n"),
	appendEvent: appendEventWorkerman5,
}

const badRequest5 = "HTTP/1.1 400 Bad Request\r\n\r\n<div style=\"text-align:center\"><h1>400 Bad Request</h1><hr>workerman</div>"

// workerman4 is Workerman 4.2.1. The event is that of all versions from 3.5.0
// on, and the 101 that from 3.5.20 on but for the version in Server. Versions
// before 4.1.16, but for 4.0.47, refuse requests with other texts, most with the
// status 200, and those before 4.1.5 answer a request for Flash's policy file.
var workerman4 = dialect{
	accepted: "HTTP/1.1 101 Switching Protocols\r\n" +
		"Upgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\n" +
		"Connection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: ",
	behindKey:   "\r\nServer: workerman/4.2.1\r\n\r\n",
	notGET:      []byte("HTTP/1.0 400 Bad Request\r\nServer: workerman\r\n\r\n<div style=\"text-align:center\"><h1>400 Bad Request</h1><hr>workerman</div>"),
	noKey:       []byte("HTTP/1.0 400 Bad Request\r\nServer: workerman\r\n\r\n<div style=\"text-align:center\"><h1>WebSocket</h1><hr>workerman</div>"),
	appendEvent: appendEventWorkerman4,
}
