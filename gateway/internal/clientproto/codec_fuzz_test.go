package clientproto

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
	"github.com/go-gatewayworker/gatewayworker/internal/fuzzvolume"
)

// fuzzMax bounds fuzzed inputs: what is cut everywhere costs its square.
const fuzzMax = 2048

// addSeeds adds the inputs of the case table for a protocol, without what
// comes before in each.
func addSeeds(f *fuzzvolume.F, protocol, prefix string) {
	for _, c := range append(codecCases(), autobahnCases()...) {
		if c.protocol == protocol && len(c.input) <= fuzzMax && strings.HasPrefix(c.input, prefix) {
			input := c.input[len(prefix):]
			f.Add([]byte(input), uint16(len(input)/2))
		}
	}
}

// sameHoweverCut checks that input gives the same events whole, in two pieces
// and byte by byte.
func sameHoweverCut(t *testing.T, protocol string, input []byte, at int) *recorder {
	t.Helper()
	codec := testCodec(t, protocol)
	want := run(t, codec, whole(input))
	for name, chunks := range map[string][][]byte{"halves": halves(input, at), "passed-on halves": halves(input, at), "singles": singles(input)} {
		got := &recorder{t: t, codec: codec, passOn: strings.HasPrefix(name, "passed-on")}
		got.feedAll(chunks)
		if !slices.Equal(want.result(), got.result()) {
			diff := cmp.Diff(want.result(), got.result(), cmp.AllowUnexported(codecEvent{}))
			t.Fatalf("events whole and in %s differ (-whole +%s):\n%s", name, name, diff)
		}
		if (want.err == nil) != (got.err == nil) || want.err != nil && want.err.Error() != got.err.Error() {
			t.Fatalf("error whole: %v, in %s: %v", want.err, name, got.err)
		}
	}
	return want
}

func FuzzWebsocketDecode(tf *testing.F) {
	f := fuzzvolume.For(tf)
	addSeeds(f, "websocket", wsTestRequest)
	f.Fuzz(func(t *testing.T, input []byte, cut uint16) {
		if len(input) > fuzzMax {
			return
		}
		input = append([]byte(wsTestRequest), input...)
		r := sameHoweverCut(t, "websocket", input, len(wsTestRequest)+int(cut)%(len(input)-len(wsTestRequest)+1))
		for _, e := range r.events {
			if e.kind == eventMessage && len(e.data) > DefaultMaxPackageSize {
				t.Fatalf("message of %d bytes", len(e.data))
			}
		}
	})
}

func FuzzHandshake(tf *testing.F) {
	f := fuzzvolume.For(tf)
	addSeeds(f, "websocket", "")
	for _, head := range oddHeads {
		if len(head) <= fuzzMax {
			f.Add([]byte(head), uint16(len(head)/2))
		}
	}
	f.Fuzz(func(t *testing.T, input []byte, cut uint16) {
		if len(input) > fuzzMax {
			return
		}
		sameHoweverCut(t, "websocket", input, int(cut)%(len(input)+1))

		// Whatever the head is, the event's body is one well-formed value.
		for _, d := range []*dialect{&workerman5, &workerman4} {
			data := dataOf(t, string(input), d)
			v, err := phpserialize.Unmarshal([]byte(data))
			if err != nil {
				t.Fatalf("body %q: %v", data, err)
			}
			again, err := phpserialize.Marshal(v)
			if err != nil || string(again) != data {
				t.Fatalf("body %q serialized again: %q, %v", data, again, err)
			}
		}
	})
}

func FuzzText(tf *testing.F) {
	f := fuzzvolume.For(tf)
	addSeeds(f, "text", "")
	f.Fuzz(func(t *testing.T, input []byte, cut uint16) {
		if len(input) > fuzzMax {
			return
		}
		r := sameHoweverCut(t, "text", input, int(cut)%(len(input)+1))
		if got, want := len(r.events), strings.Count(string(input), "\n"); got != want {
			t.Fatalf("%d messages of %d lines", got, want)
		}
		// A line that was read and sent again is read as the same line.
		for _, e := range r.events {
			codec := testCodec(t, "text")
			line := codec.AppendMessage(nil, []byte(e.data))
			if again := run(t, codec, whole(line)); len(again.events) != 1 || again.events[0] != e {
				t.Fatalf("message %v read back: %v", e, again.events)
			}
		}
	})
}

func FuzzFrame(tf *testing.F) {
	f := fuzzvolume.For(tf)
	addSeeds(f, "frame", "")
	f.Fuzz(func(t *testing.T, input []byte, cut uint16) {
		if len(input) > fuzzMax {
			return
		}
		sameHoweverCut(t, "frame", input, int(cut)%(len(input)+1))
		codec := testCodec(t, "frame")
		packet := codec.AppendMessage(nil, input)
		if r := run(t, codec, whole(packet)); len(r.events) != 1 || r.events[0] != messageEvent(string(input)) {
			t.Fatalf("message %q read back: %v", input, r.events)
		}
	})
}
