package compattests

import (
	"bytes"
	"slices"
	"testing"
)

// TestMutations checks the harness itself: a gateway that does what PHP does
// but for a few bytes must fail. The bytes are changed where the
// scripted peers receive them.
func TestMutations(t *testing.T) {
	replace := func(old, new string) func([]byte) []byte {
		return func(data []byte) []byte { return bytes.ReplaceAll(data, []byte(old), []byte(new)) }
	}
	for _, m := range []struct {
		name, scenario string
		tamper         func([]byte) []byte
	}{
		{"nothing is changed", "uid/bind-and-ask", nil},
		{"a connection id in an answer", "uid/bind-and-ask", replace("i:0;i:1;", "i:0;i:2;")},
		{"a list's order", "uid/rebind-goes-to-the-end", replace("i:0;i:2;i:1;i:3;", "i:0;i:3;i:1;i:2;")},
		{"an int key as a string", "uid/key-integer", replace("\x00\x00\x00\x22a:1:{i:123;", "\x00\x00\x00\x26a:1:{s:3:\"123\";")},
		{"an event's flag", "routing/events-in-order", replace("\x00\x00\x00\x01\x01", "\x00\x00\x00\x01\x03")},
		{"a websocket opcode", "send/to-one", replace("\x81\x05hello", "\x82\x05hello")},
		{"a lost message", "group/join-and-ask", replace("\x81\x04to g", "")},
		{"a repeated message", "group/join-and-ask", replace("\x81\x04to g", "\x81\x04to g\x81\x04to g")},
		{"a letter of a message", "close/kick-with-message", replace("bye", "Bye")},
		{"a count", "group/count-all-with-empty-name", replace("i:3;", "i:4;")},
		{"the accept key", "handshake/accepted-browser", replace("s3pPLMBi", "S3pPLMBi")},
		{"a session's byte", "session/set-and-get", replace(`"v"`, `"w"`)},
		{"an answer's type", "inner/is-online", replace("i:1;", "b:1;")},
	} {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			recorded, err := loadTranscript(m.scenario, "")
			if err != nil {
				t.Fatal(err)
			}
			lines, err := scenarios[m.scenario].perform(t, cast{name: m.name, register: ours, gateway: ours, tamper: m.tamper}, recorded)
			same := err == nil && slices.Equal(lines, recorded.lines)
			if same == (m.tamper != nil) {
				t.Errorf("%s: same as PHP's transcript: %v, error: %v", m.scenario, same, err)
			}
		})
	}
}
