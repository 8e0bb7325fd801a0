package phpserialize

import "strconv"

// Marshal returns serialize($v). The errors are those of [Append].
func Marshal(v Value) ([]byte, error) { return Append(nil, v) }

// Append appends serialize($v) to dst. Where v holds something that is no PHP
// value, it returns dst as it was and a [*TypeError]; where it is nested deeper
// than 4096 levels, which PHP could not read back, a [*LimitError].
func Append(dst []byte, v Value) ([]byte, error) {
	e := encoder{buf: dst, root: v}
	if err := e.top(v); err != nil {
		return dst, err
	}
	return e.buf, nil
}

type encoder struct {
	buf   []byte
	depth int
	slot  int         // number of the value being written
	seen  map[any]int // *Reference, *Object, *Custom, Enum -> slot
	refs  *refCounter // nil until asked
	root  Value
}

// frame is an array or object whose elements are being written.
type frame struct {
	up    *frame
	array *Array // nil is an object
	open  bool   // not the outermost, not entered by a shared reference
	byRef bool   // this or one further up was entered by a reference
}

// contains tells whether a may not be written in f again, as PHP sees it.
func (f *frame) contains(a *Array) bool {
	if f.array == a {
		return true
	}
	for ; f != nil; f = f.up {
		if f.open && f.array == a {
			return true
		}
	}
	return false
}

// top writes the outermost value, which is in no array and by no reference.
func (e *encoder) top(v Value) error {
	v = Deref(v)
	if a, ok := v.(*Array); ok {
		e.slot++
		return e.elements(a, &frame{array: a})
	}
	return e.value(v, &frame{})
}

// value writes v, an element of up, as the next value, or what refers to an
// earlier one. The numbers are those of php_add_var_hash.
func (e *encoder) value(v Value, up *frame) error {
	e.slot++
	ref, isRef := v.(*Reference)
	if isRef {
		v = Deref(ref)
	}
	if a, ok := v.(*Array); ok {
		return e.array(a, ref, up)
	}
	id := identity(v)
	if id == nil {
		if !isRef {
			return e.plain(v, up)
		}
		id = ref
	}
	if at, again := e.again(id); again {
		e.back(at, isRef && e.shared(ref))
		return nil
	}
	return e.plain(v, up)
}

// again returns the slot in which id was written, or notes that it now is.
func (e *encoder) again(id any) (slot int, again bool) {
	if slot, again = e.seen[id]; again {
		return slot, true
	}
	if e.seen == nil {
		e.seen = make(map[any]int)
	}
	e.seen[id] = e.slot
	return e.slot, false
}

// back writes R: or r:. The former has no slot of its own.
func (e *encoder) back(slot int, isRef bool) {
	letter := byte('r')
	if isRef {
		letter = 'R'
		e.slot--
	}
	e.buf = append(e.buf, letter, ':')
	e.buf = strconv.AppendInt(e.buf, int64(slot), 10)
	e.buf = append(e.buf, ';')
}

// array writes an array that is an element, by reference if ref is not nil.
// Arrays that contain themselves other than by a shared reference, which only
// hand-made input leads to, end in null, as in PHP.
func (e *encoder) array(a *Array, ref *Reference, up *frame) error {
	f := frame{up: up, array: a, open: true, byRef: up.byRef || ref != nil}
	if ref != nil && e.shared(ref) {
		if at, again := e.again(ref); again {
			e.back(at, true)
			return nil
		}
		f.open = false
	} else if f.byRef && e.refs.cyclic && up.contains(a) {
		e.buf = AppendNull(e.buf)
		return nil
	}
	return e.elements(a, &f)
}

// shared tells whether more than one place holds ref. PHP takes a reference
// whose other holders are gone for an ordinary value.
func (e *encoder) shared(ref *Reference) bool {
	if e.refs == nil {
		e.refs = newRefCounter(e.root)
	}
	return e.refs.holders[ref] > 1
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

// plain writes v, which is no array, itself.
func (e *encoder) plain(v Value, up *frame) error {
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
	case *Object:
		if v == nil {
			return &TypeError{"a nil *Object"}
		}
		return e.object(v, &frame{up: up, byRef: up.byRef})
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
	case int:
		e.buf = AppendInt(e.buf, int64(v))
	case []byte:
		e.buf = AppendBytes(e.buf, v)
	default:
		return e.goValue(v)
	}
	return nil
}

// goValue writes the Go types that decoding never gives.
func (e *encoder) goValue(v Value) error {
	w, err := FromGo(v)
	if err != nil {
		return err
	}
	return e.plain(w, nil)
}

func (e *encoder) class(letter byte, name string) {
	e.buf = appendCounted(e.buf, letter, len(name))
	e.buf = append(e.buf, '"')
	e.buf = append(e.buf, name...)
	e.buf = append(e.buf, `":`...)
}

// elements writes an array.
func (e *encoder) elements(a *Array, f *frame) error {
	if a == nil {
		return &TypeError{"a nil *Array"}
	}
	e.buf = AppendArrayStart(e.buf, a.Len())
	if a.Len() > 0 { // an empty array is no level
		if err := e.enter(); err != nil {
			return err
		}
		defer e.leave()
	}
	for k, v := range a.All() {
		if k.IsInt() {
			e.buf = AppendInt(e.buf, k.n)
		} else {
			e.buf = AppendString(e.buf, k.s)
		}
		if err := e.value(v, f); err != nil {
			return err
		}
	}
	e.buf = AppendArrayEnd(e.buf)
	return nil
}

// object writes an object. Property names are strings even where they look like
// numbers.
func (e *encoder) object(o *Object, f *frame) error {
	e.class('O', o.Class)
	e.buf = strconv.AppendInt(e.buf, int64(o.Props.Len()), 10)
	e.buf = append(e.buf, ":{"...)
	if err := e.enter(); err != nil {
		return err
	}
	defer e.leave()
	intKeys := serializesToList[o.Class]
	for k, v := range o.Props.All() {
		switch {
		case !k.IsInt():
			e.buf = AppendString(e.buf, k.s)
		case intKeys:
			e.buf = AppendInt(e.buf, k.n)
		default:
			e.buf = AppendString(e.buf, k.String())
		}
		if err := e.value(v, f); err != nil {
			return err
		}
	}
	e.buf = append(e.buf, '}')
	return nil
}

func (e *encoder) enter() error {
	if e.depth++; e.depth > DefaultMaxDepth {
		return &LimitError{What: "depth", Limit: DefaultMaxDepth}
	}
	return nil
}

func (e *encoder) leave() { e.depth-- }

// serializesToList names PHP's own classes whose __serialize returns int keys.
// An object of another class is a __PHP_Incomplete_Class to the original, which
// turns such keys into property names: i:0; comes back as s:1:"0";
var serializesToList = map[string]bool{
	"ArrayObject": true, "ArrayIterator": true, "RecursiveArrayIterator": true,
	"SplDoublyLinkedList": true, "SplQueue": true, "SplStack": true,
	"SplObjectStorage": true, "SplFixedArray": true, "Random\\Randomizer": true,
}
