package gateway

// slots is an insertion-ordered list of pointers with removal in constant time:
// like PHP's arrays it leaves a hole where something was removed and closes the
// holes when there are many. Compared with a linked list it costs half the
// memory, and walking it does not miss the cache on every step.
//
// An element must remember its place, which changes when holes are closed: the
// placed function given to remove is told of every move.
//
// The zero value is empty.
type slots[T any] struct {
	items []*T // nil is a hole; the last is never one
	holes uint32
}

// slotsMinHoles is the number of holes that is not worth closing.
const slotsMinHoles = 16

func (s *slots[T]) len() int { return len(s.items) - int(s.holes) }

// add puts p at the end and returns its place.
func (s *slots[T]) add(p *T) uint32 {
	s.items = append(s.items, p)
	return uint32(len(s.items) - 1)
}

// remove takes out the element at a place.
func (s *slots[T]) remove(at uint32, placed func(p *T, at uint32)) {
	s.items[at] = nil
	s.holes++
	n := len(s.items)
	for n > 0 && s.items[n-1] == nil {
		n--
		s.holes--
	}
	s.items = s.items[:n]
	switch {
	case n == 0:
		s.items = nil
	case s.holes > slotsMinHoles && int(s.holes) > n/2:
		s.compact(placed)
	case n > slotsMinHoles && cap(s.items) > 4*n:
		s.items = append(make([]*T, 0, n+n/4), s.items...)
	}
}

// compact closes the holes. As at least half of the places were emptied since
// the last time, it is paid for by the removals.
func (s *slots[T]) compact(placed func(p *T, at uint32)) {
	live := s.len()
	dst := s.items[:0]
	shrink := cap(s.items) > 4*live
	if shrink {
		dst = make([]*T, 0, live+live/4)
	}
	for _, p := range s.items {
		if p != nil {
			placed(p, uint32(len(dst)))
			dst = append(dst, p)
		}
	}
	if !shrink {
		clear(s.items[len(dst):])
	}
	s.items, s.holes = dst, 0
}

// appendTo appends the elements in order. Copying 10,000 takes one or two
// microseconds, next to nothing beside sending to them, so nobody keeps a copy
// for the next broadcast.
func (s *slots[T]) appendTo(dst []*T) []*T {
	if s.holes == 0 {
		return append(dst, s.items...)
	}
	for _, p := range s.items {
		if p != nil {
			dst = append(dst, p)
		}
	}
	return dst
}
