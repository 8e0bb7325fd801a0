package hub

import "iter"

// group is a group with at least one member.
type group struct {
	name    string
	at      uint32 // place in Hub.groupOrder
	members List[Client]
}

// MembersLocked returns the members of the group of a name, in order of joining:
// an empty list if there is no such group.
func (h *Hub) MembersLocked(name []byte) *List[Client] {
	if g := h.groups[string(name)]; g != nil {
		return &g.members
	}
	return &h.none
}

// GroupCountLocked returns the number of groups.
func (h *Hub) GroupCountLocked() int { return len(h.groups) }

// Group is a group, to be asked how many members it has.
type Group struct{ g *group }

// Name returns the group's name. No lock is needed.
func (g Group) Name() string { return g.g.name }

// LenLocked returns the number of members, 0 when the group is not there any
// more.
func (g Group) LenLocked() int { return g.g.members.Len() }

// AppendGroupsLocked appends all groups to dst, in the order in which they came
// into being.
func (h *Hub) AppendGroupsLocked(dst []Group) []Group {
	for g := range h.groupOrder.All() {
		dst = append(dst, Group{g})
	}
	return dst
}

// GroupsLocked yields the names of all groups, in the order in which the groups
// came into being.
func (h *Hub) GroupsLocked() iter.Seq[string] {
	return func(yield func(string) bool) {
		for g := range h.groupOrder.All() {
			if !yield(g.name) {
				return
			}
		}
	}
}

// HasJoinedLocked reports whether the client ever was in a group: it tells PHP's
// empty $connection->groups from the one that is not set.
func (c *Client) HasJoinedLocked() bool { return c.memberships.joined }

// GroupCountLocked returns the number of groups that the client is in.
func (c *Client) GroupCountLocked() int { return c.memberships.len() }

// InGroupsLocked reports whether the client is in any group.
func (c *Client) InGroupsLocked() bool { return c.memberships.len() > 0 }

// GroupsLocked yields the names of the groups that the client is in, in order of
// joining.
func (c *Client) GroupsLocked() iter.Seq[string] {
	return func(yield func(string) bool) {
		c.memberships.all(func(m membership) bool { return yield(m.group.name) })
	}
}

// JoinLocked puts c into the group of a name, which must not be empty. A
// client that is in it keeps its place.
func (h *Hub) JoinLocked(c *Client, name []byte) {
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

// LeaveLocked takes c out of the group of a name. It reports false when c
// is not in it.
func (h *Hub) LeaveLocked(c *Client, name []byte) bool {
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
func (h *Hub) leaveAllLocked(c *Client) {
	c.memberships.all(func(m membership) bool {
		h.removeMemberLocked(m.group, m.at)
		return true
	})
	c.memberships = memberships{}
}

// UngroupLocked takes all members out of the group of a name.
func (h *Hub) UngroupLocked(name []byte) {
	g := h.groups[string(name)]
	if g == nil {
		return
	}
	for c := range g.members.All() {
		c.memberships.remove(g)
	}
	g.members = List[Client]{}
	h.deleteGroupLocked(g)
}

// removeMemberLocked takes the member at a place out of g, and g out of the hub
// when it was the last.
func (h *Hub) removeMemberLocked(g *group, at uint32) {
	g.members.remove(at, func(c *Client, at uint32) { c.memberships.place(g, at) })
	if g.members.Len() == 0 {
		h.deleteGroupLocked(g)
	}
}

func (h *Hub) deleteGroupLocked(g *group) {
	delete(h.groups, g.name)
	h.groupOrder.remove(g.at, placeGroup)
}

func placeGroup(g *group, at uint32) { g.at = at }
