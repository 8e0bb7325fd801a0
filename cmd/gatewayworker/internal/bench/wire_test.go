package bench

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/go-gatewayworker/gatewayworker/internal/fuzzvolume"
)

func TestWireNext(t *testing.T) {
	long := strings.Repeat("x", 300)
	for _, c := range []struct {
		name, protocol, in string
		payload            string
		op                 byte
		n                  int
		bad                bool
	}{
		{"text message", "websocket", "\x81\x05hello rest", "hello", opText, 7, false},
		{"binary message", "websocket", "\x82\x02hi", "hi", opText, 4, false},
		{"empty message", "websocket", "\x81\x00", "", opText, 2, false},
		{"16-bit length", "websocket", "\x81\x7e\x01\x2c" + long, long, opText, 304, false},
		{"64-bit length", "websocket", "\x81\x7f\x00\x00\x00\x00\x00\x00\x01\x2c" + long, long, opText, 310, false},
		{"ping", "websocket", "\x89\x01p", "p", opPing, 3, false},
		{"close", "websocket", "\x88\x02\x03\xe8", "\x03\xe8", opClose, 4, false},
		{"nothing", "websocket", "", "", 0, 0, false},
		{"half a head", "websocket", "\x81\x7e\x01", "", 0, 0, false},
		{"half a payload", "websocket", "\x81\x05hell", "", 0, 0, false},
		{"a fragment", "websocket", "\x01\x02hi", "", 0, 0, true},
		{"masked", "websocket", "\x81\x82abcdhi", "", 0, 0, true},
		{"a reserved opcode", "websocket", "\x83\x00", "", 0, 0, true},
		{"a reserved bit", "websocket", "\xc1\x00", "", 0, 0, true},
		{"too long", "websocket", "\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff", "", 0, 0, true},
		{"line", "text", "hello\nrest", "hello", opText, 6, false},
		{"line with CR", "text", "hello\r\n", "hello", opText, 7, false},
		{"half a line", "text", "hello", "", 0, 0, false},
		{"frame", "frame", "\x00\x00\x00\x06hi..", "hi", opText, 6, false},
		{"half a frame", "frame", "\x00\x00\x00\x06h", "", 0, 0, false},
		{"frame shorter than its head", "frame", "\x00\x00\x00\x03", "", 0, 0, true},
		{"frame too long", "frame", "\xff\x00\x00\x00", "", 0, 0, true},
		{"tcp", "tcp", "helloworld", "hello", opText, 5, false},
		{"less than a tcp message", "tcp", "hell", "", 0, 0, false},
	} {
		t.Run(c.protocol+"/"+c.name, func(t *testing.T) {
			u, n, err := wireFor(c.protocol, 5, nil).next([]byte(c.in))
			if errors.Is(err, errFrame) != c.bad {
				t.Fatalf("error %v", err)
			}
			if n != c.n || string(u.payload) != c.payload || u.op != c.op {
				t.Errorf("got op %d, %q, %d bytes; want op %d, %q, %d", u.op, u.payload, n, c.op, c.payload, c.n)
			}
		})
	}
}

// The frames are those of RFC 6455 5.7, but for the mask.
func TestWebsocketClientFrame(t *testing.T) {
	for _, size := range []int{0, 5, 8, 13, 125, 126, 65535, 65536} {
		payload := bytes.Repeat([]byte("abc"), size/3+1)[:size]
		f := wsWire{}.appendMessage([]byte("before"), payload)
		f = f[len("before"):]
		if f[0] != 0x81 || f[1]&0x80 == 0 {
			t.Fatalf("size %d: head % x", size, f[:2])
		}
		head := len(f) - size
		if want := map[bool]int{true: 6, false: 8}[size < 126]; size <= 65535 && head != want {
			t.Errorf("size %d: a head of %d bytes, want %d", size, head, want)
		}
		got := append([]byte(nil), f[head:]...)
		for i := range got {
			got[i] ^= f[head-4+i&3]
		}
		if !bytes.Equal(got, payload) {
			t.Errorf("size %d: unmasked it is %.20q", size, got)
		}
	}
}

func TestParseUpgrade(t *testing.T) {
	good := "HTTP/1.1 101 Switching Protocol\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
	for _, c := range []struct {
		name, in string
		n        int
		bad      string
	}{
		{"whole, with a message behind", good + "\x81\x00", len(good), ""},
		{"half", good[:50], 0, ""},
		{"refused", "HTTP/1.1 426 Upgrade Required\r\n\r\n", 0, `"HTTP/1.1 426 Upgrade Required"`},
		{"wrong accept", strings.Replace(good, "s3p", "s4p", 1), 0, "101"},
		{"endless", strings.Repeat("x", 20000), 0, "16 KiB"},
	} {
		n, err := parseUpgrade([]byte(c.in))
		if n != c.n || (err == nil) != (c.bad == "") || err != nil && !strings.Contains(err.Error(), c.bad) {
			t.Errorf("%s: %d, %v", c.name, n, err)
		}
	}
}

func TestPayload(t *testing.T) {
	tag, other := newRunTag([4]byte{1, 2, 3, 4}), newRunTag([4]byte{1, 2, 3, 5})
	p := make([]byte, 64)
	fill(p, false)
	putPayload(p, &tag, 'E', 4294967295, 1<<40+5)
	id, seq, due, ok := parsePayload(p, &tag)
	if !ok || id != 'E' || seq != 4294967295 || due != 1<<40+5 {
		t.Errorf("%q is read as %c %d %d %v", p, id, seq, due, ok)
	}
	for _, c := range p {
		if c < ' ' || c > '~' {
			t.Errorf("%q is not printable", p)
		}
	}
	if _, _, _, ok := parsePayload(p, &other); ok {
		t.Error("a message of another run is taken for ours")
	}
	if _, _, _, ok := parsePayload(p[:20], &tag); ok {
		t.Error("half a message is taken for ours")
	}
	p[3] = 'X'
	if _, _, _, ok := parsePayload(p, &tag); ok {
		t.Error("a broken number is taken for one")
	}
}

func FuzzWireNext(tf *testing.F) {
	f := fuzzvolume.For(tf)
	for _, s := range []string{"", "\x81\x05hello", "\x81\x7e\x01\x2c", "\x00\x00\x00\x06hi", "line\r\n", "\x88\x02\x03\xe8"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, protocol := range []string{"websocket", "text", "frame", "tcp"} {
			w := wireFor(protocol, 40, newPacker())
			for rest := in; ; {
				u, n, err := w.next(rest)
				if n < 0 || n > len(rest) || len(u.payload) > n && rest[0]&deflateBit == 0 || err != nil && n != 0 {
					t.Fatalf("%s: %q gives %d bytes, payload %q, %v", protocol, rest, n, u.payload, err)
				}
				if n == 0 {
					break
				}
				rest = rest[n:]
			}
		}
		_, _ = parseUpgrade(in)
		parsePayload(in, new(runTag))
	})
}

func BenchmarkReceive(b *testing.B) {
	tag := newRunTag([4]byte{1, 2, 3, 4})
	payload := make([]byte, 128)
	putPayload(payload, &tag, 'B', 7, 1<<40)
	frame := append([]byte{0x81, 0x7e, 0, 128}, payload...)
	s := newStream('B', 1)
	b.ReportAllocs()
	for i := range b.N {
		u, _, _ := wsWire{}.next(frame)
		_, seq, due, _ := parsePayload(u.payload, &tag)
		s.receive(0, seq, due, due+int64(i&0xffff))
	}
}
