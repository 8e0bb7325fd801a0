package uncleared

import (
	"bytes"
	"testing"
)

// TestBytes: the memory is there, as much as was asked for, and nobody else's.
func TestBytes(t *testing.T) {
	var all [][]byte
	for i, n := range []int{0, 1, 2, 31, 32, 33, 1 << 10, 1<<15 + 1, 1 << 20, 10<<20 + 14} {
		b := Bytes(n)
		if len(b) != n {
			t.Fatalf("%d bytes, want %d", len(b), n)
		}
		for k := range b {
			b[k] = byte(i)
		}
		all = append(all, b)
	}
	for i, b := range all {
		if bytes.Count(b, []byte{byte(i)}) != len(b) {
			t.Errorf("memory of %d bytes was written by another", len(b))
		}
	}
	if n := testing.AllocsPerRun(100, func() { all[0] = Bytes(1000) }); n != 1 {
		t.Errorf("it takes %v allocations", n)
	}
}
