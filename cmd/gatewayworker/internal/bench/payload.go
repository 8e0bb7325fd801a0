package bench

import "encoding/hex"

// A message of the generator is printable ASCII, so that every client protocol
// carries it as it is:
//
//	offset 0   1 byte    stream, 'A' to 'Z'
//	offset 1   8 hex     sequence number within the stream
//	offset 9   16 hex    when it was due, in ns of the run's clock
//	offset 25  8 hex     tag of the run: what carries another is not ours
//	offset 33            filler up to the wanted size, see fill
const payloadHeadLen = 33

type runTag [8]byte

// putPayload writes the head of a message over dst, which is filled.
func putPayload(dst []byte, tag *runTag, stream byte, seq uint32, due int64) {
	dst[0] = stream
	putHex(dst[1:9], uint64(seq))
	putHex(dst[9:25], uint64(due))
	copy(dst[25:33], tag[:])
}

// parsePayload is the inverse; ok is false for a message that the generator did not make.
func parsePayload(p []byte, tag *runTag) (stream byte, seq uint32, due int64, ok bool) {
	if len(p) < payloadHeadLen || string(p[25:33]) != string(tag[:]) {
		return 0, 0, 0, false
	}
	s, ok1 := parseHex(p[1:9])
	d, ok2 := parseHex(p[9:25])
	return p[0], uint32(s), int64(d), ok1 && ok2
}

const hexDigits = "0123456789abcdef"

func putHex(dst []byte, v uint64) {
	for i := len(dst) - 1; i >= 0; i-- {
		dst[i] = hexDigits[v&15]
		v >>= 4
	}
}

func parseHex(p []byte) (v uint64, ok bool) {
	for _, c := range p {
		switch {
		case c >= '0' && c <= '9':
			v = v<<4 | uint64(c-'0')
		case c >= 'a' && c <= 'f':
			v = v<<4 | uint64(c-'a'+10)
		default:
			return 0, false
		}
	}
	return v, true
}

func newRunTag(random [4]byte) (t runTag) {
	hex.Encode(t[:], random[:])
	return t
}
