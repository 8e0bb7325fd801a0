package clientproto

import (
	"net/netip"
	"time"
)

// DefaultMaxPackageSize is the longest unit that a client may send unless the
// caller says otherwise, in bytes: a frame together with the fragments before
// it, a line, a packet. Workerman's TcpConnection::$defaultMaxPackageSize.
const DefaultMaxPackageSize = 10 << 20

// Codec turns the bytes of a client's connection into messages, and messages
// into bytes. One value serves all clients of a listener, on any number of
// goroutines; what it remembers of one client is in that client's [State].
type Codec interface {
	// Decode takes the whole units at the start of buf, reports each to h in
	// order, and returns how many bytes they were. It may change buf (websocket
	// frames are unmasked in place). The caller presents the bytes that are left
	// again, from their start, with more behind them.
	//
	// st.Need then says how long these bytes must be before another call makes
	// sense.
	//
	// An error says what is wrong with the bytes, for the log. The caller closes
	// the connection without another byte to the client but the close frame that
	// [CloseFrame] knows of.
	Decode(st *State, buf []byte, h Handler) (n int, err error)

	// AppendMessage appends to dst what a client is sent for body, and returns
	// the extended slice. Nothing appended means nothing to send.
	AppendMessage(dst, body []byte) []byte

	// Handshakes reports whether a client has to ask for the protocol before
	// it can be sent a message: messages wait until [Handler.Handshaken].
	Handshakes() bool
}

// MaxOverhead is what the built-in codecs add to a message at most, in bytes.
const MaxOverhead = 10

// Options are what the built-in codecs can be told.
type Options struct {
	// MaxPackageSize bounds what a client may send, in bytes, from 1 to 2^31-1.
	// 0 is DefaultMaxPackageSize.
	MaxPackageSize int
	// Binary sends websocket messages as binary frames in place of text frames
	// (PHP: $connection->websocketType).
	Binary bool
	// Workerman4 makes the websocket handshake, its answers and the body of its
	// event, those of Workerman 3.5 and 4 in place of Workerman 5's.
	Workerman4 bool
	// RefuseUnnegotiated ends websocket clients that send compressed frames without
	// having negotiated it.
	RefuseUnnegotiated bool
}

// ErrTooLong is part of the errors about what is longer than MaxPackageSize. It has
// no text: what wraps it says it all.
var ErrTooLong error = tooLong{}

type tooLong struct{}

func (tooLong) Error() string { return "" }

func (o Options) maxPackageSize() int {
	if o.MaxPackageSize == 0 {
		return DefaultMaxPackageSize
	}
	return o.MaxPackageSize
}

// New returns the codec for the scheme of a listen address: websocket, text,
// frame or tcp. The caller has checked the scheme; New panics for another one.
func New(scheme string, o Options) Codec {
	switch scheme {
	case "websocket":
		opcode := byte(opText)
		if o.Binary {
			opcode = opBinary
		}
		d := &workerman5
		if o.Workerman4 {
			d = &workerman4
		}
		return &websocket{opcode: opcode, max: o.maxPackageSize(), dialect: d, refuseRSV1: o.RefuseUnnegotiated, asideFrom: asideFrom, now: time.Now}
	case "text":
		return &text{max: o.maxPackageSize()}
	case "frame":
		return &frame{max: o.maxPackageSize()}
	case "tcp":
		return tcp{}
	}
	panic("clientproto: there is no protocol " + scheme)
}

// State is what a codec remembers of one client between two reads. The zero
// value belongs to a client that has not said anything.
type State struct {
	extra *extra // nil unless something is kept beyond the read buffer

	// need is the length the unconsumed bytes must have reached before Decode
	// can do anything; 0 means that any further byte may matter.
	need uint32

	// scanned is how many of the unconsumed bytes were already searched for the
	// end of the head or line, so that a sender of single bytes costs no
	// quadratic search. Of a websocket frame it is how much is unmasked; see
	// Prepare.
	scanned uint32

	// handshaken is set once a websocket client has its 101.
	handshaken bool

	// deferred is set while a websocket client's request waits to be answered (see
	// Request.Defer), or its message to be inflated (see Asides). It is still in the
	// unconsumed bytes.
	deferred bool

	// deflate is set if compression was negotiated in the handshake.
	deflate bool
}

// Resume ends the wait that [Request.Defer] has begun: the next Decode of the same
// bytes reports the request once more. It also ends that for an [Inflation], which
// the next Decode reports as a message.
func (st *State) Resume() {
	if st.deferred {
		st.deferred, st.need = false, 0
	}
}

// Deflates reports whether the client has negotiated compression: whether it may be
// sent what [Deflating] makes.
func (st *State) Deflates() bool { return st.deflate }

// Need is the length in bytes that the bytes left over by Decode must have
// reached before another call makes sense; 0 means that any further byte may
// matter. It never exceeds the codec's bound.
func (st *State) Need() int { return int(st.need) }

// extra holds what only few clients need.
type extra struct {
	collected []byte // payload of a websocket message's frames before the last
	begun     bool   // there were such frames
	deflated  bool   // one of these frames had RSV1 set
	torn      bool   // a deflated message had no proper end
	window    []byte // the last 32 KiB inflated, for messages that refer to them
	budget    inflateBudget
	inflation *Inflation // of the message that is inflated beside
	custom    any        // what a Protocol keeps of the client
}

// Handler receives what Decode finds in the bytes of one client. The slices
// that it is given alias the buffer given to Decode, and are valid during the
// call only, except Handshaken's.
type Handler interface {
	// Request reports a websocket request whose head is complete and good. The
	// client is answered when Request returns, unless Closing is then true, or the
	// answer was deferred.
	Request(*Request)

	// Handshaken passes the answer to the request, to be written now, before all
	// messages to the client. The handler may keep it.
	Handshaken(response []byte)

	// Inflated says that the message that comes next was sent compressed: how long it
	// was then and is now, in bytes.
	Inflated(from, to int)

	// Message reports a whole message.
	Message(payload []byte)

	// Reply passes bytes for the client that need no further encoding.
	Reply(raw []byte)

	// Close sends raw, which may be nil, as it is, and then ends the connection.
	// PHP: $connection->close($raw, true).
	Close(raw []byte)

	// Closing reports whether the connection is being closed, by whichever side
	// and for whatever reason. Decode then drops what is left.
	Closing() bool

	// RemoteAddr is the client's address.
	RemoteAddr() netip.AddrPort

	// RemoteIP is the client's IP as PHP prints it: IPv6 in brackets.
	RemoteIP() string

	// LocalPort is the port that the client connected to.
	LocalPort() uint16
}
