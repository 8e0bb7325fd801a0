package hub

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-gatewayworker/gatewayworker/internal/fuzzvolume"
)

// orderedMap is PHP's array, slow and simple: setting a key that is there keeps
// its place.
type orderedMap[K comparable, V any] struct {
	keys []K
	vals map[K]V
}

func (m *orderedMap[K, V]) has(k K) bool { _, ok := m.vals[k]; return ok }
func (m *orderedMap[K, V]) get(k K) V    { return m.vals[k] }

func (m *orderedMap[K, V]) set(k K, v V) {
	if m.vals == nil {
		m.vals = map[K]V{}
	}
	if !m.has(k) {
		m.keys = append(m.keys, k)
	}
	m.vals[k] = v
}

func (m *orderedMap[K, V]) unset(k K) {
	if m.has(k) {
		delete(m.vals, k)
		m.keys = slices.DeleteFunc(m.keys, func(e K) bool { return e == k })
	}
}

// hubModel states what the hub does the way PHP does it: an array of clients,
// and arrays of arrays for uids and groups.
type hubModel struct {
	lastID  uint32
	clients orderedMap[uint32, *modelClient]
	uids    orderedMap[string, *orderedMap[uint32, bool]]
	groups  orderedMap[string, *orderedMap[uint32, bool]]
}

type modelClient struct {
	uid    string
	groups *orderedMap[string, bool] // nil: never joined
}

func (m *hubModel) connect() uint32 {
	m.lastID++
	m.clients.set(m.lastID, &modelClient{})
	return m.lastID
}

func drop(index *orderedMap[string, *orderedMap[uint32, bool]], name string, id uint32) {
	if box := index.get(name); box != nil {
		box.unset(id)
		if len(box.keys) == 0 {
			index.unset(name)
		}
	}
}

func put(index *orderedMap[string, *orderedMap[uint32, bool]], name string, id uint32) {
	if !index.has(name) {
		index.set(name, &orderedMap[uint32, bool]{})
	}
	index.get(name).set(id, true)
}

func (m *hubModel) disconnect(id uint32) {
	c := m.clients.get(id)
	m.clients.unset(id)
	drop(&m.uids, c.uid, id)
	if c.groups != nil {
		for _, g := range c.groups.keys {
			drop(&m.groups, g, id)
		}
	}
}

func (m *hubModel) bind(id uint32, uid string) {
	m.unbind(id)
	m.clients.get(id).uid = uid
	put(&m.uids, uid, id)
}

func (m *hubModel) unbind(id uint32) {
	c := m.clients.get(id)
	drop(&m.uids, c.uid, id)
	c.uid = ""
}

func (m *hubModel) join(id uint32, group string) {
	c := m.clients.get(id)
	if c.groups == nil {
		c.groups = &orderedMap[string, bool]{}
	}
	c.groups.set(group, true)
	put(&m.groups, group, id)
}

func (m *hubModel) leave(id uint32, group string) {
	if c := m.clients.get(id); c.groups != nil && c.groups.has(group) {
		c.groups.unset(group)
		drop(&m.groups, group, id)
	}
}

func (m *hubModel) ungroup(group string) {
	if box := m.groups.get(group); box != nil {
		for _, id := range box.keys {
			m.clients.get(id).groups.unset(group)
		}
		m.groups.unset(group)
	}
}

// dump lists everything that a hub can be asked, in order.
func (m *hubModel) dump() []string {
	var out []string
	for _, id := range m.clients.keys {
		c := m.clients.get(id)
		line := fmt.Sprintf("client %d uid %q", id, c.uid)
		if c.groups != nil {
			line += fmt.Sprintf(" groups %q", append([]string{}, c.groups.keys...))
		}
		out = append(out, line)
	}
	for _, g := range m.groups.keys {
		out = append(out, fmt.Sprintf("group %q %v", g, m.groups.get(g).keys))
	}
	uids := slices.Sorted(slices.Values(m.uids.keys)) // their order is on no wire
	for _, uid := range uids {
		out = append(out, fmt.Sprintf("uid %q %v", uid, m.uids.get(uid).keys))
	}
	return out
}

func ids(clients []*Client) []uint32 {
	var out []uint32
	for _, c := range clients {
		out = append(out, c.id)
	}
	return out
}

// dumpHub is hubModel.dump of a hub.
func dumpHub(h *Hub) []string {
	var out []string
	for _, c := range h.ClientsLocked().AppendTo(nil) {
		line := fmt.Sprintf("client %d uid %q", c.id, c.uid)
		if c.memberships.joined {
			line += fmt.Sprintf(" groups %q", slices.AppendSeq([]string{}, c.GroupsLocked()))
		}
		out = append(out, line)
	}
	for _, g := range h.groupOrder.AppendTo(nil) {
		out = append(out, fmt.Sprintf("group %q %v", g.name, ids(g.members.AppendTo(nil))))
	}
	for _, uid := range slices.Sorted(maps.Keys(h.uids)) {
		out = append(out, fmt.Sprintf("uid %q %v", uid, ids(h.AppendUIDLocked(nil, []byte(uid)))))
	}
	return out
}

// checkHub fails when the hub's parts contradict each other.
func checkHub(t testing.TB, h *Hub) {
	t.Helper()
	bad := func(format string, args ...any) { t.Helper(); t.Fatalf("hub is broken: "+format, args...) }
	if h.order.Len() != len(h.clients) {
		bad("%d clients in order, %d by id", h.order.Len(), len(h.clients))
	}
	if h.groupOrder.Len() != len(h.groups) {
		bad("%d groups in order, %d by name", h.groupOrder.Len(), len(h.groups))
	}
	checkList(t, &h.order)
	checkList(t, &h.groupOrder)
	var bound, memberships int
	for id, c := range h.clients {
		if c.id != id || h.order.items[c.at] != c {
			bad("client %d is not at its place", id)
		}
		n := 0
		c.memberships.all(func(m membership) bool {
			n++
			if h.groups[m.group.name] != m.group {
				bad("client %d is in unknown group %q", id, m.group.name)
			}
			if m.group.members.items[m.at] != c {
				bad("client %d is not at its place in group %q", id, m.group.name)
			}
			if !c.memberships.has(m.group) {
				bad("client %d does not find its group %q", id, m.group.name)
			}
			return true
		})
		if n != c.memberships.len() {
			bad("client %d says %d groups, has %d", id, c.memberships.len(), n)
		}
		memberships += n
		if c.uid != "" {
			bound++
		}
	}
	for name, g := range h.groups {
		if g.name != name || h.groupOrder.items[g.at] != g {
			bad("group %q is not at its place", name)
		}
		if g.members.Len() == 0 {
			bad("group %q is empty", name)
		}
		checkList(t, &g.members)
		memberships -= g.members.Len()
	}
	if memberships != 0 {
		bad("clients and groups disagree by %d memberships", memberships)
	}
	for uid, head := range h.uids {
		if head.uid != uid {
			bad("uid %q starts with a stray client %d", uid, head.id)
		}
		for _, c := range h.AppendUIDLocked(nil, []byte(uid)) {
			if c.uid != uid || h.clients[c.id] != c || c.uidNext.uidPrev != c {
				bad("uid %q has a stray client %d", uid, c.id)
			}
			bound--
		}
	}
	if bound != 0 {
		bad("clients and uids disagree by %d", bound)
	}
}

func checkList[T any](t testing.TB, s *List[T]) {
	t.Helper()
	holes := 0
	for _, p := range s.items {
		if p == nil {
			holes++
		}
	}
	if holes != int(s.holes) || len(s.items) > 0 && s.items[len(s.items)-1] == nil {
		t.Fatalf("list is broken: %d holes, say %d", holes, s.holes)
	}
	if n := len(s.items); cap(s.items) > max(64, 8*(s.Len()+listMinHoles)) {
		t.Fatalf("list keeps too much: %d live, len %d, cap %d", s.Len(), n, cap(s.items))
	}
}

// hubOps runs operations drawn from next on a hub and on the model, with at most
// so many clients, uids and groups.
func hubOps(t testing.TB, steps, clients, names, groups int, next func(n int) int) {
	h, m := New(0), &hubModel{}
	pick := func() *Client {
		if len(m.clients.keys) == 0 {
			return nil
		}
		return h.ClientLocked(m.clients.keys[next(len(m.clients.keys))])
	}
	for step := range steps {
		c := pick()
		uid, group := "u"+strconv.Itoa(next(names)), "g"+strconv.Itoa(next(groups))
		switch op := next(100); {
		case c == nil || op < 12 && len(m.clients.keys) < clients:
			n := &Client{}
			if !h.AddLocked(n) {
				t.Fatal("no id")
			}
			if id := m.connect(); n.id != id {
				t.Fatalf("id %d, want %d", n.id, id)
			}
		case op < 14 && (clients > 8 || step%20 == 0): // few clients live longer
			m.disconnect(c.id)
			if !h.RemoveLocked(c) || h.RemoveLocked(c) {
				t.Fatal("RemoveLocked must report the first removal only")
			}
		case op < 25:
			h.BindUIDLocked(c, []byte(uid))
			m.bind(c.id, uid)
		case op < 30:
			h.UnbindUIDLocked(c)
			m.unbind(c.id)
		case op < 99 && (op < 50) == (step/300%2 == 1): // more joining, then more leaving
			h.JoinLocked(c, []byte(group))
			m.join(c.id, group)
		case op < 99:
			if own := m.clients.get(c.id).groups; own != nil && len(own.keys) > 0 && next(4) > 0 {
				group = own.keys[next(len(own.keys))]
			}
			h.LeaveLocked(c, []byte(group))
			m.leave(c.id, group)
		default:
			h.UngroupLocked([]byte(group))
			m.ungroup(group)
		}
		if step%16 == 0 || step == steps-1 {
			checkHub(t, h)
			if diff := cmp.Diff(m.dump(), dumpHub(h)); diff != "" {
				t.Fatalf("after step %d (-want +got):\n%s", step, diff)
			}
		}
		if step%128 == 127 {
			h = passOn(t, h) // the model does not notice
		}
	}
	for len(h.clients) > 0 {
		h.RemoveLocked(h.ClientsLocked().AppendTo(nil)[len(h.clients)/2])
	}
	checkHub(t, h)
	if len(h.groups)+len(h.uids) != 0 {
		t.Fatalf("%d groups and %d uids are left without clients", len(h.groups), len(h.uids))
	}
}

func TestHubAgainstModel(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 1))
		// From one client in many groups to groups with many members.
		hubOps(t, 4000, 1<<(seed%10), 1+rng.IntN(40), 1+rng.IntN(120), rng.IntN)
	}
}

func FuzzHubAgainstModel(tf *testing.F) {
	f := fuzzvolume.For(tf)
	f.Add([]byte("connect, bind and join"), uint8(9), uint8(3), uint8(3))
	f.Add([]byte{0, 1, 2, 3, 40, 50, 60, 70, 80, 90, 99, 15}, uint8(1), uint8(1), uint8(40))
	f.Fuzz(func(t *testing.T, data []byte, clients, names, groups uint8) {
		i := 0
		next := func(n int) int {
			if i >= len(data) {
				i++
				return (i * 7919) % n
			}
			i++
			return int(data[i-1]) % n
		}
		hubOps(t, min(len(data), 400), 1+int(clients), 1+int(names), 1+int(groups), next)
	})
}

func TestConnectionIDs(t *testing.T) {
	h := New(0)
	add := func() uint32 {
		t.Helper()
		c := &Client{}
		if !h.AddLocked(c) {
			t.Fatal("no id is free")
		}
		return c.id
	}
	if got := []uint32{add(), add(), add()}; !slices.Equal(got, []uint32{1, 2, 3}) {
		t.Errorf("first ids are %d, want 1 2 3", got)
	}
	h.RemoveLocked(h.ClientLocked(2))
	if got := add(); got != 4 {
		t.Errorf("id %d after 2 was freed, want 4: ids are not reused before the wrap", got)
	}
	h.lastID = 1<<32 - 2
	if got := []uint32{add(), add(), add()}; !slices.Equal(got, []uint32{1<<32 - 1, 2, 5}) {
		t.Errorf("ids around the wrap are %d, want 4294967295 2 5: 0 and those in use are skipped", got)
	}
}
