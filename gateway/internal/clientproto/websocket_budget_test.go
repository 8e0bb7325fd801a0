package clientproto

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// TestInflateBudget: what a client's messages inflate to is bounded over all of
// them, and its budget comes back.
func TestInflateBudget(t *testing.T) {
	now := time.Unix(1e9, 0)
	codec := testCodec(t, "websocket").(*websocket)
	codec.now = func() time.Time { return now }
	send := func(r *recorder, body string) error {
		r.feed([]byte(wsFrame(0xc1, (&wsDeflater{}).message(body))))
		return r.err
	}
	connect := func() *recorder { return run(t, codec, whole([]byte(wsTestRequest))) }
	half := strings.Repeat("\x00", inflateBurst/2)

	r := connect()
	for i, body := range []string{half, "hello", half} {
		if err := send(r, body); err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
	}
	if err := send(r, half); !errors.Is(err, ErrInflateBudget) {
		t.Errorf("the budget is used up, and the error is %v", err)
	}

	r = connect()
	for i := range 10 {
		if err := send(r, half); err != nil {
			t.Fatalf("message %d, half a second after another: %v", i, err)
		}
		now = now.Add(time.Second / 2)
	}

	// Text as people send it costs nothing.
	r = connect()
	var text strings.Builder
	for i := range 3000 {
		text.WriteString(`{"type":"say","room":"lobby","seq":` + itoa(i*i) + "},")
	}
	for i := range 100 {
		if err := send(r, text.String()); err != nil {
			t.Fatalf("message %d of %d bytes: %v", i, text.Len(), err)
		}
	}
}

// TestRefuseUnnegotiated: with the option, RSV1 ends the connection, on every
// frame.
func TestRefuseUnnegotiated(t *testing.T) {
	codec := New("websocket", Options{RefuseUnnegotiated: true})
	for _, first := range []byte{0xc1, 0xc2, 0x41, 0xc0, 0xc9, 0xca, 0xc8} {
		r := run(t, codec, whole([]byte(wsTestRequest+wsFrame(0x81, "plain")+wsFrame(first, ""))))
		if !errors.Is(r.err, ErrUnnegotiated) || r.messages != 1 {
			t.Errorf("first byte %#x: error %v after %d messages", first, r.err, r.messages)
		}
	}
}
