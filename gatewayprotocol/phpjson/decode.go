package phpjson

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// Decode returns json_decode($data, true).
//
//	null, true, false   nil, bool
//	5, -5               int64; float64 where it does not fit
//	0.5, 1e3, 1.0       float64
//	"abc"               string
//	[...], {...}        *phpserialize.Array
//
// Of equal keys the last value wins, in the first one's place. White space is
// blank, \t, \n and \r. Nothing else may follow the value, and literals are lower case.
func Decode(data []byte) (phpserialize.Value, error) {
	d := decoder{data: data}
	v, err := d.value()
	if err != nil {
		return nil, err
	}
	if d.space(); d.pos < len(d.data) {
		return nil, d.unexpected()
	}
	return v, nil
}

type decoder struct {
	data  []byte
	pos   int
	depth int
}

func (d *decoder) fail(code Code) error { return &Error{Code: code, Offset: d.pos} }

// unexpected reports the byte at pos, which begins no token that may stand there.
func (d *decoder) unexpected() error {
	if d.pos >= len(d.data) {
		return d.fail(ErrSyntax)
	}
	switch c := d.data[d.pos]; {
	case c < 0x20:
		return d.fail(ErrControlChar)
	case c == '"': // PHP reads the string before it finds that there may be none
		if _, err := d.string(); err != nil {
			return err
		}
	case c >= 0x80:
		if r, n := utf8.DecodeRune(d.data[d.pos:]); r == utf8.RuneError && n == 1 {
			return d.fail(ErrUTF8)
		}
	}
	return d.fail(ErrSyntax)
}

func (d *decoder) space() {
	for d.pos < len(d.data) {
		switch d.data[d.pos] {
		case ' ', '\t', '\n', '\r':
			d.pos++
		default:
			return
		}
	}
}

// peek skips white space and returns the next byte, 0 at the end.
func (d *decoder) peek() byte {
	if d.space(); d.pos < len(d.data) {
		return d.data[d.pos]
	}
	return 0
}

func (d *decoder) value() (phpserialize.Value, error) {
	switch c := d.peek(); {
	case c == '"':
		return d.string()
	case c == '{':
		return d.object()
	case c == '[':
		return d.array()
	case c == '-' || c >= '0' && c <= '9':
		return d.number()
	case c == 'n':
		return nil, d.literal("null")
	case c == 't':
		return true, d.literal("true")
	case c == 'f':
		return false, d.literal("false")
	}
	return nil, d.unexpected()
}

func (d *decoder) literal(s string) error {
	if len(d.data)-d.pos < len(s) || string(d.data[d.pos:d.pos+len(s)]) != s {
		return d.fail(ErrSyntax)
	}
	d.pos += len(s)
	return nil
}

func (d *decoder) enter() error {
	// json_decode() wants fewer levels than its depth says: with 512 it takes 511.
	if d.depth++; d.depth >= MaxDepth {
		return d.fail(ErrDepth)
	}
	d.pos++
	return nil
}

func (d *decoder) array() (phpserialize.Value, error) {
	if err := d.enter(); err != nil {
		return nil, err
	}
	a := phpserialize.NewArray()
	if c := d.peek(); c != ']' && c != '}' {
		for {
			v, err := d.value()
			if err != nil {
				return nil, err
			}
			a.Append(v)
			if d.peek() != ',' {
				break
			}
			d.pos++
		}
	}
	return a, d.leave(']')
}

func (d *decoder) object() (phpserialize.Value, error) {
	if err := d.enter(); err != nil {
		return nil, err
	}
	a := phpserialize.NewArray()
	if c := d.peek(); c != ']' && c != '}' {
		for {
			if err := d.pair(a); err != nil {
				return nil, err
			}
			if d.peek() != ',' {
				break
			}
			d.pos++
		}
	}
	return a, d.leave('}')
}

func (d *decoder) pair(a *phpserialize.Array) error {
	if d.peek() != '"' {
		return d.unexpected()
	}
	name, err := d.string()
	if err != nil {
		return err
	}
	if d.peek() != ':' {
		return d.unexpected()
	}
	d.pos++
	v, err := d.value()
	if err != nil {
		return err
	}
	a.SetString(name, v)
	return nil
}

// leave reads the closing bracket.
func (d *decoder) leave(bracket byte) error {
	switch d.peek() {
	case bracket:
		d.pos++
		d.depth--
		return nil
	case ']', '}':
		return d.fail(ErrMismatch)
	}
	return d.unexpected()
}

func (d *decoder) digits() bool {
	start := d.pos
	for d.pos < len(d.data) && d.data[d.pos] >= '0' && d.data[d.pos] <= '9' {
		d.pos++
	}
	return d.pos > start
}

func (d *decoder) at(set string) bool {
	return d.pos < len(d.data) && strings.IndexByte(set, d.data[d.pos]) >= 0
}

// number reads the longest number. What is left over ("01", "1.") is then no token.
func (d *decoder) number() (phpserialize.Value, error) {
	start := d.pos
	if d.data[d.pos] == '-' {
		d.pos++
	}
	if d.at("0") {
		d.pos++
	} else if !d.digits() {
		return nil, d.fail(ErrSyntax)
	}
	isFloat := false
	if d.at(".") {
		d.pos++
		if isFloat = true; !d.digits() {
			return nil, d.fail(ErrSyntax)
		}
	}
	if d.at("eE") {
		d.pos++
		if d.at("+-") {
			d.pos++
		}
		if isFloat = true; !d.digits() {
			return nil, d.fail(ErrSyntax)
		}
	}
	text := string(d.data[start:d.pos])
	if !isFloat {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n, nil
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(f, 0) {
		return nil, d.fail(ErrSyntax)
	}
	return f, nil
}

// string reads a string from its opening quote.
func (d *decoder) string() (string, error) {
	d.pos++
	start := d.pos
	for d.pos < len(d.data) { // the usual case: no escapes
		switch c := d.data[d.pos]; {
		case c == '"':
			d.pos++
			return string(d.data[start : d.pos-1]), nil
		case c == '\\':
			return d.escaped(start)
		default:
			if err := d.char(c); err != nil {
				return "", err
			}
		}
	}
	return "", d.fail(ErrControlChar) // PHP's own NUL behind the input
}

// char skips one character that stands for itself.
func (d *decoder) char(c byte) error {
	switch {
	case c < 0x20:
		return d.fail(ErrControlChar)
	case c < utf8.RuneSelf:
		d.pos++
	default:
		r, n := utf8.DecodeRune(d.data[d.pos:])
		if r == utf8.RuneError && n == 1 {
			return d.fail(ErrUTF8)
		}
		d.pos += n
	}
	return nil
}

// escaped reads the rest of a string that began at start.
func (d *decoder) escaped(start int) (string, error) {
	out := append([]byte(nil), d.data[start:d.pos]...)
	for d.pos < len(d.data) {
		switch c := d.data[d.pos]; c {
		case '"':
			d.pos++
			return string(out), nil
		case '\\':
			var err error
			if out, err = d.escape(out); err != nil {
				return "", err
			}
		default:
			from := d.pos
			if err := d.char(c); err != nil {
				return "", err
			}
			out = append(out, d.data[from:d.pos]...)
		}
	}
	return "", d.fail(ErrControlChar)
}

func (d *decoder) escape(out []byte) ([]byte, error) {
	if d.pos+1 >= len(d.data) {
		return nil, d.fail(ErrSyntax)
	}
	c := d.data[d.pos+1]
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		return d.unicode(out)
	default:
		return nil, d.fail(ErrSyntax)
	}
	d.pos += 2
	return append(out, c), nil
}

// unicode reads \uXXXX or a surrogate pair of two of them.
func (d *decoder) unicode(out []byte) ([]byte, error) {
	r, ok := d.hex4(d.pos)
	if !ok {
		return nil, d.fail(ErrSyntax)
	}
	n := 6
	if utf16.IsSurrogate(r) {
		low, _ := d.hex4(d.pos + 6)
		if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
			return nil, d.fail(ErrUTF16)
		}
		n = 12
	}
	d.pos += n
	return utf8.AppendRune(out, r), nil
}

// hex4 returns the number in \uXXXX at offset i.
func (d *decoder) hex4(i int) (rune, bool) {
	if i+6 > len(d.data) || d.data[i] != '\\' || d.data[i+1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range d.data[i+2 : i+6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
