package phpserialize

import (
	"math"
	"strconv"
	"strings"
)

func (d *decoder) skip(s string) bool {
	if !strings.HasPrefix(d.data[d.pos:], s) {
		return false
	}
	d.pos += len(s)
	return true
}

// count reads a letter, a colon and digits. Like PHP's it wraps at 64 bits.
func (d *decoder) count() (uint64, bool) {
	d.pos++
	if !d.skip(":") {
		return 0, false
	}
	start := d.pos
	var n uint64
	for d.pos < len(d.data) && isDigit(d.data[d.pos]) {
		n = n*10 + uint64(d.data[d.pos]-'0')
		d.pos++
	}
	return n, d.pos > start
}

// int reads i:+5;
func (d *decoder) int() (int64, error) {
	start := d.pos
	d.pos++
	if !d.skip(":") {
		return 0, d.fail(start, "bad int")
	}
	from := d.pos
	n := d.looseInt()
	if !isDigit(d.data[d.pos-1]) || d.pos == from || !d.skip(";") {
		return 0, d.fail(start, "bad int")
	}
	return n, nil
}

// looseInt reads an optional sign and digits, perhaps none (0). Numbers out of
// range become the nearest int64.
func (d *decoder) looseInt() int64 {
	neg := false
	if d.pos < len(d.data) && (d.data[d.pos] == '-' || d.data[d.pos] == '+') {
		neg = d.data[d.pos] == '-'
		d.pos++
	}
	for d.pos < len(d.data) && d.data[d.pos] == '0' {
		d.pos++
	}
	start := d.pos
	var n uint64
	for d.pos < len(d.data) && isDigit(d.data[d.pos]) {
		n = n*10 + uint64(d.data[d.pos]-'0')
		d.pos++
	}
	switch {
	case neg && (d.pos-start > 19 || n > 1<<63):
		return math.MinInt64
	case neg:
		return -int64(n)
	case d.pos-start > 19 || n > math.MaxInt64:
		return math.MaxInt64
	}
	return int64(n)
}

// float reads d:0.5; and INF, -INF, NAN.
func (d *decoder) float() (float64, error) {
	start := d.pos
	text, _, ok := strings.Cut(d.data[start+1:min(start+1+maxFloat, len(d.data))], ";")
	if !ok || !strings.HasPrefix(text, ":") {
		return 0, d.fail(start, "bad float")
	}
	d.pos += 1 + len(text) + 1
	switch text = text[1:]; text {
	case "INF":
		return math.Inf(1), nil
	case "-INF":
		return math.Inf(-1), nil
	case "NAN":
		return math.NaN(), nil
	}
	digits := false // before the exponent
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case isDigit(c):
			digits = true
		case c == '.' || c == '+' || c == '-':
		case (c == 'e' || c == 'E') && digits:
		default:
			return 0, d.fail(start, "bad float")
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0, d.fail(start, "bad float")
	}
	return f, nil
}

// maxFloat is more than the longest spelling that means anything.
const maxFloat = 4096

// string reads s:3:"abc"; and S:3:"a\62c";
func (d *decoder) string() (string, error) {
	start := d.pos
	escaped := d.data[start] == 'S'
	n, ok := d.count()
	if !ok || !d.skip(`:"`) || n > uint64(len(d.data)-d.pos) {
		return "", d.fail(start, "bad string length")
	}
	var s string
	if escaped {
		if s, ok = d.unescape(int(n)); !ok {
			return "", d.fail(start, "bad escaped string")
		}
	} else {
		s = d.data[d.pos : d.pos+int(n)]
		d.pos += int(n)
	}
	if !d.skip(`";`) {
		return "", d.fail(start, "string without end")
	}
	return s, nil
}

// unescape reads n bytes of which some are written as a backslash and two hex digits.
func (d *decoder) unescape(n int) (string, bool) {
	out := make([]byte, 0, n)
	for range n {
		rest := d.data[d.pos:]
		switch {
		case rest == "":
			return "", false
		case rest[0] != '\\':
			out = append(out, rest[0])
			d.pos++
		default:
			if len(rest) < 3 || !isHex(rest[1]) || !isHex(rest[2]) {
				return "", false
			}
			out = append(out, unhex(rest[1])<<4|unhex(rest[2]))
			d.pos += 3
		}
	}
	return string(out), true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isHex(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }

func unhex(c byte) byte {
	if isDigit(c) {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
