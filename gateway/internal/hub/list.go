package hub

import "iter"

// List is an insertion-ordered list of pointers with removal in constant time:
// like PHP's arrays it leaves a hole where something was removed and closes the
// holes when there are many. Compared with a linked list it costs half the
// memory, and walking it does not miss the cache on every step.
//
// An element must remember its place, which changes when holes are closed: remove
// calls the function placed for every move.
//
// The zero value is empty.
type List[T any] struct {
	items []*T // nil is a hole; the last is never one
	holes uint32
}

// listMinHoles is the number of holes that is not worth closing.
const listMinHoles = 16

// Len returns the number of elements.
func (l *List[T]) Len() int { return len(l.items) - int(l.holes) }

// add puts p at the end and returns its place.
func (l *List[T]) add(p *T) uint32 {
	l.items = append(l.items, p)
	return uint32(len(l.items) - 1)
}

// remove takes out the element at a place.
func (l *List[T]) remove(at uint32, placed func(p *T, at uint32)) {
	l.items[at] = nil
	l.holes++
	n := len(l.items)
	for n > 0 && l.items[n-1] == nil {
		n--
		l.holes--
	}
	l.items = l.items[:n]
	switch {
	case n == 0:
		l.items = nil
	case l.holes > listMinHoles && int(l.holes) > n/2:
		l.compact(placed)
	case n > listMinHoles && cap(l.items) > 4*n:
		l.items = append(make([]*T, 0, n+n/4), l.items...)
	}
}

// compact closes the holes. As at least half of the places were emptied since
// the last time, it is paid for by the removals.
func (l *List[T]) compact(placed func(p *T, at uint32)) {
	live := l.Len()
	dst := l.items[:0]
	smaller := cap(l.items) > 4*live
	if smaller {
		dst = make([]*T, 0, live+live/4)
	}
	for _, p := range l.items {
		if p != nil {
			placed(p, uint32(len(dst)))
			dst = append(dst, p)
		}
	}
	if !smaller {
		clear(l.items[len(dst):])
	}
	l.items, l.holes = dst, 0
}

// AppendTo appends the elements to dst in order. Copying 10,000 takes one or two
// microseconds, next to nothing beside sending to them, so no copy is kept for
// the next broadcast.
func (l *List[T]) AppendTo(dst []*T) []*T {
	if l.holes == 0 {
		return append(dst, l.items...)
	}
	for p := range l.All() {
		dst = append(dst, p)
	}
	return dst
}

// All yields the elements in order. The list must not change meanwhile.
func (l *List[T]) All() iter.Seq[*T] {
	return func(yield func(*T) bool) {
		for _, p := range l.items {
			if p != nil && !yield(p) {
				return
			}
		}
	}
}
