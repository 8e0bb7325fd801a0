package gateway

import "net/netip"

// maxPackageSize is the longest unit a client may send: a frame together with
// the fragments collected before it, a line, a length-prefixed frame.
// Workerman's TcpConnection::$defaultMaxPackageSize.
const maxPackageSize = 10 << 20

// codec turns the bytes of a client connection into messages and messages into
// bytes. It is stateless and shared by all clients of a listener; what it has
// to remember of one client is in that client's codecState.
type codec interface {
	// decode consumes the whole units at the start of buf, calls h for each in
	// order, and returns how many bytes it consumed. It may change buf (frames
	// are unmasked in place). What it did not consume must be presented again,
	// from its start, with more behind it.
	//
	// If st.need is set afterwards, it is the length that the unconsumed rest
	// must have reached before another call makes sense. It never exceeds
	// maxPackageSize.
	//
	// An error ends the connection without another byte to the client. It says
	// what was wrong and is meant for the log.
	decode(st *codecState, buf []byte, h codecHandler) (n int, err error)

	// appendMessage appends to dst what the client is sent for body, and
	// returns the extended slice. Nothing appended means nothing to send.
	appendMessage(dst, body []byte) []byte
}

// codecState is what a codec remembers of one client between two reads. The
// zero value belongs to a client that has not said anything.
type codecState struct {
	half *codecHalf // nil unless something is kept beyond the read buffer

	// need is the length the unconsumed bytes must have reached before decode
	// can do anything; 0 means that any further byte may matter.
	need uint32

	// scanned is how many of the unconsumed bytes were already searched for the
	// end of the head or line, so that a sender of single bytes costs no
	// quadratic search.
	scanned uint32

	// handshaken is set once a websocket client has its 101.
	handshaken bool
}

// codecHalf holds what only few clients need.
type codecHalf struct {
	collected []byte // payload of a websocket message's frames before the last
	deflated  bool   // one of these frames had RSV1 set
	window    []byte // the last 32 KiB inflated, for messages that refer to them
	custom    any    // a ClientProtocol's own state
}

// codecHandler receives what decode finds. Slices passed to it alias the
// buffer given to decode and are valid during the call only.
type codecHandler interface {
	// handshake reports a websocket request whose head is complete, before it
	// is answered. The result is added to the head of the 101: lines that each
	// end in CRLF (see appendHeaderLine), or nil.
	handshake(req *handshakeRequest) []byte

	// handshakeDone passes the 101, to be written now, followed by whatever
	// was sent to the client before.
	handshakeDone(response []byte)

	// message reports a whole message.
	message(payload []byte)

	// reply passes bytes for the socket that need no further encoding.
	reply(raw []byte)

	// closeWith sends raw, which may be nil, then closes the connection.
	// PHP: $connection->close($raw, true).
	closeWith(raw []byte)

	// closing reports whether the connection is being closed. decode then
	// drops what is left of buf.
	closing() bool

	remoteAddr() netip.AddrPort
	localPort() uint16

	// remoteIPText is the client's IP as PHP prints it: IPv6 in brackets.
	remoteIPText() string
}

// builtinCodec returns the codec for the scheme of a listen address as PHP
// spells it: websocket, text, frame or tcp. With binary, websocket messages go
// out as binary frames instead of text frames (PHP: $websocketType).
func builtinCodec(scheme string, binary bool) (codec, bool) {
	switch scheme {
	case "websocket", "ws":
		if binary {
			return websocketCodec{wsOpBinary}, true
		}
		return websocketCodec{wsOpText}, true
	case "text":
		return textCodec{}, true
	case "frame":
		return frameCodec{}, true
	case "tcp":
		return tcpCodec{}, true
	}
	return nil, false
}
