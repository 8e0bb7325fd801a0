package hub

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-gatewayworker/gatewayworker/internal/handover"
)

const kindClient = FirstKind

// saved returns the records of a hub, in order.
func saved(h *Hub) [][]byte {
	var records [][]byte
	keep := func(r *handover.Record) error {
		records = append(records, append([]byte(nil), r.Encoded()...))
		return nil
	}
	for c := range h.ClientsLocked().All() {
		r := handover.NewRecord(kindClient)
		c.SaveLocked(r)
		_ = keep(r)
	}
	_ = h.SaveLocked(keep)
	return records
}

func restored(records [][]byte) (*Hub, error) {
	h := New(0)
	restorer := NewRestorer(h)
	for _, p := range records {
		f, err := handover.ParseRecord(p)
		if err != nil {
			return nil, err
		}
		if f.Kind() != kindClient {
			if _, err := restorer.Record(f); err != nil {
				return nil, err
			}
			continue
		}
		c := new(Client)
		for f.Next() {
			restorer.Field(c, f)
		}
		if err := f.Err(); err != nil {
			return nil, err
		}
		if err := restorer.Client(c); err != nil {
			return nil, err
		}
	}
	return h, restorer.Finish()
}

// passOn returns a hub that was made from h's records, and checks that nothing
// differs.
func passOn(t testing.TB, h *Hub) *Hub {
	t.Helper()
	second, err := restored(saved(h))
	if err != nil {
		t.Fatal(err)
	}
	checkHub(t, second)
	if diff := cmp.Diff(dumpHub(h), dumpHub(second)); diff != "" {
		t.Fatalf("the hub that was restored differs (-saved +restored):\n%s", diff)
	}
	for id, c := range h.clients {
		if string(c.Session()) != string(second.clients[id].Session()) {
			t.Fatalf("client %d: session %q became %q", id, c.Session(), second.clients[id].Session())
		}
	}
	if h.lastID != second.lastID {
		t.Fatalf("last id %d became %d", h.lastID, second.lastID)
	}
	return second
}

// TestPassOn has what the operations of the model do not have: sessions, a gap
// behind the last client, orders of all kinds.
func TestPassOn(t *testing.T) {
	h := New(0)
	var clients []*Client
	for i := range 100 {
		c := new(Client)
		h.AddLocked(c)
		h.SetSessionLocked(c, fmt.Appendf(nil, "session\x00%d", i))
		clients = append(clients, c)
	}
	for i := range clients {
		c := clients[len(clients)-1-i]
		h.BindUIDLocked(c, []byte("everybody"))
		for g := range 20 {
			h.JoinLocked(c, fmt.Appendf(nil, "group %d", (g*7+i)%20))
		}
	}
	h.RemoveLocked(clients[99])
	h.RemoveLocked(clients[0])
	h = passOn(t, passOn(t, h))
	c := new(Client)
	if h.AddLocked(c); c.ID() != 101 {
		t.Errorf("the next client has id %d", c.ID())
	}
}

// TestBadRecords: records that contradict each other are refused.
func TestBadRecords(t *testing.T) {
	client := func(id uint64) []byte {
		r := handover.NewRecord(kindClient)
		r.Uint(fieldID, id)
		r.String(fieldUID, "u")
		return r.Encoded()
	}
	list := func(kind uint64, name string, ids ...byte) []byte {
		r := handover.NewRecord(kind)
		r.String(fieldName, name)
		r.Bytes(fieldMembers, ids)
		return r.Encoded()
	}
	ordered := handover.NewRecord(kindClient)
	ordered.Uint(fieldID, 3)
	ordered.Bytes(fieldGroupOrder, []byte{0, 5})
	for name, records := range map[string][][]byte{
		"a client without an id":       {client(0)},
		"a client twice":               {client(1), client(1)},
		"a group of strangers":         {client(1), list(kindGroup, "g", 2)},
		"a group twice":                {client(1), list(kindGroup, "g", 1), list(kindGroup, "g", 1)},
		"two groups at one place":      {client(1), list(kindGroup, "g", 1), list(kindGroup, "h", 1)},
		"a group without a name":       {client(1), list(kindGroup, "", 1)},
		"a group without members":      {client(1), list(kindGroup, "g")},
		"a member twice":               {client(1), list(kindGroup, "g", 1, 1)},
		"a list that is cut off":       {client(1), list(kindGroup, "g", 1, 0x80)},
		"a uid of another":             {client(1), list(kindUID, "other", 1)},
		"groups that are not there":    {ordered.Encoded()},
		"a group that was not ordered": {ordered.Encoded(), list(kindGroup, "g", 3)},
	} {
		if _, err := restored(records); !errors.Is(err, handover.ErrMalformed) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func FuzzRestore(f *testing.F) {
	h := New(0)
	c := new(Client)
	h.AddLocked(c)
	h.JoinLocked(c, []byte("g"))
	h.BindUIDLocked(c, []byte("u"))
	for _, r := range saved(h) {
		f.Add(r, r)
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		h, err := restored([][]byte{first, second})
		if err == nil {
			checkHub(t, h)
		}
	})
}
