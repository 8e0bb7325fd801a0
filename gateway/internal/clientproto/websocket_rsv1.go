package clientproto

import "errors"

var errMisplacedRSV1 = errors.New("websocket: RSV1 on a frame that begins no message")

// checkRSV1 judges a frame with RSV1. Of a client that has negotiated compression
// only the first frame of a message may have it (RFC 7692 section 6.1); of another
// one any frame, unless Options.RefuseUnnegotiated.
func (c *websocket) checkRSV1(st *State, b0 byte) error {
	if !st.deflate {
		if c.refuseRSV1 {
			return ErrUnnegotiated
		}
		return nil
	}
	opcode := b0 & 0xf
	if opcode != opText && opcode != opBinary || st.extra != nil && st.extra.begun {
		return closeWith(CloseProtocol, errMisplacedRSV1)
	}
	return nil
}
