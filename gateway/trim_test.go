package gateway

import (
	"slices"
	"testing"
)

func TestRush(t *testing.T) {
	const few, many = trimQuiet, trimHandshakes
	for _, test := range []struct {
		name   string
		counts []uint64 // TLS handshakes so far, at each tick
		over   []int    // ticks at which a rush is over
	}{
		{"nothing", []uint64{0, 0, 0}, nil},
		{"too small", []uint64{many - 1, many - 1, many - 1}, nil},
		{"one", []uint64{many, many, many}, []int{1}},
		{"goes on", []uint64{many, 2 * many, 3 * many, 3*many + few, 3*many + few}, []int{3}},
		{"two", []uint64{many, many, 2 * many, 2 * many, 2 * many}, []int{1, 3}},
		{"small ones", []uint64{many / 2, many / 2, many, many}, []int{3}},
	} {
		var r rush
		var over []int
		for i, n := range test.counts {
			if r.over(n) {
				over = append(over, i)
			}
		}
		if !slices.Equal(over, test.over) {
			t.Errorf("%s: over at ticks %v, want %v", test.name, over, test.over)
		}
	}
}
