package clientproto

import (
	"bytes"
	"strings"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
)

func testCodec(t testing.TB, protocol string) Codec {
	t.Helper()
	return New(protocol, Options{})
}

// check compares a client with what the case wants of it.
func (c codecCase) check(t *testing.T, r *recorder) {
	t.Helper()
	if diff := cmp.Diff(c.want, r.result(), cmp.AllowUnexported(codecEvent{})); diff != "" {
		if len(diff) > 2000 {
			diff = diff[:2000] + "..."
		}
		t.Errorf("events (-want +got):\n%s", diff)
	}
	switch {
	case c.err == "" && r.err != nil:
		t.Errorf("error %q, want none", r.err)
	case c.err != "" && (r.err == nil || !strings.Contains(r.err.Error(), c.err)):
		t.Errorf("error %v, want %q", r.err, c.err)
	case r.err != nil && !strings.HasPrefix(r.err.Error(), c.protocol+": "):
		t.Errorf("error %q does not name the protocol %s", r.err, c.protocol)
	}
}

// TestCodecCases runs every case whole, byte by byte and cut in two at every
// place, with the same result. Long inputs are cut at few places.
func TestCodecCases(t *testing.T) {
	for _, c := range append(codecCases(), autobahnCases()...) {
		t.Run(c.name, func(t *testing.T) {
			if c.rfc != "" && c.err != "" {
				t.Error("the case says both that the input is tolerated and that it ends the connection")
			}
			codec := testCodec(t, c.protocol)
			input := []byte(c.input)
			t.Run("whole", func(t *testing.T) { c.check(t, run(t, codec, whole(input))) })
			if len(input) <= 4096 {
				t.Run("singles", func(t *testing.T) { c.check(t, run(t, codec, singles(input))) })
			}
			cuts := len(input)
			if cuts > 4096 {
				cuts = 3
			}
			for i := range cuts {
				at := i * len(input) / cuts
				r := run(t, codec, halves(input, at))
				c.check(t, r)
				if t.Failed() {
					t.Fatalf("cut at %d", at)
				}
			}
		})
	}
}

// TestCodecCasesPHP feeds the cases to the original, whole and in singles.
func TestCodecCasesPHP(t *testing.T) {
	cases := append(codecCases(), autobahnCases()...)
	php := newPHPOracle(t, "testdata/oracle_stream.php", len(cases))
	differ := 0
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			inputs := map[string][][]byte{"whole": whole([]byte(c.input))}
			if len(c.input) < 1000 {
				inputs["singles"] = singles([]byte(c.input))
			}
			for name, chunks := range inputs {
				got, died := php.stream(c.protocol, chunks)
				equal := cmp.Equal(merged(c.want), merged(got), cmp.AllowUnexported(codecEvent{}))
				switch {
				case c.phpDiffers != "":
					if name == "whole" && equal && !died {
						t.Errorf("PHP does the same, but the case says that it %s", c.phpDiffers)
					}
					differ++
				case died:
					t.Errorf("%s: the PHP process died: %s", name, php.stderr.String())
				case !equal:
					t.Errorf("%s: PHP %v, want %v", name, got, c.want)
				}
			}
		})
	}
	t.Logf("%d cases compared with PHP, %d runs known to differ", len(cases), differ)
}

// merged joins outputs that follow each other: PHP's harness sees them at
// other moments.
func merged(list []codecEvent) []codecEvent {
	var r recorder
	for _, e := range list {
		r.add(e)
	}
	return r.events
}

func TestCodecStateIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(State{}); size > 24 {
		t.Errorf("State has %d bytes, every client pays for them", size)
	}
}

// TestNothingKept checks that a client that has nothing half done costs
// nothing beyond its State.
func TestNothingKept(t *testing.T) {
	input := wsTestRequest + wsFrame(0x01, "a") + wsFrame(0x89, "b") + wsFrame(0x80, "c") + wsFrame(0x81, "d")
	r := run(t, testCodec(t, "websocket"), singles([]byte(input)))
	if want := (State{handshaken: true}); r.st != want {
		t.Errorf("state %+v, want %+v", r.st, want)
	}
}

// TestClosingStopsDecode checks that nothing is reported of a client after it
// was closed by what it said before, in the same read.
func TestClosingStopsDecode(t *testing.T) {
	frames := map[string]string{
		"websocket": wsTestRequest + wsFrame(0x81, "a") + wsFrame(0x81, "b") + wsFrame(0x81, "c") + wsFrame(0x89, ""),
		"text":      "a\nb\nc\nd",
		"frame":     "\x00\x00\x00\x05a\x00\x00\x00\x05b\x00\x00\x00\x05c",
		"tcp":       strings.Repeat("x", 3*tcpMaxMessage),
	}
	for protocol, input := range frames {
		r := &recorder{t: t, codec: testCodec(t, protocol), closeAfter: 2}
		r.feed([]byte(input))
		if last := r.events[len(r.events)-1]; r.messages != 2 || last.kind != eventMessage {
			t.Errorf("%s: %d messages before the end, last event %v", protocol, r.messages, last)
		}
	}
}

// TestHandshakeClosed: a client that is closed by its own connect event (no
// worker is there) gets no 101.
func TestHandshakeClosed(t *testing.T) {
	r := &recorder{t: t, codec: testCodec(t, "websocket")}
	n, err := r.codec.Decode(&r.st, []byte(wsTestRequest+wsFrame(0x81, "a")), closedByHandshake{r})
	if want := len(wsTestRequest + wsFrame(0x81, "a")); n != want || err != nil {
		t.Errorf("decode = %d, %v, want %d", n, err, want)
	}
	if diff := cmp.Diff(events(handshakeEvent()), r.events, cmp.AllowUnexported(codecEvent{})); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

type closedByHandshake struct{ *recorder }

func (c closedByHandshake) Request(req *Request) {
	c.closed = true
	c.recorder.Request(req)
}

func TestTCPMessages(t *testing.T) {
	input := bytes.Repeat([]byte("x"), 2*tcpMaxMessage+1)
	r := run(t, testCodec(t, "tcp"), [][]byte{[]byte("hello"), input})
	var sizes []int
	for _, e := range r.events {
		sizes = append(sizes, len(e.data))
	}
	if diff := cmp.Diff([]int{5, tcpMaxMessage, tcpMaxMessage, 1}, sizes); diff != "" {
		t.Errorf("message sizes (-want +got):\n%s", diff)
	}
}

func TestAppendMessage(t *testing.T) {
	x := func(n int) string { return strings.Repeat("x", n) }
	for _, c := range []struct {
		protocol   string
		binary     bool
		body, want string
	}{
		{"websocket", false, "", "\x81\x00"},
		{"websocket", false, "hello", "\x81\x05hello"},
		{"websocket", true, "hello", "\x82\x05hello"},
		{"websocket", false, x(125), "\x81\x7d" + x(125)},
		{"websocket", false, x(126), "\x81\x7e\x00\x7e" + x(126)},
		{"websocket", false, x(65535), "\x81\x7e\xff\xff" + x(65535)},
		{"websocket", false, x(65536), "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00" + x(65536)},
		{"text", false, "hello", "hello\n"},
		{"text", false, "", "\n"},
		{"text", false, "a\n", "a\n\n"},
		{"frame", false, "", "\x00\x00\x00\x04"},
		{"frame", false, x(300), "\x00\x00\x01\x30" + x(300)},
		{"tcp", false, "hello", "hello"},
		{"tcp", false, "", ""},
	} {
		codec := New(c.protocol, Options{Binary: c.binary})
		if got := string(codec.AppendMessage([]byte("before"), []byte(c.body))); got != "before"+c.want {
			t.Errorf("%s: message of %d bytes goes out as %.40q, want %.40q", c.protocol, len(c.body), got, "before"+c.want)
		}
	}
}

func TestUnmask(t *testing.T) {
	mask := [4]byte{1, 2, 3, 4}
	for size := range 100 {
		for offset := range 9 {
			b := make([]byte, offset+size+8)
			unmask(mask, b[offset:offset+size])
			for i, c := range b {
				want := byte(0)
				if i >= offset && i < offset+size {
					want = mask[(i-offset)%4]
				}
				if c != want {
					t.Fatalf("size %d, offset %d: byte %d = %d, want %d", size, offset, i, c, want)
				}
			}
		}
	}
}

// TestMaxPackageSize: each protocol ends the connection at the bound that it was
// given, not at the default.
func TestMaxPackageSize(t *testing.T) {
	const limit = 100
	x := func(n int) string { return strings.Repeat("x", n) }
	message := func(n int) []codecEvent { return events(messageEvent(x(n))) }
	ws := func(c codecCase) codecCase { return afterHandshake(c) }
	for _, c := range []codecCase{
		ws(codecCase{name: "frame", input: wsFrame(0x81, x(94)), want: message(94)}),
		ws(codecCase{name: "longer frame", input: wsFrame(0x81, x(95)), want: events(closedEvent()), err: "exceeds 100 bytes"}),
		ws(codecCase{name: "fragments", input: wsFrame(0x01, x(47)) + wsFrame(0x80, x(47)), want: message(94)}),
		ws(codecCase{name: "longer fragments", input: wsFrame(0x01, x(48)) + wsFrame(0x80, x(47)), want: events(closedEvent()), err: "exceeds 100 bytes"}),
		ws(codecCase{name: "inflated", input: wsFrame(0xc1, (&wsDeflater{}).message(x(100))), want: message(100)}),
		ws(codecCase{name: "inflated too long", input: wsFrame(0xc1, (&wsDeflater{}).message(x(101))), want: events(closedEvent()), err: "more than 100 bytes"}),
		{protocol: "text", name: "line", input: x(98) + "\n", want: message(98)},
		{protocol: "text", name: "longer line", input: x(99) + "\n", want: events(closedEvent()), err: "line of 100 bytes"},
		{protocol: "frame", name: "frame", input: "\x00\x00\x00\x64" + x(96), want: message(96)},
		{protocol: "frame", name: "longer frame", input: "\x00\x00\x00\x65", want: events(closedEvent()), err: "exceeds 100 bytes"},
		{protocol: "custom protocol", name: "packet", input: "2ab", want: events(messageEvent("0 ab"))},
		{protocol: "custom protocol", name: "longer packet", input: "L", want: events(closedEvent()), err: "not between 0 and 100"},
		{protocol: "custom protocol", name: "no length", input: "w" + x(99), want: events(closedEvent()), err: "no packet in 100 bytes"},
	} {
		t.Run(c.protocol+"/"+c.name, func(t *testing.T) {
			codec := NewCustom(numbered{}, limit, nil)
			if c.protocol != "custom protocol" {
				codec = New(c.protocol, Options{MaxPackageSize: limit})
			}
			c.check(t, run(t, codec, whole([]byte(c.input))))
			c.check(t, run(t, codec, singles([]byte(c.input))))
		})
	}
}
