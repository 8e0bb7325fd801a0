package gateway

import "testing"

func TestShrink(t *testing.T) {
	h := newHub()
	var cs []*client
	h.mu.Lock()
	for range 2 * trimClients {
		c := new(client)
		h.addLocked(c)
		h.bindUIDLocked(c, []byte("uid"))
		h.joinGroupLocked(c, []byte("room"))
		cs = append(cs, c)
	}
	h.mu.Unlock()
	if h.shrink() {
		t.Error("shrinks though nobody has gone")
	}
	h.mu.Lock()
	for _, c := range cs[3:] {
		h.removeLocked(c)
	}
	h.mu.Unlock()
	if !h.shrink() {
		t.Error("does not shrink")
	}
	if h.shrink() {
		t.Error("shrinks again")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.countLocked() != 3 || h.getLocked(2) != cs[1] || h.groups["room"].members.len() != 3 || h.uids["uid"] != cs[0] {
		t.Error("something was lost")
	}
}
