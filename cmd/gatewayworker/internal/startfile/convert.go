package startfile

import (
	"math"
	"strconv"
	"strings"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpjson"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// Text is a value as PHP's string. It is false for values that have none.
func Text(v any) (string, bool) {
	switch v.(type) {
	case nil, bool, int64, float64, string:
		return phpserialize.ToString(v)
	}
	return "", false
}

// Truth is a value as PHP's bool. It is false for Unknown.
func Truth(v any) (truth, known bool) {
	switch v := v.(type) {
	case nil:
		return false, true
	case bool:
		return v, true
	case int64:
		return v != 0, true
	case float64:
		return v != 0, true
	case string:
		return v != "" && v != "0", true
	case *Array:
		return len(v.Entries) > 0, true
	case Unknown:
		return false, false
	}
	return true, true
}

// number is a value as PHP's int or float.
func number(v any) any {
	switch v := v.(type) {
	case int64, float64, Unknown:
		return v
	case string:
		s := strings.TrimSpace(v)
		end := 0
		for end < len(s) && strings.IndexByte("+-.0123456789eE", s[end]) >= 0 {
			end++
		}
		for ; end > 0; end-- {
			if n, err := strconv.ParseInt(s[:end], 10, 64); err == nil {
				return n
			}
			if f, err := strconv.ParseFloat(s[:end], 64); err == nil {
				return f
			}
		}
		return int64(0)
	}
	truth, _ := Truth(v)
	if truth {
		return int64(1)
	}
	return int64(0)
}

func toInt(v any) any {
	switch n := number(v).(type) {
	case float64:
		if math.IsNaN(n) || math.Abs(n) > math.MaxInt64/2 {
			return int64(0)
		}
		return int64(n)
	default:
		return n
	}
}

func toFloat(v any) any {
	switch n := number(v).(type) {
	case int64:
		return float64(n)
	default:
		return n
	}
}

// arrayKey is a value as a key of an array: "5" is 5. Nil is no key.
func arrayKey(v any) any {
	switch v := v.(type) {
	case int64:
		return v
	case string:
		if n, err := strconv.ParseInt(v, 10, 64); err == nil && strconv.FormatInt(n, 10) == v {
			return n
		}
		return v
	case bool, float64:
		return toInt(v)
	case nil:
		return ""
	}
	return nil
}

// equal is == and ===, for values that start files compare.
func equal(a, b any, strict bool) any {
	for _, v := range []any{a, b} {
		if u, ok := v.(Unknown); ok {
			return u
		}
	}
	switch a := a.(type) {
	case *Array:
		b, ok := b.(*Array)
		if !ok || len(a.Entries) != len(b.Entries) {
			return false
		}
		for _, e := range a.Entries {
			other, ok := b.Get(e.Key)
			if !ok || equal(e.Value, other.Value, strict) != true {
				return false
			}
		}
		return true
	case *Closure, *Object, *Worker:
		return a == b
	}
	if strict {
		return a == b
	}
	switch b.(type) {
	case *Array, *Closure, *Object, *Worker:
		return false
	case bool, nil:
		x, _ := Truth(a)
		y, _ := Truth(b)
		return x == y
	}
	if s, ok := a.(string); ok {
		if t, ok := b.(string); ok && (!numeric(s) || !numeric(t)) {
			return s == t
		}
	}
	switch a.(type) {
	case bool, nil:
		return equal(b, a, false)
	}
	for _, v := range []any{a, b} { // PHP 8: a number equals only text that is one
		if s, ok := v.(string); ok && !numeric(s) {
			x, _ := Text(a)
			y, _ := Text(b)
			return x == y
		}
	}
	return toFloat(a) == toFloat(b)
}

func numeric(s string) bool {
	_, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return err == nil && !strings.ContainsAny(s, "nNxXpP_")
}

// forJSON is a value as package phpserialize has it.
func forJSON(v any) phpserialize.Value {
	a, ok := v.(*Array)
	if !ok {
		return v
	}
	out := phpserialize.NewArray()
	for _, e := range a.Entries {
		if n, ok := e.Key.(int64); ok {
			out.Set(phpserialize.IntKey(n), forJSON(e.Value))
		} else {
			out.Set(phpserialize.StringKey(e.Key.(string)), forJSON(e.Value))
		}
	}
	return out
}

// jsonText is json_encode.
func jsonText(v any, flags int64) any {
	if flags&^(256|64|4194304) != 0 {
		return Unknown{"json_encode"}
	}
	text, err := phpjson.Encode(forJSON(v), phpjson.Options{
		UnescapedUnicode: flags&256 != 0, UnescapedSlashes: flags&64 != 0, MaxBytes: maxString,
	})
	if err != nil {
		return Unknown{"json_encode"}
	}
	return string(text)
}
