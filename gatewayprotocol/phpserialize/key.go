package phpserialize

import "strconv"

// Key is the key of an array element: an int or a string. Keys are comparable
// with == and can be used as map keys. The zero Key is the empty string.
//
// An int is held as the string "0", which can never be a string key, and the number.
type Key struct {
	s string
	n int64
}

const intMark = "0"

// IntKey returns the key n.
func IntKey(n int64) Key { return Key{s: intMark, n: n} }

// StringKey returns the key that PHP makes of s: an int where s is the canonical
// decimal spelling of an int64 ("123", "-5"), else the string ("007", "-0", "1.5").
func StringKey(s string) Key {
	if n, ok := canonicalInt(s); ok {
		return IntKey(n)
	}
	return Key{s: s}
}

// IsInt tells whether the key is an int.
func (k Key) IsInt() bool { return k.s == intMark }

// Int returns the number of an int key and 0 for a string key.
func (k Key) Int() int64 { return k.n }

// String returns the string, or the number in decimal.
func (k Key) String() string {
	if k.IsInt() {
		return strconv.FormatInt(k.n, 10)
	}
	return k.s
}

// Value returns the key as a value: an int64 or a string.
func (k Key) Value() Value {
	if k.IsInt() {
		return k.n
	}
	return k.s
}

// canonicalInt is ZEND_HANDLE_NUMERIC_STR: no plus sign, no leading zeros, no
// "-0", and within int64.
func canonicalInt[S string | []byte](s S) (int64, bool) {
	if len(s) == 0 || len(s) > len("-9223372036854775808") {
		return 0, false
	}
	digits, neg := s, false
	if s[0] == '-' {
		digits, neg = s[1:], true
		if len(digits) == 0 {
			return 0, false
		}
	}
	if digits[0] == '0' {
		return 0, len(s) == 1
	}
	if len(digits) > 19 {
		return 0, false
	}
	var u uint64 // 19 digits fit
	for i := 0; i < len(digits); i++ {
		c := digits[i] - '0'
		if c > 9 {
			return 0, false
		}
		u = u*10 + uint64(c)
	}
	if neg {
		if u > 1<<63 {
			return 0, false
		}
		return -int64(u), true // -(1<<63) wraps to itself
	}
	if u > 1<<63-1 {
		return 0, false
	}
	return int64(u), true
}
