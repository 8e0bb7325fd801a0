package gateway

import (
	"fmt"
	"slices"
	"strings"
)

// A clusterModel says what a gateway's clients have been sent and what it answers,
// as simple as can be: PHP's arrays, in order of insertion.
type clusterModel struct {
	lastID  uint32
	clients []*modelledClient
	uids    map[string][]uint32
	groups  map[string][]uint32
}

type modelledClient struct {
	id      uint32
	ready   bool // its handshake is done
	uid     string
	session string
	frames  []string // payloads that it has been sent, pongs included
}

func (m *clusterModel) connect() *modelledClient {
	m.lastID++
	c := &modelledClient{id: m.lastID}
	m.clients = append(m.clients, c)
	return c
}

func (m *clusterModel) client(id uint32) *modelledClient {
	for _, c := range m.clients {
		if c.id == id {
			return c
		}
	}
	return nil
}

func leaveAll(lists map[string][]uint32, name string, id uint32) {
	if list := slices.DeleteFunc(lists[name], func(other uint32) bool { return other == id }); len(list) > 0 {
		lists[name] = list
	} else {
		delete(lists, name)
	}
}

func (m *clusterModel) disconnect(id uint32) {
	m.clients = slices.DeleteFunc(m.clients, func(c *modelledClient) bool { return c.id == id })
	for _, lists := range []map[string][]uint32{m.uids, m.groups} {
		for name := range lists {
			leaveAll(lists, name, id)
		}
	}
}

func (m *clusterModel) bind(id uint32, uid string) {
	if c := m.client(id); c != nil {
		leaveAll(m.uids, c.uid, id)
		c.uid = uid
		if uid != "" {
			m.uids[uid] = append(m.uids[uid], id)
		}
	}
}

func (m *clusterModel) join(id uint32, group string) {
	if m.client(id) != nil && !slices.Contains(m.groups[group], id) {
		m.groups[group] = append(m.groups[group], id)
	}
}

func (m *clusterModel) send(text string, ids ...uint32) {
	for _, id := range ids {
		if c := m.client(id); c != nil {
			c.frames = append(c.frames, text)
		}
	}
}

func (m *clusterModel) all() (ids []uint32) {
	for _, c := range m.clients {
		ids = append(ids, c.id)
	}
	return ids
}

// list is how PHP serializes a list of ids.
func list(ids []uint32) string {
	var b strings.Builder
	fmt.Fprintf(&b, "a:%d:{", len(ids))
	for i, id := range ids {
		fmt.Fprintf(&b, "i:%d;i:%d;", i, id)
	}
	return b.String() + "}"
}

func (m *clusterModel) session(id uint32) string {
	switch c := m.client(id); {
	case c == nil:
		return "N;"
	case c.session == "":
		return "a:0:{}"
	default:
		return c.session
	}
}
