package clientproto

import (
	"bufio"
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/go-gatewayworker/gatewayworker/internal/fuzzvolume"
)

func bufioOf(s string) *bufio.Reader { return bufio.NewReader(strings.NewReader(s)) }

// alone compresses a message by itself, with the standard library.
func alone(s string) string { return new(wsDeflater).message(s) }

// ended compresses a message as one stream with an end (RFC 7692 section 7.2.3.4).
func ended(s string) string {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	_, _ = io.WriteString(w, s)
	_ = w.Close()
	return b.String()
}

// negotiated runs a client that has negotiated compression.
func negotiated(t testing.TB, codec Codec, chunks ...[]byte) *recorder {
	t.Helper()
	r := &recorder{t: t, codec: codec, st: State{handshaken: true, deflate: true}}
	r.feedAll(chunks)
	return r
}

// deflateCase is what a client that has negotiated compression sends.
type deflateCase struct {
	name, input string
	want        []codecEvent
	err         string
	code        uint16 // of the close frame
}

// deflateCases has the examples of RFC 7692 (section 7.2.3), what its rules forbid,
// and messages of the kinds and sizes that Autobahn's categories 12 and 13 have.
func deflateCases() []deflateCase {
	hello := "\xf2\x48\xcd\xc9\xc9\x07\x00"
	got := messageEvent("Hello")
	bad := func(name, input, err string, code uint16) deflateCase {
		return deflateCase{name: name, input: input, want: events(closedEvent()), err: err, code: code}
	}
	cases := []deflateCase{
		{name: "7.2.3.1 one block", input: wsFrame(0xc1, hello), want: events(got)},
		{name: "7.2.3.1 in fragments", input: wsFrame(0x41, hello[:3]) + wsFrame(0x80, hello[3:]), want: events(got)},
		{name: "7.2.3.2 twice without context", input: wsFrame(0xc1, hello) + wsFrame(0xc1, hello), want: events(got, got)},
		{name: "7.2.3.3 without compression", input: wsFrame(0xc1, "\x00\x05\x00\xfa\xffHello\x00"), want: events(got)},
		{name: "7.2.3.4 an end", input: wsFrame(0xc1, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), want: events(got)},
		{name: "7.2.3.5 two blocks", input: wsFrame(0xc1, "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"), want: events(got)},
		{name: "an end, and no more", input: wsFrame(0xc1, ended("Hello")), want: events(got)},
		{name: "two ends", input: wsFrame(0xc1, ended("Hel")+ended("lo")+"\x00"), want: events(got)},
		{name: "an end, then a block", input: wsFrame(0xc1, ended("Hel")+alone("lo")), want: events(got)},
		{name: "binary", input: wsFrame(0xc2, hello), want: events(got)},
		{name: "empty", input: wsFrame(0xc1, "\x00"), want: events(messageEvent(""))},
		{name: "empty, of no byte", input: wsFrame(0xc1, ""), want: events(messageEvent(""))},
		{name: "not compressed", input: wsFrame(0x81, "Hello") + wsFrame(0x01, "Hel") + wsFrame(0x80, "lo"), want: events(got, got)},
		{
			name:  "control frames between fragments",
			input: wsFrame(0x41, hello[:1]) + wsFrame(0x89, "ping") + wsFrame(0x00, hello[1:5]) + wsFrame(0x8a, "") + wsFrame(0x00, "") + wsFrame(0x80, hello[5:]),
			want:  events(outEvent("\x8a\x04ping"), got),
		},
		{name: "close between fragments", input: wsFrame(0x41, hello[:1]) + wsFrame(0x88, ""), want: events(outEvent(wsClose1000), closedEvent())},
		{name: "nothing of a message before", input: wsFrame(0xc1, hello) + wsFrame(0x81, "plain") + wsFrame(0xc1, hello), want: events(got, messageEvent("plain"), got)},

		bad("RSV1 on a continuation", wsFrame(0x41, hello[:3])+wsFrame(0xc0, hello[3:]), "RSV1", CloseProtocol),
		bad("RSV1 on a continuation alone", wsFrame(0xc0, hello), "RSV1", CloseProtocol),
		bad("RSV1 after a first fragment without", wsFrame(0x01, "")+wsFrame(0xc1, hello), "RSV1", CloseProtocol),
		bad("RSV1 after a first fragment with", wsFrame(0x41, "")+wsFrame(0xc1, hello), "RSV1", CloseProtocol),
		bad("RSV1 on a ping", wsFrame(0xc9, "x"), "RSV1", CloseProtocol),
		bad("RSV1 on a pong", wsFrame(0xca, "x"), "RSV1", CloseProtocol),
		bad("RSV1 on a close", wsFrame(0xc8, ""), "RSV1", CloseProtocol),
		bad("RSV1 on an unknown opcode", wsFrame(0xc3, ""), "RSV1", CloseProtocol),
		bad("no deflate", wsFrame(0xc1, "Hello"), "inflate", CloseBadData),
		bad("cut off", wsFrame(0xc1, hello[:4]), "inflate", CloseBadData),
		bad("with its flush", wsFrame(0xc1, hello+deflateFlush), "inflate", CloseBadData),
		bad("a reference to what is not there", wsFrame(0xc1, (func() string {
			var d wsDeflater
			d.message("Hello Hello")
			return d.message("Hello Hello")
		})()), "inflate", CloseBadData),
		bad("ends without end", wsFrame(0xc1, strings.Repeat(ended(""), maxDeflateEnds)+"\x00"), "ends more than", CloseBadData),
		bad("bomb", wsFrame(0xc1, alone(strings.Repeat("\x00", DefaultMaxPackageSize))), ErrInflateBudget.Error(), ClosePolicy),
		bad("bomb in fragments", wsFrame(0x41, alone(strings.Repeat("\x00", 1<<20))[:20])+wsFrame(0x80, alone(strings.Repeat("\x00", 1<<20))[20:]), ErrInflateBudget.Error(), ClosePolicy),
	}
	for _, size := range deflateSizes {
		for kind, text := range map[string]string{"json": jsonText(size), "random": randomText(size)} {
			z := alone(text)
			cases = append(cases,
				deflateCase{name: "12, 13/" + kind + itoa(size), input: wsFrame(0xc1, z) + wsFrame(0xc1, z), want: events(messageEvent(text), messageEvent(text))},
				deflateCase{name: "12, 13/fragments/" + kind + itoa(size), input: wsFrame(0x42, z[:len(z)/2]) + wsFrame(0x80, z[len(z)/2:]), want: events(messageEvent(text))})
		}
	}
	return cases
}

var deflateSizes = []int{0, 1, 125, 126, 1000, 65535, 65536, 1 << 20}

// jsonText is like what people say in a chat, in so many bytes.
func jsonText(size int) string {
	rng := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("the meeting was moved to noon because Anna is late please read what she wrote and tell me if it works")
	var b strings.Builder
	for b.Len() < size {
		b.WriteString(`{"type":"say","from_client_id":"7f00000109` + itoa(rng.IntN(1e9)) + `","time":"2026-11-21 12:` + itoa(rng.IntN(60)) + `","content":"`)
		for range 8 {
			b.WriteString(words[rng.IntN(len(words))] + " ")
		}
		b.WriteString(`"},`)
	}
	return b.String()[:size]
}

func randomText(size int) string {
	rng := rand.New(rand.NewPCG(3, 4))
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return string(b)
}

func TestNegotiatedDeflate(t *testing.T) {
	codec := testCodec(t, "websocket")
	for _, tt := range deflateCases() {
		t.Run(tt.name, func(t *testing.T) {
			ways := map[string][][]byte{"whole": whole([]byte(tt.input)), "halves": halves([]byte(tt.input), len(tt.input)/2)}
			if len(tt.input) < 1000 {
				ways["singles"] = singles([]byte(tt.input))
			}
			for way, chunks := range ways {
				// The codec unmasks in place.
				for i := range chunks {
					chunks[i] = bytes.Clone(chunks[i])
				}
				r := negotiated(t, codec, chunks...)
				if got := r.result(); !slices.Equal(got, tt.want) {
					t.Errorf("%s: got %v, want %v", way, got, tt.want)
				}
				checkDeflateErr(t, way, r.err, tt)
			}
		})
	}
}

func checkDeflateErr(t *testing.T, way string, err error, tt deflateCase) {
	t.Helper()
	if tt.err == "" {
		if err != nil {
			t.Errorf("%s: %v", way, err)
		}
		return
	}
	if err == nil || !strings.Contains(err.Error(), tt.err) {
		t.Errorf("%s: error %v, want one with %q", way, err, tt.err)
	}
	if got, want := CloseFrame(err), AppendClose(nil, tt.code, ""); !bytes.Equal(got, want) {
		t.Errorf("%s: close frame %x, want %x", way, got, want)
	}
}

// TestUnnegotiatedHasNoCloseFrame: a client that has negotiated nothing sees what it
// saw before.
func TestUnnegotiatedHasNoCloseFrame(t *testing.T) {
	bomb := alone(strings.Repeat("\x00", DefaultMaxPackageSize))
	for _, codec := range []Codec{testCodec(t, "websocket"), New("websocket", Options{RefuseUnnegotiated: true})} {
		for _, input := range []string{wsFrame(0xc1, "Hello"), wsFrame(0xc1, bomb), wsFrame(0xc0, bomb)} {
			r := run(t, codec, whole([]byte(wsTestRequest+input)))
			if frame := CloseFrame(r.err); r.err == nil || frame != nil {
				t.Errorf("error %v, close frame %x", r.err, frame)
			}
		}
	}
}

// TestMaxInflated: the bound of messages is that of what they inflate to.
func TestMaxInflated(t *testing.T) {
	codec := New("websocket", Options{MaxPackageSize: 1000})
	if r := negotiated(t, codec, []byte(wsFrame(0xc1, alone(jsonText(1000))))); r.err != nil || r.messages != 1 {
		t.Errorf("%d messages, error %v", r.messages, r.err)
	}
	r := negotiated(t, codec, []byte(wsFrame(0xc1, alone(jsonText(1001)))))
	if !errors.Is(r.err, ErrTooLong) || !bytes.Equal(CloseFrame(r.err), AppendClose(nil, CloseTooBig, "")) {
		t.Errorf("error %v", r.err)
	}
}

// TestNegotiatedKeepsNothing: a client that has negotiated compression keeps nothing
// from message to message but the budget that it has used.
func TestNegotiatedKeepsNothing(t *testing.T) {
	codec := testCodec(t, "websocket")
	r := negotiated(t, codec, []byte(wsFrame(0xc1, alone(jsonText(5000)))+wsFrame(0x41, alone("a")[:1])+wsFrame(0x80, alone("a")[1:])))
	if r.messages != 2 || r.st.extra != nil {
		t.Errorf("after %d messages the client keeps %+v (%v)", r.messages, r.st.extra, r.err)
	}
	r.feed([]byte(wsFrame(0xc1, alone(strings.Repeat("\x00", 100_000)))))
	if x := r.st.extra; r.messages != 3 || x == nil || x.budget.used == 0 || x.window != nil {
		t.Errorf("after %d messages, one much longer than sent, the client keeps %+v (%v)", r.messages, x, r.err)
	}
}

// TestDeflateAllocations: a compressed message on its way in allocates nothing.
func TestDeflateAllocations(t *testing.T) {
	if raceEnabled {
		t.Log("the race detector makes sync.Pool drop what it is given: not measured")
		return
	}
	codec := testCodec(t, "websocket")
	input := wsFrame(0xc1, alone(jsonText(1000)))
	st := State{handshaken: true, deflate: true}
	h := &countingHandler{}
	buf := make([]byte, len(input))
	if n := testing.AllocsPerRun(200, func() {
		copy(buf, input)
		if n, err := codec.Decode(&st, buf, h); n != len(buf) || err != nil {
			t.Fatal(n, err)
		}
	}); n > 0 {
		t.Errorf("%v allocations for a compressed message", n)
	}
	d := NewDeflater(5)
	body, dst := []byte(jsonText(1000)), make([]byte, 0, 2000)
	if n := testing.AllocsPerRun(200, func() { dst = d.Append(dst[:0], body) }); n > 0 {
		t.Errorf("%v allocations to compress a message", n)
	}
}

// TestDeflater: what it makes is what the standard library inflates, each message by
// itself.
func TestDeflater(t *testing.T) {
	codec := New("websocket", Options{Binary: true}).(Deflating)
	for level := 1; level <= 9; level++ {
		d := NewDeflater(level)
		for _, size := range []int{0, 1, 100, 5000, 100_000} {
			for _, text := range []string{jsonText(size), randomText(size)} {
				deflated := d.Append([]byte("before"), []byte(text))[len("before"):]
				r := flate.NewReader(io.MultiReader(bytes.NewReader(deflated), strings.NewReader(deflateFlush+deflateEnd)))
				if got, err := io.ReadAll(r); err != nil || string(got) != text {
					t.Fatalf("level %d, %d bytes: inflated to %d bytes, %v", level, size, len(got), err)
				}
				frame := codec.AppendDeflated(nil, deflated)
				if frame[0] != 0xc2 || !bytes.HasSuffix(frame, deflated) {
					t.Fatalf("level %d, %d bytes: frame % x", level, size, frame[:min(len(frame), 12)])
				}
			}
		}
	}
}

// FuzzNegotiatedDecode: a client that has negotiated compression is understood the
// same however its bytes are cut, and what it sends whole inflates to what the
// standard library makes of it.
func FuzzNegotiatedDecode(tf *testing.F) {
	f := fuzzvolume.For(tf)
	for _, c := range deflateCases() {
		if len(c.input) <= fuzzMax {
			f.Add([]byte(c.input), uint16(len(c.input)/2))
		}
	}
	f.Fuzz(func(t *testing.T, input []byte, cut uint16) {
		if len(input) > fuzzMax {
			return
		}
		codec := testCodec(t, "websocket")
		want := negotiated(t, codec, bytes.Clone(input))
		for name, chunks := range map[string][][]byte{"halves": halves(input, int(cut)%(len(input)+1)), "singles": singles(input)} {
			got := &recorder{t: t, codec: codec, st: State{handshaken: true, deflate: true}, passOn: name == "halves"}
			for _, chunk := range chunks {
				got.feed(bytes.Clone(chunk))
			}
			if !slices.Equal(want.result(), got.result()) || (want.err == nil) != (got.err == nil) {
				t.Fatalf("whole: %v, %v\n%s: %v, %v", want.result(), want.err, name, got.result(), got.err)
			}
		}
	})
}

// FuzzInflate: what a deflated message is, the standard library says; and what was
// deflated here is inflated to what it was.
func FuzzInflate(tf *testing.F) {
	f := fuzzvolume.For(tf)
	for _, size := range []int{0, 1, 100, 2000} {
		f.Add([]byte(alone(jsonText(size))))
		f.Add([]byte(jsonText(size)))
		f.Add([]byte(ended(jsonText(size))))
	}
	deflater := NewDeflater(1)
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > fuzzMax || len(data) == 0 {
			return
		}
		codec := testCodec(t, "websocket")
		r := negotiated(t, codec, []byte(wsFrame(0xc1, string(data))))
		oracle := flate.NewReader(io.MultiReader(bytes.NewReader(data), strings.NewReader(deflateFlush+deflateEnd)))
		want, err := io.ReadAll(io.LimitReader(oracle, inflateBurst))
		// Behind an end of the stream we go on, which the oracle does not.
		if err == nil && len(want) < inflateBurst && r.err == nil && !strings.HasPrefix(r.events[0].data, string(want)) {
			t.Fatalf("%x inflates to %q, want %q", data, r.events[0].data, want)
		}
		if r.err == nil && err != nil {
			t.Fatalf("%x inflates to %q, and the oracle says %v", data, r.events[0].data, err)
		}
		deflated := deflater.Append(nil, data)
		if again := negotiated(t, codec, []byte(wsFrame(0xc1, string(deflated)))); again.err != nil || again.events[0].data != string(data) {
			t.Fatalf("%x deflated and inflated: %v, %v", data, again.events, again.err)
		}
	})
}
