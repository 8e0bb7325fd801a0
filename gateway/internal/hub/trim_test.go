package hub

import "testing"

func TestTrim(t *testing.T) {
	h := New(0)
	var cs []*Client
	h.Mu.Lock()
	for range 2 * trimClients {
		c := new(Client)
		h.AddLocked(c)
		h.BindUIDLocked(c, []byte("uid"))
		h.JoinLocked(c, []byte("room"))
		cs = append(cs, c)
	}
	h.Mu.Unlock()
	if h.Trim() {
		t.Error("trims though no client has gone")
	}
	h.Mu.Lock()
	for _, c := range cs[3:] {
		h.RemoveLocked(c)
	}
	h.Mu.Unlock()
	if !h.Trim() {
		t.Error("does not trim")
	}
	if h.Trim() {
		t.Error("trims again")
	}
	h.Mu.Lock()
	defer h.Mu.Unlock()
	if h.ClientsLocked().Len() != 3 || h.ClientLocked(2) != cs[1] || h.MembersLocked([]byte("room")).Len() != 3 || h.uids["uid"] != cs[0] {
		t.Error("something was lost")
	}
}
