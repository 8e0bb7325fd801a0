package hub

import "sync"

// Hub holds the clients of a gateway. Make one with [New].
type Hub struct {
	// Mu guards everything below and the tables' fields in every Client.
	Mu sync.Mutex

	lastID  uint32 // connection id given out last
	clients map[uint32]*Client
	peak    int          // most clients at once since Trim last worked
	order   List[Client] // clients by connecting

	uids map[string]*Client // first client bound to each uid: the ring of uidNext starts there

	groups     map[string]*group
	groupOrder List[group]  // by coming into being
	none       List[Client] // the members of a group that is not there
}

// New returns a hub without clients, whose first one gets the connection id first;
// 0 is 1, as in PHP.
func New(first uint32) *Hub {
	return &Hub{
		lastID:  max(first, 1) - 1,
		clients: make(map[uint32]*Client),
		uids:    make(map[string]*Client),
		groups:  make(map[string]*group),
	}
}

// AddLocked gives c a connection id and makes it known. It reports false, and
// does nothing, when no id is free.
func (h *Hub) AddLocked(c *Client) bool {
	id, ok := h.nextConnectionIDLocked()
	if !ok {
		return false
	}
	c.id = id
	h.clients[id] = c
	h.peak = max(h.peak, len(h.clients))
	c.at = h.order.add(c)
	return true
}

// RemoveLocked forgets c, its uid and its memberships; its id and its session
// stay for the event about its end. It reports false when c is not known (any
// more). The cost is that of c's groups, not of their members.
func (h *Hub) RemoveLocked(c *Client) bool {
	if h.clients[c.id] != c {
		return false
	}
	delete(h.clients, c.id)
	h.order.remove(c.at, placeClient)
	h.UnbindUIDLocked(c)
	h.leaveAllLocked(c)
	return true
}

// ClientLocked returns the client with a connection id, or nil.
func (h *Hub) ClientLocked(id uint32) *Client { return h.clients[id] }

// ClientsLocked returns all clients in order of connecting.
func (h *Hub) ClientsLocked() *List[Client] { return &h.order }

func placeClient(c *Client, at uint32) { c.at = at }
