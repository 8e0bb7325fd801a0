package phpserialize

import "strings"

// Defaults of [Limits].
const (
	DefaultMaxDepth    = 4096      // PHP's unserialize_max_depth
	DefaultMaxElements = 8 << 20   // elements and properties in all
	DefaultMaxBytes    = 256 << 20 // of input
)

// Limits bounds what decoding accepts. In each field 0 means the default.
type Limits struct {
	MaxDepth    int // levels of arrays and objects
	MaxElements int // array elements and object properties in the whole value
	MaxBytes    int // length of the input
}

// Unmarshal returns unserialize($data) with the default limits. Bytes behind
// the value are ignored. The errors are *SyntaxError and *LimitError.
//
// The value does not refer to data, but its strings share one copy of it: to keep
// a small string of a large value for long, clone it (strings.Clone).
func Unmarshal(data []byte) (Value, error) {
	v, _, err := Limits{}.Decode(data)
	return v, err
}

// Decode decodes the value at the start of data and returns it with the number
// of bytes it took. See [Unmarshal].
func (l Limits) Decode(data []byte) (v Value, n int, err error) {
	if l.MaxDepth == 0 {
		l.MaxDepth = DefaultMaxDepth
	}
	if l.MaxElements == 0 {
		l.MaxElements = DefaultMaxElements
	}
	if l.MaxBytes == 0 {
		l.MaxBytes = DefaultMaxBytes
	}
	if len(data) > l.MaxBytes {
		return nil, 0, &LimitError{What: "bytes", Limit: l.MaxBytes}
	}
	d := decoder{data: string(data), limits: l, room: len(data) / minElement}
	d.track = strings.Contains(d.data, "R:") || strings.Contains(d.data, "r:")
	var root Array
	if err := d.value(&root, root.place(IntKey(0))); err != nil {
		return nil, 0, err
	}
	for _, o := range d.renamed {
		o.rename()
	}
	return Deref(root.vals[0]), d.pos, nil
}

type decoder struct {
	data     string
	pos      int
	limits   Limits
	depth    int
	elements int
	room     int       // elements to take memory for before they are read
	track    bool      // the input may have references
	slots    []place   // what R: and r: refer to, from number 1
	renamed  []*Object // with a property incompleteName
}

// place is where a value stands: a position in an array, which does not move
// while decoding.
type place struct {
	in *Array
	at int
}

func (p place) get() Value  { return p.in.vals[p.at] }
func (p place) set(v Value) { p.in.vals[p.at] = v }

func (d *decoder) fail(offset int, msg string) error {
	return &SyntaxError{Offset: offset, Msg: msg}
}

// value decodes the next value into position at of array in. Arrays and objects
// are put there before their elements are read: these may refer to them.
func (d *decoder) value(in *Array, at int) error {
	start := d.pos
	if d.pos >= len(d.data) {
		return d.fail(start, "unexpected end")
	}
	here := place{in, at}
	letter := d.data[start]
	if d.track && letter != 'R' {
		d.slots = append(d.slots, here)
	}
	switch letter {
	case 'N':
		if !strings.HasPrefix(d.data[start:], "N;") {
			return d.fail(start, "bad null")
		}
		d.pos += 2
		here.set(nil)
	case 'b':
		s := d.data[start:]
		if len(s) < 4 || s[1] != ':' || s[2] != '0' && s[2] != '1' || s[3] != ';' {
			return d.fail(start, "bad bool")
		}
		d.pos += 4
		here.set(s[2] == '1')
	case 'i':
		n, err := d.int()
		if err != nil {
			return err
		}
		here.set(n)
	case 'd':
		f, err := d.float()
		if err != nil {
			return err
		}
		here.set(f)
	case 's', 'S':
		s, err := d.string()
		if err != nil {
			return err
		}
		here.set(s)
	case 'a':
		return d.array(here)
	case 'O':
		return d.object(here)
	case 'C':
		return d.custom(here)
	case 'E':
		return d.enum(here)
	case 'R', 'r':
		return d.reference(here, letter == 'R')
	default:
		return d.fail(start, "unknown type")
	}
	return nil
}

func (d *decoder) array(here place) error {
	start := d.pos
	n, ok := d.count()
	if !ok || !d.skip(":{") {
		return d.fail(start, "bad array")
	}
	// As PHP: there cannot be more elements than bytes.
	if n > uint64(len(d.data)-d.pos) {
		return d.fail(start, "array with more elements than bytes")
	}
	a := d.sized(int(n))
	here.set(a)
	return d.nested(a, int(n), nil)
}

// minElement is the length of the shortest element, i:0;N;
const minElement = 6

// sized returns an array for n elements. Memory is taken for as many as the whole
// input can have, all arrays together, whatever they claim.
func (d *decoder) sized(n int) *Array {
	n = min(n, d.room)
	d.room -= n
	return NewArraySize(n)
}

// nested decodes n pairs of key and value and the closing brace; object is nil
// for an array.
func (d *decoder) nested(a *Array, n int, object *Object) error {
	if n == 0 && object == nil && d.skip("}") {
		return nil // counts as no level in PHP
	}
	if d.depth++; d.depth > d.limits.MaxDepth {
		return &LimitError{What: "depth", Limit: d.limits.MaxDepth}
	}
	if d.elements += n; d.elements > d.limits.MaxElements {
		return &LimitError{What: "elements", Limit: d.limits.MaxElements}
	}
	for range n {
		k, err := d.key()
		if err != nil {
			return err
		}
		if object != nil && k.s == incompleteName {
			d.renamed = append(d.renamed, object)
		}
		at := a.place(k)
		a.vals[at] = nil
		if err := d.value(a, at); err != nil {
			return err
		}
	}
	if !d.skip("}") {
		return d.fail(d.pos, "missing }")
	}
	d.depth--
	return nil
}

func (d *decoder) key() (Key, error) {
	if d.pos < len(d.data) {
		switch d.data[d.pos] {
		case 'i':
			n, err := d.int()
			return IntKey(n), err
		case 's', 'S':
			s, err := d.string()
			return StringKey(s), err
		}
	}
	return Key{}, d.fail(d.pos, "bad key")
}

func (d *decoder) reference(here place, isRef bool) error {
	start := d.pos
	n, ok := d.count()
	if !ok || !d.skip(";") {
		return d.fail(start, "bad reference")
	}
	if n == 0 || n > uint64(len(d.slots)) || d.slots[n-1] == here {
		return d.fail(start, "reference to nothing")
	}
	target := d.slots[n-1]
	v := target.get()
	if isRef {
		ref, ok := v.(*Reference)
		if !ok {
			ref = &Reference{Value: v}
			target.set(ref)
		}
		here.set(ref)
		return nil
	}
	v = Deref(v)
	if identity(v) == nil {
		return d.fail(start, "r: to what is not an object")
	}
	here.set(v)
	return nil
}
