package gatewayprotocol

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-gatewayworker/gatewayworker/internal/fuzzvolume"
)

// Streams are fed whole and in two halves; both must come out the same.

func FuzzDecodeMessage(tf *testing.F) {
	f := fuzzvolume.For(tf)
	var all []byte
	for _, c := range wireCases {
		f.Add(c.bytes(), len(c.bytes())/2)
		if c.msg != nil {
			all = append(all, c.bytes()...)
		}
	}
	f.Add(all, HeadLen+3)
	f.Fuzz(func(t *testing.T, data []byte, cut int) {
		if cut < 0 || cut > len(data) {
			return
		}
		whole, rest, err := decodeFrames(nil, data)
		first, left, err2 := decodeFrames(nil, data[:cut:cut])
		if err2 == nil {
			first, left, err2 = decodeFrames(first, append(bytes.Clone(left), data[cut:]...))
		}
		if !reflect.DeepEqual(whole, first) || (err == nil) != (err2 == nil) || err == nil && !bytes.Equal(rest, left) {
			t.Fatalf("whole %v %v, in halves %v %v", whole, err, first, err2)
		}
		for _, m := range whole {
			var again Message
			wire := AppendMessage(nil, &m)
			if n, err := DecodeMessage(wire, &again, 0); n != len(wire) || err != nil || !reflect.DeepEqual(m, again) {
				t.Fatalf("%v encodes to %x, which decodes to %v, %v", m, wire, again, err)
			}
		}
	})
}

func decodeFrames(dst []Message, data []byte) ([]Message, []byte, error) {
	for {
		var m Message
		n, err := DecodeMessage(data, &m, 0)
		if n == 0 || err != nil {
			return dst, data, err
		}
		dst = append(dst, m)
		data = data[n:]
	}
}

func FuzzDecodeReply(tf *testing.F) {
	f := fuzzvolume.For(tf)
	f.Add(AppendReply(AppendReply(nil, []byte("i:1;")), nil), 3)
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 1}, 4)
	f.Fuzz(func(t *testing.T, data []byte, cut int) {
		if cut < 0 || cut > len(data) {
			return
		}
		const limit = 1 << 20
		p1, n1, err1 := DecodeReply(data, limit)
		p2, n2, err2 := DecodeReply(data[:cut], limit)
		if n2 != 0 && (n1 != n2 || !bytes.Equal(p1, p2)) || err2 != nil && err1 == nil {
			t.Fatalf("whole %q %d %v, half %q %d %v", p1, n1, err1, p2, n2, err2)
		}
		if n1 != 0 && !bytes.Equal(AppendReply(nil, p1), data[:n1]) {
			t.Fatalf("%q does not encode back", p1)
		}
	})
}

func FuzzParseRegisterRequest(tf *testing.F) {
	f := fuzzvolume.For(tf)
	for _, c := range requestCases {
		f.Add([]byte(c.line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := ParseRegisterRequest(line)
		if err != nil || !r.HasAddress {
			return
		}
		// Whatever was taken as an address can be told, and is one line.
		out := AppendBroadcastAddresses(nil, []RegisterAddress{r.Address})
		if bytes.IndexByte(out, '\n') != len(out)-1 {
			t.Fatalf("%q is not one line", out)
		}
		list, err := ParseBroadcastAddresses(TrimLine(out))
		if err != nil || len(list) != 1 || list[0] != r.Address.String() {
			t.Fatalf("%q tells %q, %v, not %q", out, list, err, r.Address)
		}
	})
}

func FuzzParseBroadcastAddresses(tf *testing.F) {
	f := fuzzvolume.For(tf)
	for _, c := range broadcastCases {
		f.Add([]byte(c.line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		list, err := ParseBroadcastAddresses(line)
		if err != nil {
			return
		}
		var addrs []RegisterAddress
		for _, s := range list {
			a, err := NewRegisterAddress(s)
			if err != nil {
				t.Fatalf("%q: %v", s, err)
			}
			addrs = append(addrs, a)
		}
		again, err := ParseBroadcastAddresses(AppendBroadcastAddresses(nil, addrs))
		if err != nil || !cmp.Equal(list, again) {
			t.Fatalf("%q comes back as %q, %v", list, again, err)
		}
	})
}

// Keys and addresses survive the line they are pasted into.
func FuzzAppendGatewayConnect(tf *testing.F) {
	f := fuzzvolume.For(tf)
	f.Add("127.0.0.1:2900", "")
	f.Add("a:1", "a\"b\\c\n\x00/é\x7f")
	f.Fuzz(func(t *testing.T, addr, key string) {
		line := AppendGatewayConnect(nil, addr, key)
		if bytes.IndexByte(line, '\n') != len(line)-1 {
			t.Fatalf("%q is not one line", line)
		}
		r, err := ParseRegisterRequest(TrimLine(line))
		if err != nil {
			if bytes.Equal(bytes.ToValidUTF8(line, nil), line) {
				t.Fatalf("%q: %v", line, err)
			}
			return
		}
		if r.Event != EventGatewayConnect || !r.KeyMatches(key) || r.HasAddress && r.Address.String() != addr {
			t.Fatalf("%q is read as %+v", line, r)
		}
		w, err := ParseRegisterRequest(TrimLine(AppendWorkerConnect(nil, key)))
		if err != nil || w.Event != EventWorkerConnect || !w.KeyMatches(key) {
			t.Fatalf("worker's line is read as %+v, %v", w, err)
		}
	})
}

func FuzzParseConnectBody(tf *testing.F) {
	f := fuzzvolume.For(tf)
	for _, c := range connectCases {
		f.Add([]byte(c.body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := ParseConnectBody(CmdWorkerConnect, body)
		if err != nil || !c.KeyIsString {
			return
		}
		again, err := AppendWorkerConnectBody(nil, c.WorkerKey, c.SecretKey)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ParseConnectBody(CmdWorkerConnect, again); err != nil || got != c {
			t.Fatalf("%s: %+v, %v, want %+v", again, got, err, c)
		}
	})
}

func FuzzParseIDsAndAddresses(tf *testing.F) {
	f := fuzzvolume.For(tf)
	for _, s := range []string{"7f0000010b5400000005", "127.0.0.1:2900", "websocket://[::]:8282", "tcp://:0"} {
		f.Add(s)
	}
	for _, c := range listenCases {
		f.Add(c.in)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if id, err := ParseClientID(s); err == nil {
			if again, err := ParseClientID(id.String()); err != nil || again != id {
				t.Fatalf("%q: %v, %v", s, again, err)
			}
		}
		if a, err := ParseGatewayAddress(s); err == nil {
			if again, err := ParseGatewayAddress(a.String()); err != nil || again != a {
				t.Fatalf("%q: %v, %v", s, again, err)
			}
		}
		if a, err := ParseListenAddress(s); err == nil {
			if again, err := ParseListenAddress(a.String()); err != nil || again != a {
				t.Fatalf("%q: %v, %v", s, again, err)
			}
		}
	})
}
