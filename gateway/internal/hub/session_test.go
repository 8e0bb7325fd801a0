package hub

import (
	"bytes"
	"sync"
	"testing"
)

func TestSession(t *testing.T) {
	h, c := New(0), new(Client)
	for _, want := range []string{"", "a", "0", "a:1:{s:1:\"n\";i:5;}", string(make([]byte, 100_000)), ""} {
		given := []byte(want)
		h.SetSessionLocked(c, given)
		clear(given) // it is the caller's
		if got := c.Session(); string(got) != want || cap(got) != len(got) || (got == nil) != (want == "") {
			t.Errorf("session of %d bytes, capacity %d, nil %v; want %d bytes", len(got), cap(got), got == nil, len(want))
		}
	}
}

// TestSessionConcurrently: a session that is read while it is replaced is the old
// or the new one, whole.
func TestSessionConcurrently(t *testing.T) {
	h, c := New(0), new(Client)
	var readers sync.WaitGroup
	done := make(chan struct{})
	for range 2 {
		readers.Go(func() {
			for {
				if s := c.Session(); len(s) > 0 && (len(s) != 3*int(s[0]) || len(bytes.Trim(s, string(s[:1]))) > 0) {
					t.Errorf("read %q", s)
					return
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for i := range 20_000 {
		n := byte(i%100 + 1)
		h.SetSessionLocked(c, bytes.Repeat([]byte{n}, 3*int(n)))
	}
	close(done)
	readers.Wait()
}
