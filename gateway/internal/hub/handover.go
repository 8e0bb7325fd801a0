package hub

import (
	"encoding/binary"
	"fmt"

	"github.com/go-gatewayworker/gatewayworker/internal/handover"
)

// A hub passes to another process as records: one for each client, in order of
// connecting, which its owner writes and to which the client adds its fields;
// then those of SaveLocked.

// Kinds of records, below those of the hub's owner.
const (
	kindHub = handover.FirstKind + iota
	kindUID
	kindGroup

	// FirstKind is the first kind of record that is the owner's.
	FirstKind = handover.FirstKind + 8
)

// Fields of a client's record. Those of the client's owner begin with FirstField.
const (
	fieldID = 1 + iota
	fieldUID
	fieldSession
	fieldJoined
	fieldGroupOrder // places of its groups in the hub's order, where they do not ascend

	FirstField = 10
)

// Fields of the other records.
const (
	fieldName    = 1 // of a uid, a group
	fieldMembers = 2 // their clients' ids
	fieldPlace   = 3 // of a group, in the hub's order
	fieldLastID  = 1 // of the hub
)

// SaveLocked adds what the hub knows of c to c's record.
func (c *Client) SaveLocked(r *handover.Record) {
	r.Uint(fieldID, uint64(c.id))
	r.String(fieldUID, c.uid)
	r.Bytes(fieldSession, c.Session())
	r.Bool(fieldJoined, c.memberships.joined)
	if c.memberships.many != nil {
		var order []byte
		ascending, last := true, uint32(0)
		c.memberships.all(func(m membership) bool {
			ascending = ascending && m.group.at >= last
			last = m.group.at
			order = binary.AppendUvarint(order, uint64(m.group.at))
			return true
		})
		if !ascending {
			r.Bytes(fieldGroupOrder, order)
		}
	}
}

// SaveLocked writes what the clients' records do not tell: the id given out
// last, the uids whose clients were bound in another order than that of
// connecting, the groups.
func (h *Hub) SaveLocked(write func(*handover.Record) error) error {
	r := handover.NewRecord(kindHub)
	r.Uint(fieldLastID, uint64(h.lastID))
	if err := write(r); err != nil {
		return err
	}
	var ids []byte
	for uid, first := range h.uids {
		ascending := true
		ids = binary.AppendUvarint(ids[:0], uint64(first.id))
		for c := first.uidNext; c != first; c = c.uidNext {
			ascending = ascending && c.uidPrev.at < c.at
			ids = binary.AppendUvarint(ids, uint64(c.id))
		}
		if ascending {
			continue
		}
		r.Reset(kindUID)
		r.String(fieldName, uid)
		r.Bytes(fieldMembers, ids)
		if err := write(r); err != nil {
			return err
		}
	}
	for g := range h.groupOrder.All() {
		ids = ids[:0]
		for c := range g.members.All() {
			ids = binary.AppendUvarint(ids, uint64(c.id))
		}
		r.Reset(kindGroup)
		r.String(fieldName, g.name)
		r.Uint(fieldPlace, uint64(g.at))
		r.Bytes(fieldMembers, ids)
		if err := write(r); err != nil {
			return err
		}
	}
	return nil
}

// Restorer fills an empty hub from records. It is used by one goroutine, before
// anything else uses the hub.
type Restorer struct {
	h      *Hub
	orders map[*Client][]uint64 // fieldGroupOrder
	groups map[uint64]*group    // by their place in the hub that was saved
}

// NewRestorer returns a Restorer of h, which must be empty.
func NewRestorer(h *Hub) *Restorer {
	return &Restorer{h: h, orders: make(map[*Client][]uint64), groups: make(map[uint64]*group)}
}

// Field takes a field of c's record, and reports whether it is the hub's.
func (r *Restorer) Field(c *Client, f *handover.Fields) bool {
	switch f.Field() {
	case fieldID:
		c.id = uint32(f.Uint())
	case fieldUID:
		c.uid = f.Text() // bound by Client
	case fieldSession:
		r.h.SetSessionLocked(c, f.Bytes())
	case fieldJoined:
		c.memberships.joined = f.Bool()
	case fieldGroupOrder:
		r.orders[c], _ = uvarints(nil, f.Bytes())
	}
	return f.Field() < FirstField
}

// Client makes c known, whose record has been read. Clients come in order of
// connecting.
func (r *Restorer) Client(c *Client) error {
	if c.id == 0 || r.h.clients[c.id] != nil {
		return fmt.Errorf("%w: client %d is there twice or has no id", handover.ErrMalformed, c.id)
	}
	r.h.clients[c.id] = c
	r.h.peak = max(r.h.peak, len(r.h.clients))
	c.at = r.h.order.add(c)
	if uid := c.uid; uid != "" {
		c.uid = ""
		r.h.BindUIDLocked(c, []byte(uid))
	}
	return nil
}

// Record takes a record that SaveLocked wrote, after those of all clients, and
// reports whether it is one.
func (r *Restorer) Record(f *handover.Fields) (ok bool, err error) {
	kind := f.Kind()
	if kind >= FirstKind {
		return false, nil
	}
	var name string
	var place uint64
	var members []*Client
	for f.Next() {
		switch {
		case kind == kindHub && f.Field() == fieldLastID:
			r.h.lastID = uint32(f.Uint())
		case kind == kindHub:
		case f.Field() == fieldName:
			name = f.Text()
		case f.Field() == fieldPlace:
			place = f.Uint()
		case f.Field() == fieldMembers:
			if members, err = r.clients(f.Bytes()); err != nil {
				return true, err
			}
		}
	}
	if err := f.Err(); err != nil {
		return true, err
	}
	switch kind {
	case kindUID:
		for _, c := range members {
			if c.uid != name || name == "" {
				return true, fmt.Errorf("%w: client %d is not bound to uid %q", handover.ErrMalformed, c.id, name)
			}
			r.h.BindUIDLocked(c, []byte(name))
		}
	case kindGroup:
		return true, r.group(name, place, members)
	}
	return true, nil
}

func (r *Restorer) group(name string, place uint64, members []*Client) error {
	if name == "" || r.h.groups[name] != nil || r.groups[place] != nil || len(members) == 0 {
		return fmt.Errorf("%w: group %q is there twice, or is none", handover.ErrMalformed, name)
	}
	g := &group{name: name}
	g.members.items = make([]*Client, 0, len(members))
	r.h.groups[name] = g
	r.groups[place] = g
	g.at = r.h.groupOrder.add(g)
	for _, c := range members {
		if c.memberships.has(g) {
			return fmt.Errorf("%w: client %d is twice in group %q", handover.ErrMalformed, c.id, name)
		}
		c.memberships.add(g, g.members.add(c))
	}
	return nil
}

// Finish restores what needs all records: in which order clients joined their
// groups.
func (r *Restorer) Finish() error {
	for c, places := range r.orders {
		was := c.memberships
		c.memberships = memberships{}
		for _, place := range places {
			g := r.groups[place]
			if g == nil || !was.has(g) || c.memberships.has(g) {
				return fmt.Errorf("%w: client %d is in a group that does not know it", handover.ErrMalformed, c.id)
			}
			at, _ := was.remove(g)
			c.memberships.add(g, at)
		}
		if was.len() > 0 {
			return fmt.Errorf("%w: client %d does not know a group that it is in", handover.ErrMalformed, c.id)
		}
	}
	return nil
}

func (r *Restorer) clients(ids []byte) ([]*Client, error) {
	numbers, err := uvarints(make([]uint64, 0, len(ids)), ids)
	if err != nil {
		return nil, err
	}
	clients := make([]*Client, len(numbers))
	for i, id := range numbers {
		if id <= 1<<32-1 {
			clients[i] = r.h.clients[uint32(id)]
		}
		if clients[i] == nil {
			return nil, fmt.Errorf("%w: client %d is not there", handover.ErrMalformed, id)
		}
	}
	return clients, nil
}

// uvarints appends the numbers in p to dst.
func uvarints(dst []uint64, p []byte) ([]uint64, error) {
	for len(p) > 0 {
		v, n := binary.Uvarint(p)
		if n <= 0 {
			return dst, fmt.Errorf("%w: a list of ids", handover.ErrMalformed)
		}
		dst, p = append(dst, v), p[n:]
	}
	return dst, nil
}
