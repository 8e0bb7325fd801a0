package phpserialize

import (
	"fmt"
	"math"
	"reflect"
)

// FromGo returns the scalar [Value] for a Go value of another type: int64 for
// all integers, float64 for float32, string for []byte, and the same for types
// that are defined as one of these, as a bool or as a string. Anything else, and
// an integer over 64 bits with sign, is a [*TypeError].
func FromGo(v any) (Value, error) {
	if b, ok := v.([]byte); ok {
		return string(b), nil
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Bool:
		return r.Bool(), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return r.Int(), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		if r.Uint() > math.MaxInt64 {
			return nil, &TypeError{fmt.Sprintf("%d: over 64 bits with sign", r.Uint())}
		}
		return int64(r.Uint()), nil
	case reflect.Float32, reflect.Float64:
		return r.Float(), nil
	case reflect.String:
		return r.String(), nil
	}
	return nil, &TypeError{fmt.Sprintf("a Go value of type %T", v)}
}
