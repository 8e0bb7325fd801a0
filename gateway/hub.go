package gateway

import "sync"

// hub is what a gateway knows about its clients: who is connected, which uid
// each is bound to and which groups it is in. It corresponds to PHP's
// $_clientConnections, $_uidConnections and $_groupConnections
// (src/Gateway.php).
//
// PHP's arrays are ordered by insertion and that order is on the wire, so every
// index here keeps it: clients by connecting, the clients of a uid by binding,
// the members of a group by joining, groups by their first member's joining.
// Adding what was removed before puts it at the end.
//
// One mutex gives commands the atomicity that PHP's single thread gives them.
// It is held for table work only, never while writing to a socket.
type hub struct {
	// mu guards everything below and the hubFields of every client.
	mu sync.Mutex

	lastID  uint32 // connection id given out last
	clients map[uint32]*client
	peak    int           // most clients at once since shrink last ran
	order   slots[client] // clients by connecting

	uids map[string]*client // first client bound to each uid; see uid.go

	groups     map[string]*group
	groupOrder slots[group]
}

func newHub() *hub {
	return &hub{
		clients: make(map[uint32]*client),
		uids:    make(map[string]*client),
		groups:  make(map[string]*group),
	}
}

// addLocked gives c a connection id and makes it known. It reports false, and
// does nothing, when no id is free.
func (h *hub) addLocked(c *client) bool {
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

// removeLocked forgets c, its uid and its memberships; c.id and c.session stay
// for the close event. It reports false when c is not known (any more). The
// cost is that of c's groups, not of their members.
func (h *hub) removeLocked(c *client) bool {
	if h.clients[c.id] != c {
		return false
	}
	delete(h.clients, c.id)
	h.order.remove(c.at, placeClient)
	h.unbindUIDLocked(c)
	h.leaveAllLocked(c)
	return true
}

// getLocked returns the client with a connection id, or nil.
func (h *hub) getLocked(id uint32) *client { return h.clients[id] }

// countLocked returns the number of clients.
func (h *hub) countLocked() int { return len(h.clients) }

// appendClientsLocked appends all clients to dst in order of connecting.
func (h *hub) appendClientsLocked(dst []*client) []*client { return h.order.appendTo(dst) }

func placeClient(c *client, at uint32) { c.at = at }
