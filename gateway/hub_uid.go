package gateway

import "iter"

// bindUIDLocked binds c to a uid, which must not be empty, after taking it from
// the uid it was bound to. A client that is bound to the same uid again goes to
// the end.
func (h *hub) bindUIDLocked(c *client, uid []byte) {
	h.unbindUIDLocked(c)
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

// unbindUIDLocked takes c from its uid, if it has one.
func (h *hub) unbindUIDLocked(c *client) {
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

// uidClientsLocked yields the clients of the ring that starts at head (nil for
// none) in order of binding. The ring must not change meanwhile.
func uidClientsLocked(head *client) iter.Seq[*client] {
	return func(yield func(*client) bool) {
		if head == nil {
			return
		}
		for c := head; ; c = c.uidNext {
			if !yield(c) || c.uidNext == head {
				return
			}
		}
	}
}
