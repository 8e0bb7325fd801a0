package tlswire

import (
	"bytes"
	"testing"

	"github.com/go-gatewayworker/gatewayworker/internal/fuzzvolume"
)

// FuzzRecords hands records in as they may arrive, in two parts, to a
// reader with some room: nothing is lost, and nothing is given out across the end
// of a record, except whole ones that leave room.
func FuzzRecords(tf *testing.F) {
	f := fuzzvolume.For(tf)
	hello := append([]byte{22, 3, 1, 2, 0}, make([]byte, 512)...)
	f.Add(hello, 3, 600)
	f.Add(append(hello, 23, 3, 3, 0, 1, 9), 520, 1100)
	f.Add([]byte{23, 3, 3, 0, 0, 23, 3, 3, 0, 2, 1, 2, 23, 3}, 11, 512)
	f.Fuzz(func(t *testing.T, data []byte, cut, room int) {
		if cut < 0 || cut > len(data) || room < 1 || room > 1<<16 {
			return
		}
		ends := map[int]bool{} // places where a header or a record ends
		for at := 0; at+HeaderLen <= len(data); {
			ends[at+HeaderLen] = true
			at += HeaderLen + int(data[at+3])<<8 + int(data[at+4])
			ends[at] = true
		}
		var s records
		var got []byte
		for _, in := range [][]byte{data[:cut], data[cut:]} {
			for len(in) > 0 {
				n := s.next(in, room)
				if n < 1 || n > min(room, len(in)) {
					t.Fatalf("gives %d bytes of %d, with room for %d", n, len(in), room)
				}
				crossed := 0
				for i := 1; i < n; i++ {
					if ends[len(got)+i] {
						crossed++
					}
				}
				if crossed > 0 && (crossed > 1 || !ends[len(got)+n] || n+recordRoom > room) {
					t.Fatalf("gives %d bytes from %d across the end of a record, with room for %d", n, len(got), room)
				}
				got = append(got, in[:n]...)
				in = in[n:]
			}
		}
		if !bytes.Equal(got, data) {
			t.Error("some bytes were lost")
		}
	})
}
