package phpserialize

import (
	"math"
	"strconv"
)

// IsTruthy returns (bool)$v: false for null, false, 0, 0.0, "", "0" and an empty array.
func IsTruthy(v Value) bool {
	switch v := Deref(v).(type) {
	case nil:
		return false
	case bool:
		return v
	case int64:
		return v != 0
	case int:
		return v != 0
	case float64:
		return v != 0
	case string:
		return v != "" && v != "0"
	case *Array:
		return v.Len() > 0
	}
	return true
}

// ToString returns (string)$v for null, bools, numbers and strings. Other values
// have no string (PHP warns, writes "Array", or throws): it reports false.
// Floats are spelled with precision=14, as echo does.
func ToString(v Value) (string, bool) {
	switch v := Deref(v).(type) {
	case nil:
		return "", true
	case bool:
		if v {
			return "1", true
		}
		return "", true
	case int64:
		return strconv.FormatInt(v, 10), true
	case int:
		return strconv.Itoa(v), true
	case float64:
		return string(appendFloat(nil, v, 14, 14, 'E')), true
	case string:
		return v, true
	}
	return "", false
}

// ToKey returns the array key that $v becomes in $array[$v]: null is "", bools
// are 0 and 1, floats lose their fraction. Arrays and objects, for which PHP
// throws "Illegal offset type", report false.
func ToKey(v Value) (Key, bool) {
	switch v := Deref(v).(type) {
	case nil:
		return Key{}, true
	case bool:
		if v {
			return IntKey(1), true
		}
		return IntKey(0), true
	case int64:
		return IntKey(v), true
	case int:
		return IntKey(int64(v)), true
	case float64:
		return IntKey(floatToInt(v)), true
	case string:
		return StringKey(v), true
	}
	return Key{}, false
}

// floatToInt is zend_dval_to_lval of PHP 8.2 on 64 bits: toward zero, modulo
// 2^64, and 0 for what is not finite.
func floatToInt(f float64) int64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	if f >= -1<<63 && f < 1<<63 {
		return int64(f)
	}
	m := math.Mod(math.Trunc(f), 1<<64)
	if m < 0 {
		m += 1 << 64
	}
	return int64(uint64(m))
}
