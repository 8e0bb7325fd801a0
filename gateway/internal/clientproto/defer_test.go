package clientproto

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// deferring defers the answers to requests.
type deferring struct{ *recorder }

func (d deferring) Request(r *Request) {
	d.recorder.Request(r)
	r.Defer()
}

// TestDefer: a request whose answer is deferred stays where it is, and is reported
// once more after Resume, here or in another process.
func TestDefer(t *testing.T) {
	codec := testCodec(t, "websocket")
	input := []byte(wsTestRequest + wsFrame(0x81, "hello"))
	for _, passedOn := range []bool{false, true} {
		r := &recorder{t: t, codec: codec}
		var st State
		for _, n := range []int{10, len(wsTestRequest), len(input)} {
			if st.Need() > n {
				continue
			}
			if used, err := codec.Decode(&st, input[:n], deferring{r}); used != 0 || err != nil {
				t.Fatalf("%d bytes used, error %v", used, err)
			}
		}
		if want := events(handshakeEvent()); !slices.Equal(r.events, want) {
			t.Errorf("events %v, want %v", r.events, want)
		}
		if passedOn {
			var other State
			if err := other.Restore(st.AppendState(nil)); err != nil {
				t.Fatal(err)
			}
			st = other
		}
		st.Resume()
		if used, err := codec.Decode(&st, slices.Clone(input), r); used != len(input) || err != nil || st.Need() != 0 {
			t.Errorf("%d bytes used, error %v, need %d", used, err, st.Need())
		}
		if n := len(r.events); n != 4 || r.events[3] != messageEvent("hello") {
			t.Errorf("events %v", r.events)
		}
	}
}

// TestDeferBound: who sends very much behind a request that is not answered is not
// kept.
func TestDeferBound(t *testing.T) {
	codec := testCodec(t, "websocket")
	most := []byte(wsTestRequest + strings.Repeat("x", maxUnanswered))
	r := deferring{&recorder{t: t, codec: codec}}
	var st State
	if _, err := codec.Decode(&st, append(most, 'x'), r); !errors.Is(err, errUnanswered) {
		t.Errorf("at once: error %v", err)
	}
	st = State{}
	if _, err := codec.Decode(&st, most, r); err != nil || st.Need() != len(most)+1 {
		t.Fatalf("error %v, need %d", err, st.Need())
	}
	if _, err := codec.Decode(&st, append(most, 'x'), r); !errors.Is(err, errUnanswered) {
		t.Errorf("then one more: error %v", err)
	}
}
