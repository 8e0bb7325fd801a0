package phpserialize

import "hash/maphash"

// keyAt returns the key at position i, deletedKey if there is none any more.
func (a *Array) keyAt(i int) Key {
	if a.keys == nil {
		return IntKey(int64(i))
	}
	return a.keys[i]
}

// find returns the position of k, -1 if it is not there.
func (a *Array) find(k Key) int {
	switch {
	case a == nil:
		return -1
	case a.keys == nil:
		if k.IsInt() && k.n >= 0 && k.n < int64(len(a.vals)) {
			return int(k.n)
		}
		return -1
	case a.index == nil:
		for i := range a.keys {
			if a.keys[i] == k {
				return i
			}
		}
		return -1
	}
	mask := uint64(len(a.index) - 1)
	for h := hashKey(k) & mask; ; h = (h + 1) & mask {
		i := a.index[h]
		if i == 0 {
			return -1
		}
		if a.keys[i-1] == k {
			return int(i - 1)
		}
	}
}

// place returns the position of k, adding it with a nil value if it is new.
func (a *Array) place(k Key) int {
	if i := a.find(k); i >= 0 {
		return i
	}
	a.add(k, nil)
	return len(a.vals) - 1
}

// add appends an element under a key that is not there.
func (a *Array) add(k Key, v Value) {
	if k.IsInt() && (!a.hasLast || k.n > a.last) {
		a.last, a.hasLast = k.n, true
	}
	if a.keys == nil && k != IntKey(int64(len(a.vals))) {
		a.unpack()
	}
	a.vals = append(a.vals, v)
	if a.keys == nil {
		return
	}
	a.keys = append(a.keys, k)
	switch n := len(a.keys); {
	case n <= linearMax:
	case len(a.index) < n+n/2:
		a.reindex()
	default:
		a.enter(k, n-1)
	}
}

// unpack gives each element its key, which was its position.
func (a *Array) unpack() {
	a.keys = make([]Key, len(a.vals), max(cap(a.vals), 1))
	for i := range a.keys {
		a.keys[i] = IntKey(int64(i))
	}
	a.reindex()
}

// reindex builds the index anew, with room for the elements to double.
func (a *Array) reindex() {
	if a.index = nil; len(a.keys) <= linearMax {
		return
	}
	size := minIndex
	for size < max(2*len(a.keys), cap(a.keys)+cap(a.keys)/2) {
		size *= 2
	}
	a.index = make([]int32, size)
	for i, k := range a.keys {
		if k != deletedKey {
			a.enter(k, i)
		}
	}
}

func (a *Array) enter(k Key, i int) {
	mask := uint64(len(a.index) - 1)
	h := hashKey(k) & mask
	for a.index[h] != 0 {
		h = (h + 1) & mask
	}
	a.index[h] = int32(i + 1)
}

// compact closes the gaps that deleted elements left.
func (a *Array) compact() {
	n := a.Len()
	keys, vals := a.keys[:0], a.vals[:0]
	if n < cap(keys)/4 { // give memory back
		keys, vals = make([]Key, 0, 2*n+1), make([]Value, 0, 2*n+1)
	}
	for i, k := range a.keys {
		if k != deletedKey {
			keys, vals = append(keys, k), append(vals, a.vals[i])
		}
	}
	clear(a.vals[min(n, len(a.vals)):])
	a.keys, a.vals, a.deleted = keys, vals, 0
	a.reindex()
}

func hashKey(k Key) uint64 {
	if k.IsInt() {
		x := (uint64(k.n) ^ intSeed) * 0x9e3779b97f4a7c15
		x = (x ^ x>>32) * intSeed
		return x ^ x>>29
	}
	return maphash.String(hashSeed, k.s)
}
