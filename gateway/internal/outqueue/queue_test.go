package outqueue

import (
	"bytes"
	"strings"
	"testing"
)

// text returns what waits in q, pieces first.
func text(q *Queue) string {
	return string(bytes.Join(q.Pieces(), nil)) + string(q.Rest())
}

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

func TestCopyTail(t *testing.T) {
	for written, want := range map[int]string{0: "onetwothree", 2: "etwothree", 3: "twothree", 7: "hree", 11: ""} {
		q := Get()
		for _, p := range []string{"one", "two", "three"} {
			q.Refer([]byte(p))
		}
		q.CopyTail(written)
		if q.Pieces() != nil && len(q.Pieces()) != 0 || string(q.Rest()) != want || q.Len() != len(want) {
			t.Errorf("after %d bytes: %d pieces, rest %q (%d), want rest %q", written, len(q.Pieces()), q.Rest(), q.Len(), want)
		}
		if q.Empty() != (want == "") {
			t.Errorf("after %d bytes: Empty is %v", written, q.Empty())
		}
		if want != "" { // a second time, from the rest
			q.Append([]byte("!"))
			q.CopyTail(1)
			if string(q.Rest()) != want[1:]+"!" {
				t.Errorf("rest %q after one byte more, want %q", q.Rest(), want[1:]+"!")
			}
		}
		q.Release()
	}
}

func TestTakeRest(t *testing.T) {
	q := Get()
	defer q.Release()
	q.Append([]byte("one"))
	first := q.TakeRest(nil)
	q.Append([]byte("two"))
	if second := q.TakeRest(first); string(second) != "two" || !q.Empty() {
		t.Errorf("second rest %q, empty %v", second, q.Empty())
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
