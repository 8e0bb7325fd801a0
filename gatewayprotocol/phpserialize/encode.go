package phpserialize

import (
	"fmt"
	"math"
	"strconv"
)

// Marshal returns serialize($v). The errors are those of [Append].
func Marshal(v Value) ([]byte, error) { return Append(nil, v) }

// Append appends serialize($v) to dst. Where v holds something that is no PHP
// value, it returns dst as it was and a [*TypeError]; where it is nested deeper
// than 4096 levels, which PHP could not read back, a [*LimitError].
func Append(dst []byte, v Value) ([]byte, error) {
	e := encoder{buf: dst, root: v}
	if err := e.value(v); err != nil {
		return dst, err
	}
	return e.buf, nil
}

type encoder struct {
	buf     []byte
	root    Value
	slot    int         // number of the value being written
	seen    map[any]int // *Reference, *Object, *Custom, Enum -> slot
	holders map[*Reference]int
	depth   int
}

// value writes v as the next value, or what refers to an earlier one.
// The numbers are those of php_add_var_hash.
func (e *encoder) value(v Value) error {
	e.slot++
	ref, isRef := v.(*Reference)
	if isRef {
		v = Deref(ref)
	}
	id := identity(v)
	if id == nil {
		if !isRef {
			return e.plain(v)
		}
		id = ref
	}
	at, again := e.seen[id]
	if !again {
		if e.seen == nil {
			e.seen = make(map[any]int)
		}
		e.seen[id] = e.slot
		return e.plain(v)
	}
	letter := byte('r')
	if isRef {
		if e.shared(ref) {
			letter = 'R'
			e.slot-- // an R: has no number of its own
		} else if id == any(ref) {
			// A reference that leads to itself and nowhere else.
			e.buf = AppendNull(e.buf)
			return nil
		}
	}
	e.buf = append(e.buf, letter, ':')
	e.buf = strconv.AppendInt(e.buf, int64(at), 10)
	e.buf = append(e.buf, ';')
	return nil
}

// identity returns what makes an object the same one as another, nil for other values.
func identity(v Value) any {
	switch v := v.(type) {
	case *Object:
		if v != nil {
			return v
		}
	case *Enum:
		if v != nil {
			return *v
		}
	case *Custom:
		if v != nil {
			return v
		}
	}
	return nil
}

// plain writes v itself.
func (e *encoder) plain(v Value) error {
	switch v := v.(type) {
	case nil:
		e.buf = AppendNull(e.buf)
	case bool:
		e.buf = AppendBool(e.buf, v)
	case int64:
		e.buf = AppendInt(e.buf, v)
	case float64:
		e.buf = AppendFloat(e.buf, v)
	case string:
		e.buf = AppendString(e.buf, v)
	case *Array:
		if v == nil {
			return &TypeError{"a nil *Array"}
		}
		e.buf = AppendArrayStart(e.buf, v.Len())
		return e.elements(v, false)
	case *Object:
		if v == nil {
			return &TypeError{"a nil *Object"}
		}
		e.class('O', v.Class)
		e.buf = strconv.AppendInt(e.buf, int64(v.Props.Len()), 10)
		e.buf = append(e.buf, ":{"...)
		return e.elements(v.Props, !serializesToList[v.Class])
	case *Custom:
		if v == nil {
			return &TypeError{"a nil *Custom"}
		}
		e.class('C', v.Class)
		e.buf = strconv.AppendInt(e.buf, int64(len(v.Data)), 10)
		e.buf = append(e.buf, ":{"...)
		e.buf = append(e.buf, v.Data...)
		e.buf = append(e.buf, '}')
	case *Enum:
		if v == nil {
			return &TypeError{"a nil *Enum"}
		}
		e.buf = appendCounted(e.buf, 'E', len(v.Class)+1+len(v.Case))
		e.buf = append(e.buf, '"')
		e.buf = append(e.buf, v.Class...)
		e.buf = append(e.buf, ':')
		e.buf = append(e.buf, v.Case...)
		e.buf = append(e.buf, `";`...)
	default:
		return e.goValue(v)
	}
	return nil
}

// goValue writes the Go types that decoding never gives.
func (e *encoder) goValue(v Value) error {
	switch v := v.(type) {
	case int:
		e.buf = AppendInt(e.buf, int64(v))
	case int32:
		e.buf = AppendInt(e.buf, int64(v))
	case int16:
		e.buf = AppendInt(e.buf, int64(v))
	case int8:
		e.buf = AppendInt(e.buf, int64(v))
	case uint:
		return e.unsigned(uint64(v))
	case uint64:
		return e.unsigned(v)
	case uint32:
		e.buf = AppendInt(e.buf, int64(v))
	case uint16:
		e.buf = AppendInt(e.buf, int64(v))
	case uint8:
		e.buf = AppendInt(e.buf, int64(v))
	case float32:
		e.buf = AppendFloat(e.buf, float64(v))
	case []byte:
		e.buf = AppendBytes(e.buf, v)
	default:
		return &TypeError{fmt.Sprintf("a Go value of type %T", v)}
	}
	return nil
}

func (e *encoder) unsigned(u uint64) error {
	if u > math.MaxInt64 {
		return &TypeError{fmt.Sprintf("%d: over 64 bits with sign", u)}
	}
	e.buf = AppendInt(e.buf, int64(u))
	return nil
}

func (e *encoder) class(letter byte, name string) {
	e.buf = appendCounted(e.buf, letter, len(name))
	e.buf = append(e.buf, '"')
	e.buf = append(e.buf, name...)
	e.buf = append(e.buf, `":`...)
}

// elements writes keys and values and the closing brace. Property names are
// strings even where they look like numbers.
func (e *encoder) elements(a *Array, names bool) error {
	if e.depth++; e.depth > DefaultMaxDepth {
		return &LimitError{What: "depth", Limit: DefaultMaxDepth}
	}
	for k, v := range a.All() {
		switch {
		case !k.IsInt():
			e.buf = AppendString(e.buf, k.s)
		case names:
			e.buf = AppendString(e.buf, k.String())
		default:
			e.buf = AppendInt(e.buf, k.n)
		}
		if err := e.value(v); err != nil {
			return err
		}
	}
	e.depth--
	e.buf = append(e.buf, '}')
	return nil
}

// shared tells whether more than one place holds ref. PHP takes a reference
// whose other holders are gone for an ordinary value.
func (e *encoder) shared(ref *Reference) bool {
	if e.holders == nil {
		e.holders = make(map[*Reference]int)
		e.count(e.root, make(map[any]bool), 0)
	}
	return e.holders[ref] > 1
}

func (e *encoder) count(v Value, visited map[any]bool, depth int) {
	if ref, ok := v.(*Reference); ok {
		if e.holders[ref]++; e.holders[ref] > 1 {
			return
		}
		v = Deref(ref)
	}
	a, ok := v.(*Array)
	if o, isObject := v.(*Object); isObject && o != nil && !visited[o] {
		visited[o] = true
		a, ok = o.Props, true
	}
	if !ok || depth > DefaultMaxDepth {
		return
	}
	for _, v := range a.All() {
		e.count(v, visited, depth+1)
	}
}

// serializesToList names PHP's own classes whose __serialize returns int keys.
// An object of another class is a __PHP_Incomplete_Class to the original, which
// turns such keys into property names: i:0; comes back as s:1:"0";
var serializesToList = map[string]bool{
	"ArrayObject": true, "ArrayIterator": true, "RecursiveArrayIterator": true,
	"SplDoublyLinkedList": true, "SplQueue": true, "SplStack": true,
	"SplObjectStorage": true, "SplFixedArray": true, "Random\\Randomizer": true,
}
