package phpserialize

import (
	"hash/maphash"
	"iter"
	"math"
)

// Array is a PHP array: elements under int and string keys, in the order in
// which their keys were first set. Setting a key again keeps its place; deleting
// and setting it moves it to the end.
//
// The zero value is an empty array ready for use; reading from a nil *Array
// finds nothing. Get, Set and Delete take constant time. An Array must not be
// used by several goroutines while one of them changes it.
//
// An array takes some 100 bytes, an element 16 in a list and 40 under other keys,
// and some 8 more for the index where there are more than 8 of these.
type Array struct {
	vals    []Value
	keys    []Key   // nil while packed: the key of each element is its position
	index   []int32 // open addressing by hash: 1 + position, 0 is free; nil while short or packed
	last    int64   // largest int key so far
	deleted int32   // elements whose key is deletedKey
	hasLast bool    // there was an int key
}

// deletedKey stands for a key that was deleted. No Key has a number beside a string.
var deletedKey = Key{s: "", n: 1}

const (
	linearMax = 8 // so many elements are searched one by one
	minIndex  = 32
)

var (
	hashSeed = maphash.MakeSeed()
	intSeed  = maphash.String(hashSeed, "int") | 1
)

// NewArray returns an empty array.
func NewArray() *Array { return new(Array) }

// NewArraySize returns an empty array with room for n elements.
func NewArraySize(n int) *Array {
	a := new(Array)
	if n > 0 {
		a.vals = make([]Value, 0, n)
	}
	return a
}

// ListOf returns an array of vals under the keys 0, 1, 2 and so on.
func ListOf(vals ...Value) *Array {
	return &Array{vals: append([]Value(nil), vals...), last: int64(len(vals)) - 1, hasLast: len(vals) > 0}
}

// Len returns the number of elements.
func (a *Array) Len() int {
	if a == nil {
		return 0
	}
	return len(a.vals) - int(a.deleted)
}

// Get returns the element under k.
func (a *Array) Get(k Key) (Value, bool) {
	if i := a.find(k); i >= 0 {
		return a.vals[i], true
	}
	return nil, false
}

// GetString returns the element under [StringKey](s).
func (a *Array) GetString(s string) (Value, bool) { return a.Get(StringKey(s)) }

// Set sets the element under k.
func (a *Array) Set(k Key, v Value) { a.vals[a.place(k)] = v }

// SetString sets the element under [StringKey](s).
func (a *Array) SetString(s string, v Value) { a.Set(StringKey(s), v) }

// Append adds v under the next free index, as $a[] = v: one more than the
// largest int key there ever was, 0 if there was none. It reports false, having
// done nothing, when that was the largest int64.
func (a *Array) Append(v Value) bool {
	var n int64
	if a.hasLast {
		if a.last == math.MaxInt64 {
			return false
		}
		n = a.last + 1
	}
	a.add(IntKey(n), v)
	return true
}

// Delete removes the element under k and tells whether there was one. Like
// unset(), it does not give the index free for Append.
func (a *Array) Delete(k Key) bool {
	i := a.find(k)
	if i < 0 {
		return false
	}
	a.vals[i] = nil
	if a.keys == nil {
		if i == len(a.vals)-1 { // still packed
			a.vals = a.vals[:i]
			return true
		}
		a.unpack()
	}
	a.keys[i] = deletedKey
	a.deleted++
	if n := len(a.vals); int(a.deleted) == n || n > linearMax && int(a.deleted) > n/2 {
		a.compact()
	}
	return true
}

// All iterates over keys and values in order. The array must not be changed
// meanwhile, except by Set of a key that it has.
func (a *Array) All() iter.Seq2[Key, Value] {
	return func(yield func(Key, Value) bool) {
		if a == nil {
			return
		}
		for i, v := range a.vals {
			if k := a.keyAt(i); k != deletedKey && !yield(k, v) {
				return
			}
		}
	}
}

// Keys returns the keys in order.
func (a *Array) Keys() []Key {
	keys := make([]Key, 0, a.Len())
	for k := range a.All() {
		keys = append(keys, k)
	}
	return keys
}

// Values returns the values in order.
func (a *Array) Values() []Value {
	vals := make([]Value, 0, a.Len())
	for _, v := range a.All() {
		vals = append(vals, v)
	}
	return vals
}

// IsList tells whether the keys are 0, 1, 2 ... in this order, as
// array_is_list(). The empty array is a list.
func (a *Array) IsList() bool {
	if a == nil || a.keys == nil {
		return true
	}
	var n int64
	for k := range a.All() {
		if k != IntKey(n) {
			return false
		}
		n++
	}
	return true
}

// Clone returns a copy of the array. The elements are the same.
func (a *Array) Clone() *Array {
	c := NewArraySize(a.Len())
	if a == nil {
		return c
	}
	c.last, c.hasLast = a.last, a.hasLast
	if a.keys == nil {
		c.vals = append(c.vals, a.vals...)
		return c
	}
	c.keys = make([]Key, 0, cap(c.vals))
	for k, v := range a.All() {
		c.keys = append(c.keys, k)
		c.vals = append(c.vals, v)
	}
	c.reindex()
	return c
}
