package bench

import (
	"strings"
	"testing"
	"time"
)

func TestStreamVerdict(t *testing.T) {
	for _, c := range []struct {
		name                   string
		arrive                 []uint32 // at client 0, of 0, 1, 2
		lost, surplus, misplac int64
		lastReceivers          uint64
	}{
		{"all", []uint32{0, 1, 2}, 0, 0, 0, 3},
		{"one lost", []uint32{0, 2}, 1, 0, 0, 2},
		{"one twice", []uint32{0, 1, 1, 2}, 0, 1, 0, 3},
		{"one twice, one lost", []uint32{0, 1, 1}, 1, 1, 0, 2},
		{"an older one twice", []uint32{0, 1, 2, 0}, 0, 1, 0, 3},
		{"swapped", []uint32{1, 0, 2}, 0, 0, 1, 3},
		{"none", nil, 3, 0, 0, 0},
	} {
		s := newStream('B', 2).toMany()
		for range 3 {
			s.expectMany([]int{0, 1})
		}
		for seq := range uint32(3) {
			s.receive(1, seq, 0, 1000)
		}
		for _, seq := range c.arrive {
			s.receive(0, seq, 0, 2000)
		}
		lost, surplus := s.verdict()
		if lost != c.lost || surplus != c.surplus || s.outOfOrder != c.misplac || s.lastHist.Count() != c.lastReceivers {
			t.Errorf("%s: lost %d, surplus %d, out of order %d, last receivers %d", c.name, lost, surplus, s.outOfOrder, s.lastHist.Count())
		}
		if s.complete() != (c.lost == 0) {
			t.Errorf("%s: complete is %v", c.name, s.complete())
		}
	}
}

func TestWriteText(t *testing.T) {
	var h Histogram
	for i := range int64(1000) {
		h.Record(30000 + i*100)
	}
	r := Report{
		Scenario:   "broadcast",
		Started:    time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Conditions: Conditions{Addresses: []string{"text://127.0.0.1:1"}, InnerAddresses: []string{"127.0.0.1:2"}, Worker: "self", Clients: 5000, Size: 128, CPUs: 2, Kernel: "Linux"},
		Phases: []Phase{
			{
				Name: "burst", Unit: "delivery", Duration: 2 * time.Second, Expected: 1234567, Received: 1234567, Rate: 617283, OpenLoop: true,
				Latency: h.Latency(), CPU: []CPUUse{{Role: "gateway", PerUnit: 0.54, Cores: 0.98, User: time.Second, System: time.Second}},
			},
			{Name: "lossy", Unit: "message", Duration: time.Second, Expected: 10, Received: 9, Lost: 2, Surplus: 1, Rate: 9},
		},
		Memory:   []MemoryUse{{Moment: "connected", Role: "gateway", PSS: 5 << 20, Anonymous: 4 << 20, RSS: 6 << 20, PerConnection: 1500, AnonymousPerConnection: 1400}},
		Problems: []string{"something is odd"},
	}
	want := `broadcast: 5,000 clients, 128 bytes, text://127.0.0.1:1, inner 127.0.0.1:2, worker self
2 CPUs, Linux, 2026-01-02 03:04:05

burst
  deliveries    1,234,567 of 1,234,567, none lost, none twice, all in order
  rate          617,283/s in 2s
  gateway CPU   0.54 us per delivery, 0.98 of a core (50% in the kernel)
  latency       p50 80.1us  p90 120us  p99 129us  p99.9 130us  max 130us (open loop)
         < 50us ████████████████ 20.20%
        < 100us ████████████████████████████████████████ 50.20%
        < 200us ███████████████████████▌ 29.60%

lossy
  messages      9 of 10: 2 LOST, 1 too many, 0 out of order
  rate          9/s in 1s

memory
  connected     gateway   PSS   5.0 MiB (4.0 MiB anonymous)   RSS   6.0 MiB   1500 bytes per connection (1400 anonymous)
! something is odd
`
	var b strings.Builder
	if err := r.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if r.Complete() {
		t.Error("a report with lost messages is complete")
	}
}

func TestShort(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0ns", 999: "999ns", 1000: "1us", 999999: "999us", 1500000: "1.5ms", 999999999: "999ms", time.Minute: "60s",
	} {
		if got := short(d); got != want {
			t.Errorf("%d ns: %q, want %q", d, got, want)
		}
	}
}
