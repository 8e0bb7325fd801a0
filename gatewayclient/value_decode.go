package gatewayclient

import (
	"fmt"
	"math"
	"reflect"
	"strconv"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// maxValueDepth bounds how deep values may nest, so that a PHP value that
// contains itself ends in an error.
const maxValueDepth = 512

// DecodeValue stores a PHP value in what into points to.
//
//   - Into an any go nil, bool, int64, float64 and string; arrays become []any
//     when their keys are 0, 1, 2 … and map[string]any otherwise; objects,
//     enums and the like stay what phpserialize has for them.
//   - A map takes an array; its keys are strings or integers.
//   - A slice takes the values of an array, in order, whatever the keys; an
//     array type takes one of exactly its length.
//   - A struct takes an array or the properties of an object, by the fields'
//     `php:"name"` tags or else their names; keys without a field are skipped,
//     fields without a key are left alone, and `php:"-"` hides a field.
//   - Numbers and strings are converted into each other where nothing is lost:
//     PHP's "5", 5 and 5.0 all fit an int and a string field. 0, 1, "0", "1"
//     and "" fit a bool.
//   - null makes the zero value. PHP references are followed.
//   - A *phpserialize.Array, *phpserialize.Object and so on takes just that.
//
// What does not fit is a [*DecodeError] that says where.
func DecodeValue(v phpserialize.Value, into any) error {
	rv := reflect.ValueOf(into)
	if rv.Kind() != reflect.Pointer || rv.IsNil() {
		return &DecodeError{Want: "a pointer to decode into", Got: fmt.Sprintf("%T", into)}
	}
	return decodeInto(v, rv.Elem(), 0)
}

func at(path string, err error) error {
	if e, ok := err.(*DecodeError); ok { //nolint:errorlint // made here
		if e.Path != "" {
			path += "." + e.Path
		}
		e.Path = path
	}
	return err
}

func mismatch(v phpserialize.Value, want string) error {
	return &DecodeError{Want: want, Got: phpserialize.Describe(v)}
}

func decodeInto(v phpserialize.Value, dst reflect.Value, depth int) error {
	if depth > maxValueDepth {
		return &DecodeError{Want: fmt.Sprintf("at most %d levels", maxValueDepth)}
	}
	v = phpserialize.Deref(v)
	if v == nil {
		dst.SetZero()
		return nil
	}
	if rv := reflect.ValueOf(v); dst.Kind() == reflect.Pointer && rv.Type() == dst.Type() {
		dst.Set(rv) // *phpserialize.Array and the like
		return nil
	}
	switch dst.Kind() {
	case reflect.Pointer:
		if dst.IsNil() {
			dst.Set(reflect.New(dst.Type().Elem()))
		}
		return decodeInto(v, dst.Elem(), depth+1)
	case reflect.Interface:
		if dst.NumMethod() != 0 {
			return mismatch(v, dst.Type().String())
		}
		g, err := goValue(v, depth)
		if err == nil {
			dst.Set(reflect.ValueOf(&g).Elem())
		}
		return err
	case reflect.Struct:
		return decodeStruct(v, dst, depth)
	case reflect.Map:
		return decodeMap(v, dst, depth)
	case reflect.Slice, reflect.Array:
		return decodeList(v, dst, depth)
	}
	return decodeScalar(v, dst)
}

func decodeScalar(v phpserialize.Value, dst reflect.Value) error {
	switch k := dst.Kind(); k {
	case reflect.Bool:
		switch s, ok := phpserialize.ToString(v); {
		case ok && (s == "" || s == "0"):
			dst.SetBool(false)
		case ok && s == "1":
			dst.SetBool(true)
		default:
			return mismatch(v, "a bool")
		}
	case reflect.String:
		if _, isBool := v.(bool); isBool {
			return mismatch(v, "a string")
		}
		s, ok := phpserialize.ToString(v)
		if !ok {
			return mismatch(v, "a string")
		}
		dst.SetString(s)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, ok := toInt(v)
		if !ok || dst.OverflowInt(n) {
			return mismatch(v, k.String())
		}
		dst.SetInt(n)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, ok := toInt(v)
		if !ok || n < 0 || dst.OverflowUint(uint64(n)) {
			return mismatch(v, k.String())
		}
		dst.SetUint(uint64(n))
	case reflect.Float32, reflect.Float64:
		f, ok := toFloat(v)
		if !ok {
			return mismatch(v, k.String())
		}
		dst.SetFloat(f)
	default:
		return mismatch(v, dst.Type().String())
	}
	return nil
}

func toInt(v phpserialize.Value) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case float64: // the bounds are powers of two: exact
		return int64(v), v == math.Trunc(v) && v >= math.MinInt64 && v < math.MaxInt64
	case string:
		n, err := strconv.ParseInt(v, 10, 64)
		return n, err == nil
	}
	return 0, false
}

func toFloat(v phpserialize.Value) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	case string:
		f, err := strconv.ParseFloat(v, 64)
		return f, err == nil
	}
	return 0, false
}

// elements returns the array, or the properties of the object, that v is.
func elements(v phpserialize.Value) (*phpserialize.Array, bool) {
	switch v := v.(type) {
	case *phpserialize.Array:
		return v, true
	case *phpserialize.Object:
		if v.Props == nil {
			return phpserialize.NewArray(), true
		}
		return v.Props, true
	}
	return nil, false
}

func decodeStruct(v phpserialize.Value, dst reflect.Value, depth int) error {
	arr, ok := elements(v)
	if !ok {
		return mismatch(v, "an array for "+dst.Type().String())
	}
	for _, f := range fieldsOf(dst.Type()) {
		v, ok := arr.Get(f.key)
		if !ok {
			continue
		}
		if err := decodeInto(v, dst.FieldByIndex(f.index), depth+1); err != nil {
			return at(f.name, err)
		}
	}
	return nil
}

func decodeMap(v phpserialize.Value, dst reflect.Value, depth int) error {
	arr, ok := elements(v)
	if !ok {
		return mismatch(v, "an array for "+dst.Type().String())
	}
	t := dst.Type()
	m := reflect.MakeMap(t)
	for k, v := range arr.All() {
		key := reflect.New(t.Key()).Elem()
		if err := decodeInto(k.Value(), key, depth+1); err != nil {
			return at(k.String(), err)
		}
		val := reflect.New(t.Elem()).Elem()
		if err := decodeInto(v, val, depth+1); err != nil {
			return at(k.String(), err)
		}
		m.SetMapIndex(key, val)
	}
	dst.Set(m)
	return nil
}

func decodeList(v phpserialize.Value, dst reflect.Value, depth int) error {
	t := dst.Type()
	if s, ok := v.(string); ok && t.Elem().Kind() == reflect.Uint8 && t.Kind() == reflect.Slice {
		dst.SetBytes([]byte(s))
		return nil
	}
	arr, ok := v.(*phpserialize.Array)
	if !ok {
		return mismatch(v, "an array for "+t.String())
	}
	list := dst
	if t.Kind() == reflect.Slice {
		list = reflect.MakeSlice(t, arr.Len(), arr.Len())
	} else if t.Len() != arr.Len() {
		return mismatch(v, fmt.Sprintf("an array of %d", t.Len()))
	}
	i := 0
	for k, v := range arr.All() {
		if err := decodeInto(v, list.Index(i), depth+1); err != nil {
			return at(k.String(), err)
		}
		i++
	}
	if t.Kind() == reflect.Slice {
		dst.Set(list)
	}
	return nil
}

// goValue returns v as plain Go values.
func goValue(v phpserialize.Value, depth int) (any, error) {
	if depth > maxValueDepth {
		return nil, &DecodeError{Want: fmt.Sprintf("at most %d levels", maxValueDepth)}
	}
	arr, ok := phpserialize.Deref(v).(*phpserialize.Array)
	if !ok {
		return phpserialize.Deref(v), nil
	}
	if arr.IsList() {
		list := make([]any, 0, arr.Len())
		for k, v := range arr.All() {
			g, err := goValue(v, depth+1)
			if err != nil {
				return nil, at(k.String(), err)
			}
			list = append(list, g)
		}
		return list, nil
	}
	m := make(map[string]any, arr.Len())
	for k, v := range arr.All() {
		g, err := goValue(v, depth+1)
		if err != nil {
			return nil, at(k.String(), err)
		}
		m[k.String()] = g
	}
	return m, nil
}
