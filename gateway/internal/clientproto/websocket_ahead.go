package clientproto

// longFrame is the length from which a frame is prepared.
const longFrame = 64 << 10

// Prepare does what can be done about buf, which [Codec.Decode] has left, while it is
// shorter than [State.Need]. It may change buf. Where a long message comes in many
// pieces, that spares Decode from doing it all at once, for milliseconds.
func Prepare(c Codec, st *State, buf []byte) {
	if c, ok := c.(*websocket); ok && st.need >= longFrame && st.handshaken && !st.deferred {
		c.prepare(st, buf)
	}
}

// prepare unmasks what has come of a frame whose head is there. State.scanned is how
// much that is.
func (c *websocket) prepare(st *State, buf []byte) {
	head := minFrame
	switch buf[1] & 0x7f {
	case 126:
		head = 8
	case 127:
		head = 14
	}
	if from, to := int(st.scanned), (len(buf)-head)&^3; to > from { // whole masks
		unmask([4]byte(buf[head-4:head]), buf[head+from:head+to])
		st.scanned = uint32(to)
	}
}
