package businessworker

import "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"

// A clientState is what the worker knows of a client.
type clientState struct {
	id          ClientID
	first, last *Event // events not started
	waiting     int    // of those
	scheduled   bool   // in ready, or an event of it is being handled
	orphaned    bool   // its gateway's connection ended: forgotten after these events
	next        *clientState

	sessionState
}

// A clientTable holds clients by gateway, which events come from in long runs,
// and then by connection id: a key of four bytes is found faster than a whole
// [ClientID].
type clientTable struct {
	gateways map[gatewayprotocol.GatewayAddress]map[uint32]*clientState
	n        int

	recent     map[uint32]*clientState // of gateway; nil if not known
	recentAddr gatewayprotocol.GatewayAddress
}

// ofGateway returns the clients of a gateway by connection id.
func (t *clientTable) ofGateway(gateway gatewayprotocol.GatewayAddress) map[uint32]*clientState {
	if t.recent == nil || t.recentAddr != gateway {
		t.recent, t.recentAddr = t.gateways[gateway], gateway
	}
	return t.recent
}

// get returns nil for a client that is not known.
func (t *clientTable) get(id ClientID) *clientState {
	return t.ofGateway(id.Gateway())[id.ConnectionID]
}

// put adds a client that is not known.
func (t *clientTable) put(c *clientState) {
	clients := t.ofGateway(c.id.Gateway())
	if clients == nil {
		clients = make(map[uint32]*clientState)
		if t.gateways == nil {
			t.gateways = make(map[gatewayprotocol.GatewayAddress]map[uint32]*clientState)
		}
		t.gateways[c.id.Gateway()] = clients
	}
	clients[c.id.ConnectionID] = c
	t.n++
}

// remove takes out a client that is known.
func (t *clientTable) remove(c *clientState) {
	gateway := c.id.Gateway()
	clients := t.ofGateway(gateway)
	delete(clients, c.id.ConnectionID)
	t.n--
	if len(clients) == 0 {
		delete(t.gateways, gateway)
		t.recent = nil
	}
}

// A clientQueue is a linked list of clients, first in, first out.
type clientQueue struct {
	first, last *clientState
	n           int
}

func (q *clientQueue) push(c *clientState) {
	if q.last == nil {
		q.first = c
	} else {
		q.last.next = c
	}
	q.last = c
	q.n++
}

func (q *clientQueue) pop() *clientState {
	c := q.first
	if q.first = c.next; q.first == nil {
		q.last = nil
	}
	c.next = nil
	q.n--
	return c
}
