package clientproto

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

// countingHandler is a client that does nothing but count.
type countingHandler struct {
	messages, replies int
	request           []byte // body of ON_WEBSOCKET_CONNECT, reused
	wantData          bool
}

func (h *countingHandler) Request(req *Request) {
	if h.wantData {
		h.request = req.AppendEvent(h.request[:0])
	}
}
func (h *countingHandler) Handshaken([]byte)          {}
func (h *countingHandler) Inflated(int, int)          {}
func (h *countingHandler) Message([]byte)             { h.messages++ }
func (h *countingHandler) Reply([]byte)               { h.replies++ }
func (h *countingHandler) Close([]byte)               {}
func (h *countingHandler) Closing() bool              { return false }
func (h *countingHandler) RemoteAddr() netip.AddrPort { return netip.AddrPort{} }
func (h *countingHandler) LocalPort() uint16          { return 8282 }
func (h *countingHandler) RemoteIP() string           { return "192.0.2.7" }

// BenchmarkDecode decodes one message a time, the way it comes from an idle
// client, and many in one read.
func BenchmarkDecode(b *testing.B) {
	body := strings.Repeat("x", 64)
	for _, c := range []struct{ name, protocol, input string }{
		{"websocket/64", "websocket", wsFrame(0x81, body)},
		{"websocket/64 x 100", "websocket", strings.Repeat(wsFrame(0x81, body), 100)},
		{"websocket/64KiB", "websocket", wsFrame(0x82, strings.Repeat("x", 64<<10))},
		{"websocket/fragments", "websocket", wsFrame(0x01, body) + wsFrame(0x80, body)},
		{"websocket/ping", "websocket", wsFrame(0x89, "ping")},
		{"text/64", "text", body + "\n"},
		{"frame/64", "frame", "\x00\x00\x00\x44" + body},
		{"tcp/64", "tcp", body},
	} {
		b.Run(c.name, func(b *testing.B) {
			codec := testCodec(b, c.protocol)
			buf := []byte(c.input)
			st := State{handshaken: true}
			h := &countingHandler{}
			b.SetBytes(int64(len(buf)))
			b.ReportAllocs()
			for b.Loop() {
				// The first byte of a pong written over its ping.
				copy(buf, c.input[:min(len(c.input), 16)])
				if n, err := codec.Decode(&st, buf, h); n != len(buf) || err != nil {
					b.Fatal(n, err)
				}
			}
		})
	}
}

func BenchmarkAppendMessage(b *testing.B) {
	for _, size := range []int{64, 128, 4096} {
		b.Run("websocket/"+itoa(size), func(b *testing.B) {
			codec := testCodec(b, "websocket")
			body := bytes.Repeat([]byte("x"), size)
			dst := make([]byte, 0, size+10)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				dst = codec.AppendMessage(dst[:0], body)
			}
		})
	}
}

// browserRequest is what a browser sends.
const browserRequest = "GET /ws?token=4f3c2b1a&room=lobby HTTP/1.1\r\n" +
	"Host: chat.example.com:8282\r\n" +
	"Connection: Upgrade\r\n" +
	"Pragma: no-cache\r\n" +
	"Cache-Control: no-cache\r\n" +
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36\r\n" +
	"Upgrade: websocket\r\n" +
	"Origin: https://chat.example.com\r\n" +
	"Sec-WebSocket-Version: 13\r\n" +
	"Accept-Encoding: gzip, deflate, br, zstd\r\n" +
	"Accept-Language: en-GB,en;q=0.9\r\n" +
	"Cookie: sid=0123456789abcdef; theme=dark\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
	"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"

func BenchmarkHandshake(b *testing.B) {
	for _, bench := range []struct {
		name       string
		data       bool
		workerman4 bool
	}{
		{name: "answer"},
		{name: "answer and event", data: true},
		{name: "answer and event of Workerman 4", data: true, workerman4: true},
	} {
		b.Run(bench.name, func(b *testing.B) {
			codec := New("websocket", Options{Workerman4: bench.workerman4})
			buf := []byte(browserRequest)
			h := &countingHandler{wantData: bench.data}
			b.ReportAllocs()
			for b.Loop() {
				var st State
				if n, err := codec.Decode(&st, buf, h); n != len(buf) || err != nil {
					b.Fatal(n, err)
				}
			}
		})
	}
}

// BenchmarkDeflate compresses JSON by level, and inflates it.
func BenchmarkDeflate(b *testing.B) {
	for _, size := range []int{200, 1 << 10, 8 << 10, 256 << 10} {
		body := []byte(jsonText(size))
		deflated := NewDeflater(5).Append(nil, body)
		for _, level := range []int{1, 3, 5, 6, 9} {
			b.Run(fmt.Sprintf("%d/level=%d", size, level), func(b *testing.B) {
				d := NewDeflater(level)
				deflated := d.Append(nil, body)
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					deflated = d.Append(deflated[:0], body)
				}
				b.ReportMetric(100*float64(len(deflated))/float64(size), "%size")
			})
		}
		b.Run(fmt.Sprintf("%d/inflate", size), func(b *testing.B) {
			frame := wsFrame(0xc1, string(deflated))
			codec := testCodec(b, "websocket")
			st, h, buf := State{handshaken: true, deflate: true}, &countingHandler{}, make([]byte, len(frame))
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				copy(buf, frame)
				if _, err := codec.Decode(&st, buf, h); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
