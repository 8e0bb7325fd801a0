package clientproto

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// aside is a client whose messages are inflated beside.
type aside struct {
	*recorder
	keep   bool // the buffer given to Decode is used for something else meanwhile
	passOn bool // another process takes the client over meanwhile
	refuse bool

	under *Inflation
	times int
}

func (a *aside) Aside(i *Inflation) bool {
	if a.refuse {
		return false
	}
	a.times++
	a.under = i
	return true
}

// feed presents one more chunk as the gateway does.
func (a *aside) feed(chunk []byte) {
	if a.closed || a.err != nil {
		return
	}
	buf := append(bytes.Clone(a.rest), chunk...)
	if len(buf) < a.st.Need() {
		a.rest = buf
		return
	}
	for {
		n, err := a.codec.Decode(&a.st, buf, a)
		a.err = err
		if a.under == nil || err != nil {
			a.rest = bytes.Clone(buf[n:])
			return
		}
		buf = bytes.Clone(buf[n:])
		if again, err := a.codec.Decode(&a.st, buf, a); again != 0 || err != nil {
			a.t.Fatalf("while a message is inflated %d bytes were taken, error %v", again, err)
		}
		if a.passOn && a.times%2 == 1 {
			state := a.st.AppendState(nil)
			a.under = nil
			if err := a.st.Restore(state); err != nil {
				a.t.Fatal(err)
			}
			continue
		}
		if a.keep {
			a.under.Keep()
		}
		a.under.Run()
		a.under = nil
		a.st.Resume()
	}
}

// TestAside: messages that are inflated beside are the same ones, in the same
// place among the others, and so are the errors.
func TestAside(t *testing.T) {
	type input struct {
		name, sent string
		deflate    bool
	}
	var inputs []input
	for _, tt := range deflateCases() {
		inputs = append(inputs, input{tt.name, tt.input, true}, input{"unnegotiated " + tt.name, tt.input, false})
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range 200 {
		var sent strings.Builder
		var d wsDeflater // the context goes on from message to message
		for range 1 + rng.IntN(6) {
			text := jsonText(rng.IntN(3000))
			switch z := d.message(text); rng.IntN(5) {
			case 0:
				sent.WriteString(wsFrame(0x81, text))
			case 1:
				sent.WriteString(wsFrame(0x89, "ping") + wsFrame(0xc1, z))
			case 2:
				cut := rng.IntN(len(z) + 1)
				sent.WriteString(wsFrame(0x41, z[:cut]) + wsFrame(0x89, "?") + wsFrame(0x80, z[cut:]))
			case 3:
				sent.WriteString(wsFrame(0xc2, z[:rng.IntN(len(z)+1)])) // torn, most often
			default:
				sent.WriteString(wsFrame(0xc1, z))
			}
		}
		inputs = append(inputs, input{"random " + itoa(i), sent.String(), false})
	}
	times := 0
	for _, tt := range inputs {
		codec := testCodec(t, "websocket").(*websocket)
		want := &recorder{t: t, codec: codec, st: State{handshaken: true, deflate: tt.deflate}}
		want.feed([]byte(tt.sent))
		for way := range 16 {
			other := *codec
			other.asideFrom = 0
			a := &aside{recorder: &recorder{t: t, codec: &other, st: State{handshaken: true, deflate: tt.deflate}}}
			a.keep, a.passOn, a.refuse = way&1 > 0, way&2 > 0, way&4 > 0
			for _, chunk := range halves([]byte(tt.sent), rng.IntN(len(tt.sent)+1)*(way>>3)) {
				a.feed(bytes.Clone(chunk))
			}
			if !slices.Equal(a.result(), want.result()) || errorText(a.err) != errorText(want.err) {
				t.Errorf("%s, way %d: got %v (%v), want %v (%v)", tt.name, way, a.result(), a.err, want.result(), want.err)
			}
			if a.st.deferred || a.st.extra != nil && a.st.extra.inflation != nil {
				t.Errorf("%s, way %d: it waits for ever", tt.name, way)
			}
			times += a.times
		}
	}
	if times < 1000 {
		t.Errorf("only %d messages were inflated beside", times)
	}
}

// TestAsideLength: short messages are not worth it.
func TestAsideLength(t *testing.T) {
	for _, size := range []int{asideFrom - 1, asideFrom} {
		a := &aside{recorder: &recorder{t: t, codec: testCodec(t, "websocket"), st: State{handshaken: true, deflate: true}}}
		a.feed([]byte(wsFrame(0xc1, strings.Repeat("x", size))))
		if want := size / asideFrom; a.times != want {
			t.Errorf("%d bytes were inflated beside %d times, want %d", size, a.times, want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
