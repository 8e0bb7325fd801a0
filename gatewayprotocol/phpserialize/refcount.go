package phpserialize

// refCounter counts the places that hold each reference within a value. A place
// in an array that is itself in several places counts twice.
type refCounter struct {
	holders map[*Reference]int
	visits  map[*Array]int
	path    map[*Array]bool
	depth   int
	cyclic  bool // an array contains itself
}

func newRefCounter(root Value) *refCounter {
	c := &refCounter{
		holders: make(map[*Reference]int),
		visits:  make(map[*Array]int),
		path:    make(map[*Array]bool),
	}
	c.value(root)
	return c
}

func (c *refCounter) value(v Value) {
	if ref, ok := v.(*Reference); ok {
		if c.holders[ref]++; c.holders[ref] > 1 {
			return
		}
		v = Deref(ref)
	}
	switch v := v.(type) {
	case *Array:
		c.array(v, 2)
	case *Object:
		if v != nil {
			c.array(v.Props, 1)
		}
	}
}

func (c *refCounter) array(a *Array, visits int) {
	if c.path[a] {
		c.cyclic = true
		return
	}
	if c.visits[a] >= visits || c.depth > DefaultMaxDepth {
		return
	}
	c.visits[a]++
	c.depth++
	c.path[a] = true
	for _, v := range a.All() {
		c.value(v)
	}
	delete(c.path, a)
	c.depth--
}
