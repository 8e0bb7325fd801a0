package phpserialize

import "slices"

// ArrayReplaceRecursive returns array_replace_recursive($base, ...$repl): the
// elements of each repl in turn replace those of base under the same key, and
// where both are arrays they are merged in the same way. So lists merge by index,
// [] clears nothing, null overwrites, and objects replace whole. New keys go to
// the end.
//
// The arguments are not changed. The result shares what it did not merge with
// them, references included; an array behind a reference that is merged leaves
// its reference set, as in PHP.
//
// Arrays that contain themselves by reference on both sides make PHP throw
// "Recursion detected". Here the result is then nil, which [Append] refuses. The
// same goes for arrays whose merging takes more than 2,097,152 elements, which a
// few references to references can multiply into.
func ArrayReplaceRecursive(base *Array, repl ...*Array) *Array {
	m := merger{budget: maxMerged}
	out := base.Clone()
	for _, r := range repl {
		m.root, m.refs = r, nil
		if !m.merge(out, r) {
			return nil
		}
	}
	return out
}

const maxMerged = 2 << 20

type merger struct {
	open   []*Array // repl arrays being merged, outermost first
	budget int
	root   *Array      // the repl that is being merged
	refs   *refCounter // of root, nil until asked
}

// held returns what goes into the result for an element of repl: a reference
// that nothing else in repl holds is an ordinary value.
func (m *merger) held(v Value) Value {
	ref, ok := v.(*Reference)
	if !ok {
		return v
	}
	if m.refs == nil {
		m.refs = newRefCounter(m.root)
	}
	if m.refs.holders[ref] > 1 {
		return v
	}
	return Deref(v)
}

func (m *merger) merge(dst, src *Array) bool {
	if slices.Contains(m.open, src) {
		return false
	}
	if m.budget -= src.Len(); m.budget < 0 || len(m.open) > DefaultMaxDepth {
		return false
	}
	m.open = append(m.open, src)
	for k, v := range src.All() {
		at := dst.place(k)
		into, ok := Deref(dst.vals[at]).(*Array)
		from, isArray := Deref(v).(*Array)
		if !ok || !isArray {
			dst.vals[at] = m.held(v)
			continue
		}
		if m.budget -= into.Len(); m.budget < 0 {
			return false
		}
		into = into.Clone()
		dst.vals[at] = into
		if !m.merge(into, from) {
			return false
		}
	}
	m.open = m.open[:len(m.open)-1]
	return true
}
