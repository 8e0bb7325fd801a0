package clientproto

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// TestPrepare: a long frame in pieces of any length is the same message, whether it
// is prepared between them or not, here or in another process.
func TestPrepare(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		message := make([]byte, longFrame+random.IntN(longFrame))
		for i := range message {
			message[i] = byte(random.Uint32())
		}
		mask := [4]byte{1, 2, 3, byte(random.Uint32())}
		kind := []byte{0x81, 0x82, 0x89}[random.IntN(3)]
		input := append(appendFrameHead([]byte(wsTestRequest), kind, len(message)), mask[:]...)
		input[len(wsTestRequest)+1] |= maskBit
		start := len(input)
		input = append(input, message...)
		unmask(mask, input[start:])
		input = append(input, wsFrame(0x81, "next")...)
		r := &recorder{t: t, codec: testCodec(t, "websocket"), passOn: random.IntN(2) == 0}
		for rest := input; len(rest) > 0; {
			n := min(len(rest), 1+random.IntN(20000))
			known := int(r.st.need) > longFrame
			r.feed(bytes.Clone(rest[:n]))
			rest = rest[n:]
			if have := len(r.rest) - (start - len(wsTestRequest)); known && int(r.st.need) > longFrame && random.IntN(3) == 0 &&
				!bytes.Equal(r.rest[len(r.rest)-have:][:have&^3], message[:have&^3]) {
				t.Fatalf("of %d bytes that have come not all are unmasked", have)
			}
		}
		want := messageEvent(string(message))
		if kind == 0x89 {
			want = outEvent(string(append(appendFrameHead(nil, fin|opPong, len(message)), message...)))
		}
		n := len(r.events)
		if r.err != nil || n < 2 || r.events[n-1] != messageEvent("next") {
			t.Fatalf("a frame of kind %#x: %d events, error %v", kind, n, r.err)
		}
		got := r.events[n-2]
		if kind == 0x89 { // it is behind the answer to the request
			got.data = got.data[max(0, len(got.data)-len(want.data)):]
		}
		if got != want {
			t.Fatalf("a frame of kind %#x: event %v, want %v", kind, got, want)
		}
	}
}
