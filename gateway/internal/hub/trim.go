package hub

import "maps"

// trimClients is the number of clients up to which the tables are left as they
// are.
const trimClients = 1000

// Trim makes the tables anew if there are less than half as many clients as
// there once were since the last time, and reports whether it did: Go's maps
// never become smaller by themselves. It takes the lock.
func (h *Hub) Trim() bool {
	h.Mu.Lock()
	defer h.Mu.Unlock()
	if h.peak < trimClients || len(h.clients) >= h.peak/2 {
		return false
	}
	h.peak = len(h.clients)
	h.clients = cloneMap(h.clients)
	h.uids = cloneMap(h.uids)
	h.groups = cloneMap(h.groups)
	return true
}

// cloneMap returns a copy of m that is as large as its contents need. (maps.Clone
// copies the size too.)
func cloneMap[K comparable, V any](m map[K]V) map[K]V {
	small := make(map[K]V, len(m))
	maps.Copy(small, m)
	return small
}
