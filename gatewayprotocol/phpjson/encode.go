package phpjson

import (
	"fmt"
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// Options are json_encode()'s flags. The zero value is its default: '/' as "\/"
// and characters over 0x7f as "\uXXXX".
type Options struct {
	UnescapedUnicode bool // JSON_UNESCAPED_UNICODE: all but U+2028 and U+2029 as they are
	UnescapedSlashes bool // JSON_UNESCAPED_SLASHES

	// MaxBytes bounds the JSON: a value that takes more is an error, found
	// before much more memory is taken. References let a short serialized value
	// stand for JSON without end. 0 is no bound.
	MaxBytes int
}

// Encode returns json_encode($v). Errors are those of [Append].
func Encode(v phpserialize.Value, opt Options) ([]byte, error) {
	out, err := Append(nil, v, opt)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Append appends json_encode($v) to dst.
//
// Floats have the shortest digits, 1.0 is 1 and 1e25 is 1.0e+25. An object is
// what json_encode() makes of an object of an unknown class: its class under
// "__PHP_Incomplete_Class_Name", then its public properties.
//
// INF, NAN, strings that are not UTF-8, more than MaxDepth levels or
// Options.MaxBytes bytes, and enum cases (whether one is backed by a value is
// known to its class only) are errors; dst is then returned as it was.
func Append(dst []byte, v phpserialize.Value, opt Options) ([]byte, error) {
	e := encoder{buf: dst, opt: opt, start: len(dst)}
	if err := e.value(v); err != nil {
		return dst, err
	}
	if e.tooLong() {
		return dst, &Error{Code: ErrTooLong, Offset: -1}
	}
	return e.buf, nil
}

type encoder struct {
	buf   []byte
	opt   Options
	start int // length of dst
	depth int
}

func (e *encoder) tooLong() bool {
	return e.opt.MaxBytes > 0 && len(e.buf)-e.start > e.opt.MaxBytes
}

func (e *encoder) value(v phpserialize.Value) error {
	if e.tooLong() {
		return &Error{Code: ErrTooLong, Offset: -1}
	}
	v = phpserialize.Deref(v)
	switch v := v.(type) {
	case nil:
		e.buf = append(e.buf, "null"...)
	case bool:
		e.buf = strconv.AppendBool(e.buf, v)
	case int64:
		e.buf = strconv.AppendInt(e.buf, v, 10)
	case int:
		e.buf = strconv.AppendInt(e.buf, int64(v), 10)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return &Error{Code: ErrInfOrNaN, Offset: -1}
		}
		e.buf = phpserialize.AppendFloatText(e.buf, v, 'e')
	case string:
		return e.string(v)
	case []byte:
		return e.string(string(v))
	case *phpserialize.Array:
		if v == nil {
			return noValue(v)
		}
		if v.IsList() {
			return e.list(v)
		}
		return e.object(v, nil)
	case *phpserialize.Object:
		if v == nil {
			return noValue(v)
		}
		return e.object(v.Props, &v.Class)
	case *phpserialize.Custom:
		if v == nil {
			return noValue(v)
		}
		return e.object(nil, &v.Class)
	default:
		w, err := phpserialize.FromGo(v)
		if err != nil {
			return noValue(v)
		}
		return e.value(w)
	}
	return nil
}

func noValue(v any) error {
	return &Error{Code: ErrType, Offset: -1, Detail: fmt.Sprintf("%T", v)}
}

func (e *encoder) string(s string) error {
	buf, err := AppendString(e.buf, s, e.opt)
	e.buf = buf
	return err
}

func (e *encoder) enter(c byte) error {
	if e.depth++; e.depth > MaxDepth {
		return &Error{Code: ErrDepth, Offset: -1}
	}
	e.buf = append(e.buf, c)
	return nil
}

func (e *encoder) leave(c byte) {
	e.depth--
	e.buf = append(e.buf, c)
}

func (e *encoder) list(a *phpserialize.Array) error {
	if err := e.enter('['); err != nil {
		return err
	}
	first := true
	for _, v := range a.All() {
		if !first {
			e.buf = append(e.buf, ',')
		}
		first = false
		if err := e.value(v); err != nil {
			return err
		}
	}
	e.leave(']')
	return nil
}

// object writes an array with keys, or the properties of an object of the class.
func (e *encoder) object(a *phpserialize.Array, class *string) error {
	if err := e.enter('{'); err != nil {
		return err
	}
	first := true
	if class != nil {
		first = false
		e.buf = append(e.buf, `"__PHP_Incomplete_Class_Name":`...)
		if err := e.string(*class); err != nil {
			return err
		}
	}
	for k, v := range a.All() {
		if class != nil && len(k.String()) > 0 && k.String()[0] == 0 {
			continue // private or protected
		}
		if !first {
			e.buf = append(e.buf, ',')
		}
		first = false
		if k.IsInt() {
			e.buf = append(e.buf, '"')
			e.buf = strconv.AppendInt(e.buf, k.Int(), 10)
			e.buf = append(e.buf, '"')
		} else if err := e.string(k.String()); err != nil {
			return err
		}
		e.buf = append(e.buf, ':')
		if err := e.value(v); err != nil {
			return err
		}
	}
	e.leave('}')
	return nil
}

const hexDigits = "0123456789abcdef"

// AppendString appends s as a JSON string. If s is not UTF-8 it returns dst as
// it was and an error.
func AppendString(dst []byte, s string, opt Options) ([]byte, error) {
	out := append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				return dst, &Error{Code: ErrUTF8, Offset: -1}
			}
			switch {
			case opt.UnescapedUnicode && r != '\u2028' && r != '\u2029':
				out = append(out, s[i:i+n]...)
			case r > 0xffff:
				high, low := utf16.EncodeRune(r)
				out = appendEscape(appendEscape(out, high), low)
			default:
				out = appendEscape(out, r)
			}
			i += n
			continue
		}
		i++
		switch c {
		case '"', '\\':
			out = append(out, '\\', c)
		case '/':
			if !opt.UnescapedSlashes {
				out = append(out, '\\')
			}
			out = append(out, c)
		case '\b':
			out = append(out, `\b`...)
		case '\f':
			out = append(out, `\f`...)
		case '\n':
			out = append(out, `\n`...)
		case '\r':
			out = append(out, `\r`...)
		case '\t':
			out = append(out, `\t`...)
		default:
			if c < 0x20 {
				out = appendEscape(out, rune(c))
			} else {
				out = append(out, c)
			}
		}
	}
	return append(out, '"'), nil
}

func appendEscape(dst []byte, r rune) []byte {
	return append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}
