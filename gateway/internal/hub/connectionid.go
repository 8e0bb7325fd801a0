package hub

import "math"

// nextConnectionIDLocked returns the next free connection id. Ids count up from
// 1, wrap after 2^32-1 and skip those in use (PHP:
// Gateway::generateConnectionId). It reports false when none is free.
func (h *Hub) nextConnectionIDLocked() (id uint32, ok bool) {
	if int64(len(h.clients)) >= math.MaxUint32 {
		return 0, false
	}
	for {
		h.lastID++
		if h.lastID == 0 {
			h.lastID = 1
		}
		if h.clients[h.lastID] == nil {
			return h.lastID, true
		}
	}
}
