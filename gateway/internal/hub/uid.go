package hub

// BindUIDLocked binds c to a uid, which must not be empty, after taking it from
// the uid it was bound to. A client that is bound to the same uid again goes to
// the end.
func (h *Hub) BindUIDLocked(c *Client, uid []byte) {
	h.UnbindUIDLocked(c)
	head := h.uids[string(uid)]
	if head == nil {
		c.uid = string(uid)
		c.uidPrev, c.uidNext = c, c
		h.uids[c.uid] = c
		return
	}
	c.uid = head.uid // one copy of the text for all its clients
	last := head.uidPrev
	c.uidPrev, c.uidNext = last, head
	last.uidNext, head.uidPrev = c, c
}

// UnbindUIDLocked takes c from its uid, if it has one.
func (h *Hub) UnbindUIDLocked(c *Client) {
	if c.uid == "" {
		return
	}
	next := c.uidNext
	if next == c {
		delete(h.uids, c.uid)
	} else {
		if h.uids[c.uid] == c {
			h.uids[c.uid] = next
		}
		c.uidPrev.uidNext, next.uidPrev = next, c.uidPrev
	}
	c.uid, c.uidPrev, c.uidNext = "", nil, nil
}

// AppendUIDLocked appends the clients of a uid to dst in order of binding.
func (h *Hub) AppendUIDLocked(dst []*Client, uid []byte) []*Client {
	first := h.uids[string(uid)]
	if first == nil {
		return dst
	}
	for c := first; ; {
		dst = append(dst, c)
		if c = c.uidNext; c == first {
			return dst
		}
	}
}

// UIDCountLocked returns the number of uids that have clients.
func (h *Hub) UIDCountLocked() int { return len(h.uids) }
