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
type Array struct {
	entries []entry
	table   []int32 // open addressing by hash: 1 + position in entries, 0 is free; nil when small or packed
	deleted int     // entries that are marked deleted
	next    int64   // next free index, meaningful when nextSet
	nextSet bool
	hashed  bool // not packed: some key is not its own position
}

type entry struct {
	key Key
	val Value
}

// deletedKey marks a deleted entry. No Key has a number beside a string.
var deletedKey = Key{s: "", n: 1}

const (
	linearMax = 8 // so many entries are searched one by one
	minTable  = 32
)

var (
	hashSeed = maphash.MakeSeed()
	intSeed  = maphash.String(hashSeed, "int")
)

// NewArray returns an empty array.
func NewArray() *Array { return new(Array) }

// NewArraySize returns an empty array with room for n elements.
func NewArraySize(n int) *Array {
	a := new(Array)
	if n > 0 {
		a.entries = make([]entry, 0, n)
	}
	return a
}

// ListOf returns an array of vals under the keys 0, 1, 2 and so on.
func ListOf(vals ...Value) *Array {
	a := NewArraySize(len(vals))
	for _, v := range vals {
		a.Append(v)
	}
	return a
}

// Len returns the number of elements.
func (a *Array) Len() int {
	if a == nil {
		return 0
	}
	return len(a.entries) - a.deleted
}

// Get returns the element under k.
func (a *Array) Get(k Key) (Value, bool) {
	if i := a.find(k); i >= 0 {
		return a.entries[i].val, true
	}
	return nil, false
}

// GetString returns the element under [StringKey](s).
func (a *Array) GetString(s string) (Value, bool) { return a.Get(StringKey(s)) }

// Set sets the element under k.
func (a *Array) Set(k Key, v Value) { a.entries[a.place(k)].val = v }

// SetString sets the element under [StringKey](s).
func (a *Array) SetString(s string, v Value) { a.Set(StringKey(s), v) }

// Append adds v under the next free index, as $a[] = v: one more than the
// largest int key there ever was, at least 0. It reports false, having done
// nothing, when that was the largest int64.
func (a *Array) Append(v Value) bool {
	k, ok := a.nextIndex()
	if ok {
		a.add(IntKey(k), v)
	}
	return ok
}

// Delete removes the element under k and tells whether there was one. Like
// unset(), it does not give the index free for Append.
func (a *Array) Delete(k Key) bool {
	i := a.find(k)
	if i < 0 {
		return false
	}
	if !a.hashed {
		if i == len(a.entries)-1 { // still packed
			a.entries[i] = entry{}
			a.entries = a.entries[:i]
			return true
		}
		a.unpack()
	}
	a.entries[i] = entry{key: deletedKey}
	a.deleted++
	if a.deleted > 8 && a.deleted > len(a.entries)/2 || a.deleted == len(a.entries) {
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
		for i := range a.entries {
			if e := &a.entries[i]; e.key != deletedKey && !yield(e.key, e.val) {
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
	if a == nil || !a.hashed {
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
func (a *Array) Clone() *Array { return a.cloneSize(a.Len()) }

func (a *Array) cloneSize(n int) *Array {
	c := NewArraySize(n)
	if a == nil {
		return c
	}
	c.next, c.nextSet, c.hashed = a.next, a.nextSet, a.hashed
	for i := range a.entries {
		if a.entries[i].key != deletedKey {
			c.entries = append(c.entries, a.entries[i])
		}
	}
	if c.hashed {
		c.reindex()
	}
	return c
}

// nextIndex returns the key that Append would use.
func (a *Array) nextIndex() (int64, bool) {
	if !a.nextSet || a.next < 0 {
		return 0, true
	}
	// The largest index was used: PHP's "next element is already occupied".
	if a.next == math.MaxInt64 && a.find(IntKey(math.MaxInt64)) >= 0 {
		return 0, false
	}
	return a.next, true
}

// place returns the position of k, adding it with a nil value if it is new.
func (a *Array) place(k Key) int {
	if i := a.find(k); i >= 0 {
		return i
	}
	a.add(k, nil)
	return len(a.entries) - 1
}

// add appends an entry under a key that is not there.
func (a *Array) add(k Key, v Value) {
	if !a.hashed && (!k.IsInt() || k.n != int64(len(a.entries))) {
		a.unpack()
	}
	if k.IsInt() && (!a.nextSet || k.n >= a.next) {
		a.nextSet = true
		a.next = k.n
		if k.n != math.MaxInt64 {
			a.next++
		}
	}
	a.entries = append(a.entries, entry{key: k, val: v})
	if !a.hashed || len(a.entries) <= linearMax {
		return
	}
	if len(a.table) < len(a.entries)+len(a.entries)/2 {
		a.reindex()
		return
	}
	a.insert(k, len(a.entries)-1)
}

// find returns the position of k in entries, -1 if it is not there.
func (a *Array) find(k Key) int {
	if a == nil {
		return -1
	}
	if !a.hashed {
		if k.IsInt() && k.n >= 0 && k.n < int64(len(a.entries)) {
			return int(k.n)
		}
		return -1
	}
	if a.table == nil {
		for i := range a.entries {
			if a.entries[i].key == k {
				return i
			}
		}
		return -1
	}
	mask := uint64(len(a.table) - 1)
	for h := hashKey(k) & mask; ; h = (h + 1) & mask {
		i := a.table[h]
		if i == 0 {
			return -1
		}
		if a.entries[i-1].key == k {
			return int(i - 1)
		}
	}
}

func (a *Array) insert(k Key, i int) {
	mask := uint64(len(a.table) - 1)
	h := hashKey(k) & mask
	for a.table[h] != 0 {
		h = (h + 1) & mask
	}
	a.table[h] = int32(i + 1)
}

// unpack ends the packed form, in which the position is the key.
func (a *Array) unpack() {
	a.hashed = true
	a.reindex()
}

// reindex builds the table anew, with room to double.
func (a *Array) reindex() {
	if len(a.entries) <= linearMax {
		a.table = nil
		return
	}
	size := minTable
	for size < 2*len(a.entries) {
		size *= 2
	}
	a.table = make([]int32, size)
	for i := range a.entries {
		if a.entries[i].key != deletedKey {
			a.insert(a.entries[i].key, i)
		}
	}
}

func (a *Array) compact() {
	kept := a.entries[:0]
	for _, e := range a.entries {
		if e.key != deletedKey {
			kept = append(kept, e)
		}
	}
	clear(a.entries[len(kept):])
	if cap(kept) > 64 && len(kept) < cap(kept)/4 {
		kept = append(make([]entry, 0, 2*len(kept)), kept...)
	}
	a.entries, a.deleted = kept, 0
	a.reindex()
}

func hashKey(k Key) uint64 {
	if k.IsInt() {
		x := uint64(k.n) ^ intSeed
		x *= 0x9e3779b97f4a7c15
		x ^= x >> 32
		x *= intSeed | 1
		return x ^ x>>29
	}
	return maphash.String(hashSeed, k.s)
}
