package outqueue

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
)

// text returns what waits in q.
func text(q *Queue) string { return string(bytes.Join(q.Pieces(), nil)) }

func TestNeighboursAreOnePiece(t *testing.T) {
	var a Arena
	one := a.Commit(append(a.Tail(3), "one"...))
	two := a.Commit(append(a.Tail(3), "two"...))
	q := Get()
	defer q.Release()
	q.Refer(one)
	q.Refer(two)
	if n := len(q.Pieces()); n != 1 {
		t.Errorf("%d pieces, want 1: the messages are neighbours in the arena", n)
	}
	q.Refer([]byte("three"))
	if n := len(q.Pieces()); n != 2 {
		t.Errorf("%d pieces, want 2: the last message is not in the arena", n)
	}
	if got := text(q); got != "onetwothree" || q.Len() != len(got) {
		t.Errorf("%q waits, %d bytes", got, q.Len())
	}
	if a.Used() != 6 {
		t.Errorf("arena counts %d bytes, want 6", a.Used())
	}
}

// TestFullArena checks that what was given out stays as it is when the arena
// takes another buffer.
func TestFullArena(t *testing.T) {
	var a Arena
	q := Get()
	defer q.Release()
	var want strings.Builder
	for i := range 3 * arenaSize / 1000 {
		message := bytes.Repeat([]byte{byte('a' + i%26)}, 1000)
		want.Write(message)
		q.Refer(a.Commit(append(a.Tail(1000), message...)))
	}
	if text(q) != want.String() {
		t.Error("messages in the arena changed")
	}
	if n := len(q.Pieces()); n < 2 || n > 4 {
		t.Errorf("%d pieces, want one for each buffer", n)
	}
	a.Reset()
	if a.Used() != 0 {
		t.Errorf("arena counts %d bytes after Reset", a.Used())
	}
}

func TestOwn(t *testing.T) {
	for written, want := range map[int]string{0: "onetwothree", 2: "etwothree", 3: "twothree", 7: "hree", 11: ""} {
		q := Get()
		borrowed := []byte("onetwothree")
		q.Refer(borrowed[:3:3])
		q.Refer(borrowed[3:6:6])
		q.Refer(borrowed[6:])
		q.Own(written)
		clear(borrowed) // the queue has its own now
		if text(q) != want || q.Len() != len(want) {
			t.Errorf("after %d bytes: %q waits (%d), want %q", written, text(q), q.Len(), want)
		}
		if q.Empty() != (want == "") {
			t.Errorf("after %d bytes: Empty is %v", written, q.Empty())
		}
		if want != "" { // a second time
			q.Append([]byte("!"))
			q.Own(1)
			if text(q) != want[1:]+"!" {
				t.Errorf("%q waits after one byte more, want %q", text(q), want[1:]+"!")
			}
		}
		q.Release()
	}
}

// TestOwnAtRandom compares a queue that is filled, written in parts and joined
// with a plain slice of bytes.
func TestOwnAtRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var want []byte
	bytesOf := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		return b
	}
	sizes := []int{0, 1, 100, 3000, 20_000, 200_000}
	q := Get()
	for range 3000 {
		switch b := bytesOf(rng.IntN(sizes[rng.IntN(len(sizes))] + 1)); rng.IntN(5) {
		case 0, 1:
			q.Append(b)
			want = append(want, b...)
		case 2:
			other := Get()
			for range rng.IntN(3) + 1 {
				other.Append(b)
				want = append(want, b...)
			}
			q.Own(0)
			q.Join(other)
		case 3:
			n := rng.IntN(len(want) + 1)
			q.Own(n)
			want = want[n:]
		case 4:
			if rng.IntN(20) == 0 {
				if taken := bytes.Join(q.Take(nil), nil); !bytes.Equal(taken, want) && len(want) > 0 {
					t.Fatalf("took %d bytes, want %d", len(taken), len(want))
				}
				want = nil
				q.Release()
				q = Get()
			}
		}
		if q.Len() != len(want) || !bytes.Equal(bytes.Join(q.Pieces(), nil), want) {
			t.Fatalf("%d bytes wait, want %d, or others", q.Len(), len(want))
		}
	}
}

// TestOwnMemory: what a client does not read costs its length in memory, and
// nothing is copied while it becomes more.
func TestOwnMemory(t *testing.T) {
	message := make([]byte, 1000)
	const waits = 1_024_000
	q := new(Queue)
	taken := testing.AllocsPerRun(1, func() {
		q = new(Queue)
		for q.Len() < waits {
			q.Append(message)
		}
	})
	memory := 0
	for _, p := range q.Pieces() {
		memory += cap(p)
	}
	if memory > waits+2*maxChunk || int(taken) > len(q.Pieces())+10 {
		t.Errorf("%d bytes take %d, in %v allocations for %d chunks", waits, memory, taken, len(q.Pieces()))
	}
	before := Freed()
	q.Release()
	if n := Freed() - before; n < waits*9/10 {
		t.Errorf("%d bytes of %d were let go", n, waits)
	}
}

func TestTake(t *testing.T) {
	q := Get()
	defer q.Release()
	q.Append([]byte("one"))
	first := q.Take(nil)
	if got := string(bytes.Join(first, nil)); got != "one" || !q.Empty() {
		t.Errorf("took %q", got)
	}
	q.Append([]byte("two"))
	if second := q.Take(first); string(bytes.Join(second, nil)) != "two" || !q.Empty() {
		t.Errorf("second %q, empty %v", second, q.Empty())
	}
	q.Refer([]byte("not its own"))
	if got := q.Take(nil); got != nil {
		t.Errorf("took %q", got)
	}
}

func TestReleasedQueueIsEmpty(t *testing.T) {
	q := Get()
	q.Refer([]byte("one"))
	q.Release()
	if q = Get(); !q.Empty() || q.Len() != 0 {
		t.Errorf("a queue from the pool holds %q", text(q))
	}
	q.Release()
}
