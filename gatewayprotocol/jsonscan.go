package gatewayprotocol

import (
	"bytes"
	"slices"
)

// jsonScanner reads the few JSON shapes that the fast paths know: no blanks,
// no escapes, ASCII only, plain integers. Whatever it does not know sets
// failed, and the caller starts again with phpjson; so it must be strict, and
// what it accepts must mean exactly what phpjson would have made of it.
type jsonScanner struct {
	buf    []byte
	failed bool
}

// done reports whether everything was understood and nothing is left.
func (r *jsonScanner) done() bool { return !r.failed && len(r.buf) == 0 }

// literal consumes s if it comes next.
func (r *jsonScanner) literal(s string) bool {
	if r.failed || len(r.buf) < len(s) || string(r.buf[:len(s)]) != s {
		return false
	}
	r.buf = r.buf[len(s):]
	return true
}

// expect consumes s, or fails.
func (r *jsonScanner) expect(s string) {
	if !r.literal(s) {
		r.failed = true
	}
}

// text consumes the rest of a string whose opening quote is consumed.
func (r *jsonScanner) text() []byte {
	n := bytes.IndexByte(r.buf, '"')
	if n < 0 {
		r.failed = true
		return nil
	}
	s := r.buf[:n:n]
	for _, c := range s {
		if c < 0x20 || c > 0x7e || c == '\\' {
			r.failed = true
			return nil
		}
	}
	r.buf = r.buf[n+1:]
	return s
}

// digits consumes an integer without a sign or leading zeros, of at most max
// digits, and returns it as it is written.
func (r *jsonScanner) digits(max int) []byte {
	n := 0
	for n < len(r.buf) && r.buf[n] >= '0' && r.buf[n] <= '9' {
		n++
	}
	if n == 0 || n > max || (r.buf[0] == '0' && n > 1) {
		r.failed = true
		return nil
	}
	s := r.buf[:n:n]
	r.buf = r.buf[n:]
	return s
}

// id consumes a connection id.
func (r *jsonScanner) id() uint32 {
	n := uint64(0)
	for _, c := range r.digits(10) {
		n = n*10 + uint64(c-'0')
	}
	if n > 1<<32-1 {
		r.failed = true
	}
	return uint32(n)
}

// names consumes a list of strings and integers, and appends them to dst.
func (r *jsonScanner) names(dst [][]byte) [][]byte {
	r.expect("[")
	if r.literal("]") {
		return dst
	}
	for !r.failed {
		if r.literal(`"`) {
			dst = append(dst, r.text())
		} else {
			dst = append(dst, r.digits(18))
		}
		if r.literal("]") {
			break
		}
		r.expect(",")
	}
	return dst
}

// idKeys consumes an object {"5":5,…} and appends its keys to dst, sorted.
func (r *jsonScanner) idKeys(dst []uint32) []uint32 {
	r.expect("{")
	if r.literal("}") {
		return dst
	}
	for !r.failed {
		r.expect(`"`)
		dst = append(dst, r.id())
		r.expect(`":`)
		r.digits(18)
		if r.literal("}") {
			break
		}
		r.expect(",")
	}
	slices.Sort(dst)
	return dst
}

// idMap consumes {"5":5,…}, each key equal to its value and none repeated, or
// a list [5,…], and appends the values to *ids. It uses scratch and returns
// it.
func (r *jsonScanner) idMap(scratch []uint32, ids *[]uint32) []uint32 {
	list, end := r.literal("["), "]"
	if !list {
		r.expect("{")
		end = "}"
	}
	if r.literal(end) {
		return scratch
	}
	for !r.failed {
		if list {
			*ids = append(*ids, r.id())
		} else {
			r.expect(`"`)
			id := r.id()
			r.expect(`":`)
			if r.id() != id {
				r.failed = true
			}
			*ids = append(*ids, id)
		}
		if r.literal(end) {
			break
		}
		r.expect(",")
	}
	if list || r.failed || slices.IsSorted(*ids) && !hasRepeated(*ids) {
		return scratch
	}
	scratch = append(scratch, *ids...)
	slices.Sort(scratch)
	if hasRepeated(scratch) {
		r.failed = true // PHP keeps the first position of a repeated key
	}
	return scratch
}

// hasRepeated reports whether sorted holds a value twice.
func hasRepeated(sorted []uint32) bool {
	for i := 1; i < len(sorted); i++ {
		if sorted[i-1] == sorted[i] {
			return true
		}
	}
	return false
}
