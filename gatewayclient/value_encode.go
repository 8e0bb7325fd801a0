package gatewayclient

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"slices"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// EncodeValue returns the PHP value for a Go value: the inverse of
// [DecodeValue]. A struct becomes an array with its fields in order, those with
// `php:"name,omitempty"` only when they are not zero; a map becomes an array
// sorted by key, integers first, because Go's maps have no order; a slice
// becomes a list, []byte a string, a nil pointer, map or slice null. PHP values
// are returned as they are.
func EncodeValue(v any) (phpserialize.Value, error) {
	switch v.(type) {
	case nil, bool, int64, float64, string,
		*phpserialize.Array, *phpserialize.Object, *phpserialize.Enum, *phpserialize.Custom, *phpserialize.Reference:
		return v, nil
	}
	return encodeFrom(reflect.ValueOf(v), 0)
}

func encodeFrom(v reflect.Value, depth int) (phpserialize.Value, error) {
	if depth > maxValueDepth {
		return nil, &EncodeError{What: v.Type().String(), Reason: fmt.Sprintf("nested deeper than %d levels", maxValueDepth)}
	}
	switch v.Kind() {
	case reflect.Bool:
		return v.Bool(), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int(), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if v.Uint() > math.MaxInt64 {
			return nil, &EncodeError{What: fmt.Sprintf("the %s %d", v.Type(), v.Uint()), Reason: "beyond PHP's integers"}
		}
		return int64(v.Uint()), nil
	case reflect.Float32, reflect.Float64:
		return v.Float(), nil
	case reflect.String:
		return v.String(), nil
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil, nil
		}
		switch p := v.Interface().(type) {
		case *phpserialize.Array, *phpserialize.Object, *phpserialize.Enum, *phpserialize.Custom, *phpserialize.Reference:
			return p, nil
		}
		return encodeFrom(v.Elem(), depth+1)
	case reflect.Struct:
		return encodeStruct(v, depth)
	case reflect.Map:
		return encodeMap(v, depth)
	case reflect.Slice, reflect.Array:
		return encodeList(v, depth)
	}
	return nil, &EncodeError{What: v.Type().String(), Reason: "PHP has nothing like it"}
}

func encodeStruct(v reflect.Value, depth int) (phpserialize.Value, error) {
	fields := fieldsOf(v.Type())
	arr := phpserialize.NewArraySize(len(fields))
	for _, f := range fields {
		fv := v.FieldByIndex(f.index)
		if f.omitEmpty && fv.IsZero() {
			continue
		}
		p, err := encodeFrom(fv, depth+1)
		if err != nil {
			return nil, err
		}
		arr.Set(f.key, p)
	}
	return arr, nil
}

func encodeMap(v reflect.Value, depth int) (phpserialize.Value, error) {
	if v.IsNil() {
		return nil, nil
	}
	type entry struct {
		key phpserialize.Key
		val reflect.Value
	}
	entries := make([]entry, 0, v.Len())
	for it := v.MapRange(); it.Next(); {
		k, err := encodeFrom(it.Key(), depth+1)
		if err != nil {
			return nil, err
		}
		key, ok := phpserialize.ToKey(k)
		if _, isFloat := k.(float64); !ok || isFloat {
			return nil, &EncodeError{What: v.Type().String(), Reason: "PHP's keys are strings or integers"}
		}
		entries = append(entries, entry{key, it.Value()})
	}
	slices.SortFunc(entries, func(a, b entry) int {
		switch {
		case a.key.IsInt() && b.key.IsInt():
			return cmp.Compare(a.key.Int(), b.key.Int())
		case a.key.IsInt():
			return -1
		case b.key.IsInt():
			return 1
		}
		return cmp.Compare(a.key.String(), b.key.String())
	})
	arr := phpserialize.NewArraySize(len(entries))
	for _, e := range entries {
		p, err := encodeFrom(e.val, depth+1)
		if err != nil {
			return nil, err
		}
		arr.Set(e.key, p)
	}
	return arr, nil
}

func encodeList(v reflect.Value, depth int) (phpserialize.Value, error) {
	if v.Kind() == reflect.Slice {
		if v.IsNil() {
			return nil, nil
		}
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return string(v.Bytes()), nil
		}
	}
	arr := phpserialize.NewArraySize(v.Len())
	for i := range v.Len() {
		p, err := encodeFrom(v.Index(i), depth+1)
		if err != nil {
			return nil, err
		}
		arr.Append(p)
	}
	return arr, nil
}
