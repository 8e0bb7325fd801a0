package gateway

// joinGroupLocked puts c into the group of a name, which must not be empty. A
// client that is in it keeps its place.
func (h *hub) joinGroupLocked(c *client, name []byte) {
	g := h.groups[string(name)]
	if g == nil {
		g = &group{name: string(name)}
		h.groups[g.name] = g
		g.at = h.groupOrder.add(g)
	} else if c.memberships.has(g) {
		return
	}
	c.memberships.add(g, g.members.add(c))
}

// leaveGroupLocked takes c out of the group of a name. It reports false when c
// is not in it.
func (h *hub) leaveGroupLocked(c *client, name []byte) bool {
	g := h.groups[string(name)]
	if g == nil {
		return false
	}
	at, ok := c.memberships.remove(g)
	if ok {
		h.removeMemberLocked(g, at)
	}
	return ok
}

// leaveAllLocked takes c, which is going, out of all its groups.
func (h *hub) leaveAllLocked(c *client) {
	c.memberships.all(func(m membership) bool {
		h.removeMemberLocked(m.group, m.at)
		return true
	})
	c.memberships = memberships{}
}

// ungroupLocked takes all members out of the group of a name.
func (h *hub) ungroupLocked(name []byte) {
	g := h.groups[string(name)]
	if g == nil {
		return
	}
	for _, c := range g.members.items {
		if c != nil {
			c.memberships.remove(g)
		}
	}
	g.members = slots[client]{}
	h.deleteGroupLocked(g)
}

// removeMemberLocked takes the member at a place out of g, and g out of the hub
// when it was the last.
func (h *hub) removeMemberLocked(g *group, at uint32) {
	g.members.remove(at, func(c *client, at uint32) { c.memberships.place(g, at) })
	if g.members.len() == 0 {
		h.deleteGroupLocked(g)
	}
}

func (h *hub) deleteGroupLocked(g *group) {
	delete(h.groups, g.name)
	h.groupOrder.remove(g.at, placeGroup)
}

func placeGroup(g *group, at uint32) { g.at = at }
