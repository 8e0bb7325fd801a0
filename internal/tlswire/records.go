package tlswire

import "encoding/binary"

// records finds the ends of TLS records in what is received. crypto/tls keeps
// the buffer that it reads records into for as long as the connection is there,
// and doubles it when it is given more than it asked for.
type records struct {
	header [HeaderLen]byte
	got    uint8  // bytes of the header that were given out
	left   uint16 // bytes of the record behind it that were not
}

const (
	// HeaderLen is the length of a record's header (RFC 8446 section 5.1).
	HeaderLen = 5
	// MaxRecord is the most bytes that one record carries (same section).
	MaxRecord = 16 << 10
	// recordRoom is how much room bytes.Buffer wants behind what it reads
	// (bytes.MinRead).
	recordRoom = 512
)

// next returns how many bytes of in to give to crypto/tls, which has room for
// some: a whole record if it fits, else its header, else what is left of it. in
// must not be empty.
func (r *records) next(in []byte, room int) int {
	switch {
	case r.left > 0:
		n := min(int(r.left), len(in), room)
		r.left -= uint16(n)
		return n
	case r.got == 0 && len(in) >= HeaderLen:
		n := HeaderLen + int(binary.BigEndian.Uint16(in[3:]))
		if n <= len(in) && n+recordRoom <= room {
			return n
		}
	}
	n := min(copy(r.header[r.got:], in), room)
	if r.got += uint8(n); r.got == HeaderLen {
		r.got, r.left = 0, binary.BigEndian.Uint16(r.header[3:])
	}
	return n
}
