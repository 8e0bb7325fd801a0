package gatewayclient

import (
	"reflect"
	"strings"
	"sync"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// A field is a struct field that takes part in encoding and decoding.
type field struct {
	index     []int
	key       phpserialize.Key
	name      string
	omitEmpty bool
}

var fieldCache sync.Map // reflect.Type -> []field

// fieldsOf returns the exported fields of a struct type, in order, those of
// embedded structs without a tag in their place. The first of two with the same
// name wins.
func fieldsOf(t reflect.Type) []field {
	if f, ok := fieldCache.Load(t); ok {
		return f.([]field)
	}
	var fields []field
	seen := make(map[phpserialize.Key]bool)
	for _, sf := range reflect.VisibleFields(t) {
		tag, tagged := sf.Tag.Lookup("php")
		name, opts, _ := strings.Cut(tag, ",")
		if !sf.IsExported() || name == "-" || throughPointer(t, sf.Index) {
			continue
		}
		if sf.Anonymous && !tagged && sf.Type.Kind() == reflect.Struct {
			continue // its fields are visible themselves
		}
		if name == "" {
			name = sf.Name
		}
		key := phpserialize.StringKey(name)
		if seen[key] {
			continue
		}
		seen[key] = true
		fields = append(fields, field{sf.Index, key, name, opts == "omitempty"})
	}
	f, _ := fieldCache.LoadOrStore(t, fields)
	return f.([]field)
}

// throughPointer reports whether the way to a field leads through an embedded
// pointer, or through a struct that has a name of its own.
func throughPointer(t reflect.Type, index []int) bool {
	for _, i := range index[:len(index)-1] {
		sf := t.Field(i)
		if _, tagged := sf.Tag.Lookup("php"); tagged || sf.Type.Kind() != reflect.Struct {
			return true
		}
		t = sf.Type
	}
	return false
}
