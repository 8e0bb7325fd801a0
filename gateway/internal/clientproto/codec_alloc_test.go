package clientproto

import (
	"strings"
	"testing"
)

// TestDecodeAllocations: whole messages and pings cost no allocation, nor does
// encoding into a buffer that is large enough.
func TestDecodeAllocations(t *testing.T) {
	for protocol, input := range map[string]string{
		"websocket": wsFrame(0x81, "hello") + wsFrame(0x82, strings.Repeat("x", 300)) + wsFrame(0x8a, ""),
		"text":      "hello\r\nworld\n",
		"frame":     "\x00\x00\x00\x09hello\x00\x00\x00\x04",
		"tcp":       "hello",
	} {
		codec := testCodec(t, protocol)
		st := State{handshaken: true}
		h := &countingHandler{}
		buf := make([]byte, len(input))
		dst := make([]byte, 0, 100)
		allocs := testing.AllocsPerRun(100, func() {
			copy(buf, input)
			if n, err := codec.Decode(&st, buf, h); n != len(buf) || err != nil {
				t.Fatal(n, err)
			}
			dst = codec.AppendMessage(dst[:0], buf[:5])
		})
		if allocs > 0 || h.messages == 0 {
			t.Errorf("%s: %v allocations, %d messages, want no allocation", protocol, allocs, h.messages)
		}
	}
	codec := testCodec(t, "websocket")
	st := State{handshaken: true}
	h := &countingHandler{}
	buf := make([]byte, 16)
	ping := wsFrame(0x89, "ping")
	if n := testing.AllocsPerRun(100, func() {
		copy(buf, ping)
		_, _ = codec.Decode(&st, buf[:len(ping)], h)
	}); n > 0 || h.replies == 0 {
		t.Errorf("%v allocations for a ping, want 0", n)
	}
}

// TestRareAllocations bounds what costs something: a handshake, and a message in
// fragments.
func TestRareAllocations(t *testing.T) {
	codec := testCodec(t, "websocket")
	h := &countingHandler{}
	request, fragments := []byte(browserRequest), wsFrame(0x01, "hello ")+wsFrame(0x80, "world")
	if n := testing.AllocsPerRun(100, func() {
		var st State
		_, _ = codec.Decode(&st, request, h)
	}); n > 4 {
		t.Errorf("%v allocations for a handshake, want at most 4", n)
	}
	st := State{handshaken: true}
	buf := make([]byte, len(fragments))
	if n := testing.AllocsPerRun(100, func() {
		copy(buf, fragments)
		_, _ = codec.Decode(&st, buf, h)
	}); n > 3 || h.messages == 0 {
		t.Errorf("%v allocations for a message in two fragments, want at most 3", n)
	}
}
