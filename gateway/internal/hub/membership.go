package hub

// membership is a client's being in a group.
type membership struct {
	group *group
	at    uint32 // place in group.members
}

// memberships are the groups of a client in order of joining. Most clients are
// in no group or one, which takes no memory of its own.
type memberships struct {
	group  *group // the only group, while many is nil
	many   *manyMemberships
	at     uint32 // place in group.members
	joined bool   // has been in a group: PHP's $connection->groups exists
}

// manyMemberships are the groups of a client that is, or was, in several.
type manyMemberships struct {
	list  []membership // order of joining; a nil group is a hole
	holes int
	index map[*group]int // place in list; nil while a search is cheaper
}

// membershipsSearched is the number of groups of one client up to which a
// linear search is used instead of a map.
const membershipsSearched = 16

func (m *memberships) len() int {
	switch {
	case m.many != nil:
		return len(m.many.list) - m.many.holes
	case m.group != nil:
		return 1
	}
	return 0
}

// has reports whether the client is in g.
func (m *memberships) has(g *group) bool {
	if m.many == nil {
		return m.group == g
	}
	return m.many.find(g) >= 0
}

// add puts g, whose members list has the client at a place, at the end. The
// client must not be in g.
func (m *memberships) add(g *group, at uint32) {
	m.joined = true
	if m.many == nil {
		if m.group == nil {
			m.group, m.at = g, at
			return
		}
		m.many = &manyMemberships{list: []membership{{m.group, m.at}}}
		m.group, m.at = nil, 0
	}
	m.many.add(membership{g, at})
}

// remove takes out g and returns the client's place in g.members. It reports
// false when the client is not in g.
func (m *memberships) remove(g *group) (at uint32, ok bool) {
	if m.many == nil {
		if m.group != g {
			return 0, false
		}
		at = m.at
		m.group, m.at = nil, 0
		return at, true
	}
	i := m.many.find(g)
	if i < 0 {
		return 0, false
	}
	at = m.many.list[i].at
	m.many.remove(i)
	if len(m.many.list) == m.many.holes {
		m.many = nil
	}
	return at, true
}

// place notes that the client's place in g.members changed.
func (m *memberships) place(g *group, at uint32) {
	if m.many == nil {
		m.at = at
		return
	}
	m.many.list[m.many.find(g)].at = at
}

// all calls f for each group in order of joining until it returns false.
func (m *memberships) all(f func(membership) bool) {
	if m.many == nil {
		if m.group != nil {
			f(membership{m.group, m.at})
		}
		return
	}
	for _, e := range m.many.list {
		if e.group != nil && !f(e) {
			return
		}
	}
}

func (m *manyMemberships) find(g *group) int {
	if m.index != nil {
		if i, ok := m.index[g]; ok {
			return i
		}
		return -1
	}
	for i := range m.list {
		if m.list[i].group == g {
			return i
		}
	}
	return -1
}

func (m *manyMemberships) add(e membership) {
	m.list = append(m.list, e)
	if m.index != nil {
		m.index[e.group] = len(m.list) - 1
	} else if len(m.list) > membershipsSearched {
		m.compact()
	}
}

func (m *manyMemberships) remove(i int) {
	delete(m.index, m.list[i].group)
	m.list[i] = membership{}
	m.holes++
	if m.holes > membershipsSearched && m.holes > len(m.list)/2 {
		m.compact()
	}
}

// compact closes the holes and decides anew whether an index is worth it.
func (m *manyMemberships) compact() {
	live := len(m.list) - m.holes
	list := make([]membership, 0, live+live/4)
	for _, e := range m.list {
		if e.group != nil {
			list = append(list, e)
		}
	}
	m.list, m.holes, m.index = list, 0, nil
	if live > membershipsSearched {
		m.index = make(map[*group]int, live)
		for i, e := range list {
			m.index[e.group] = i
		}
	}
}
