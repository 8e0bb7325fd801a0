package hub

import (
	"runtime"
	"strconv"
	"testing"
)

func BenchmarkConnectAndDisconnect(b *testing.B) {
	const clients, groups = 10_000, 10
	h := New(0)
	var names [groups][]byte
	for i := range names {
		names[i] = []byte("group" + strconv.Itoa(i))
	}
	ring := make([]Client, clients)
	connect := func(c *Client) {
		*c = Client{}
		h.AddLocked(c)
		h.BindUIDLocked(c, []byte("uid"))
		for _, name := range names {
			h.JoinLocked(c, name)
		}
	}
	for i := range ring {
		connect(&ring[i])
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		c := &ring[i*7919%clients]
		h.RemoveLocked(c)
		connect(c)
	}
}

// BenchmarkMemory reports the bytes that the hub takes per client beyond the
// Client itself.
func BenchmarkMemory(b *testing.B) {
	for _, bm := range []struct {
		name    string
		prepare func(h *Hub, c *Client, i int)
	}{
		{"connected", func(*Hub, *Client, int) {}},
		{"with uid", func(h *Hub, c *Client, i int) { h.BindUIDLocked(c, strconv.AppendInt(nil, int64(i), 10)) }},
		{"with uid, group and session", func(h *Hub, c *Client, i int) {
			h.BindUIDLocked(c, strconv.AppendInt(nil, int64(i), 10))
			h.JoinLocked(c, strconv.AppendInt(nil, int64(i%100), 10))
			h.SetSessionLocked(c, []byte(`a:1:{s:4:"name";s:3:"Bob";}`))
		}},
		{"in 10 of 100 groups", func(h *Hub, c *Client, i int) {
			for g := range 10 {
				h.JoinLocked(c, strconv.AppendInt(nil, int64((i+g)%100), 10))
			}
		}},
		{"in 1000 groups", func(h *Hub, c *Client, i int) {
			for g := range 1000 {
				h.JoinLocked(c, strconv.AppendInt(nil, int64(g), 10))
			}
		}},
	} {
		b.Run(bm.name, func(b *testing.B) {
			n := 20_000
			if bm.name == "in 1000 groups" {
				n = 500
			}
			for range b.N {
				ring := make([]Client, n)
				before := heapInUse()
				h := New(0)
				for i := range ring {
					h.AddLocked(&ring[i])
					bm.prepare(h, &ring[i], i+1)
				}
				used := heapInUse() - before
				b.ReportMetric(float64(used)/float64(n), "B/client")
				runtime.KeepAlive(h)
				runtime.KeepAlive(ring)
			}
		})
	}
}

func heapInUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
