package clientproto

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"strings"
)

// codecCase is what one client says and what must come of it, however the
// bytes are cut. The same table drives the split tests, the comparison with
// PHP and the fuzz seeds.
type codecCase struct {
	name     string
	protocol string
	input    string
	want     []codecEvent
	err      string // part of the error that ended the connection, if one did

	// rfc names the section of RFC 6455 that asks for something else, in the
	// cases in which PHP's tolerance was kept.
	rfc string
	// phpDiffers says how PHP differs when it gets the input in one piece.
	phpDiffers string
}

const (
	wsTestRequest = "GET /chat?room=1 HTTP/1.1\r\n" +
		"Host: example.com:8282\r\n" +
		"Upgrade: websocket\r\n" +
		"Connection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
		"Sec-WebSocket-Version: 13\r\n\r\n"
	wsTestResponse = "HTTP/1.1 101 Switching Protocol\r\n" +
		"Upgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\n" +
		"Connection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
	wsClose1000 = "\x88\x02\x03\xe8"
)

// wsFrame is a frame of a client with the shortest head.
func wsFrame(first byte, payload string) string {
	return wsFrameHead(first, len(payload)) + wsMasked(payload)
}

var wsTestMask = [4]byte{0x37, 0xfa, 0x21, 0x3d}

func wsMasked(payload string) string {
	b := []byte(payload)
	for i := range b {
		b[i] ^= wsTestMask[i%4]
	}
	return string(b)
}

func wsFrameHead(first byte, size int) string {
	b := appendFrameHead(nil, first, size)
	b[1] |= 0x80
	return string(append(b, wsTestMask[:]...))
}

// wsFrame16 and wsFrame64 use a longer length than needed.
func wsFrame16(first byte, payload string) string {
	b := []byte{first, 0x80 | 126}
	b = binary.BigEndian.AppendUint16(b, uint16(len(payload)))
	return string(append(b, wsTestMask[:]...)) + wsMasked(payload)
}

func wsFrame64(first byte, payload string) string {
	b := []byte{first, 0x80 | 127}
	b = binary.BigEndian.AppendUint64(b, uint64(len(payload)))
	return string(append(b, wsTestMask[:]...)) + wsMasked(payload)
}

func wsHead64(first byte, size uint64) string {
	return string(binary.BigEndian.AppendUint64([]byte{first, 0x80 | 127}, size)) + string(wsTestMask[:])
}

// wsDeflater compresses messages one after the other, as a sender that keeps
// its context.
type wsDeflater struct {
	buf bytes.Buffer
	w   *flate.Writer
}

func (d *wsDeflater) message(s string) string {
	if d.w == nil {
		d.w, _ = flate.NewWriter(&d.buf, flate.DefaultCompression)
	}
	d.buf.Reset()
	_, _ = d.w.Write([]byte(s))
	_ = d.w.Flush()
	return strings.TrimSuffix(d.buf.String(), "\x00\x00\xff\xff")
}

// afterHandshake puts the handshake before frames and its events before want.
func afterHandshake(c codecCase) codecCase {
	c.protocol = "websocket"
	c.input = wsTestRequest + c.input
	c.want = append(events(handshakeEvent(), outEvent(wsTestResponse)), c.want...)
	// An answer that follows the 101 at once is one output with it.
	if len(c.want) > 2 && c.want[2].kind == eventOut {
		c.want[1].data += c.want[2].data
		c.want = append(c.want[:2], c.want[3:]...)
	}
	return c
}

func codecCases() []codecCase {
	var cases []codecCase
	cases = append(cases, wsHandshakeCases()...)
	for _, c := range wsFrameCases() {
		cases = append(cases, afterHandshake(c))
	}
	cases = append(cases, textCases()...)
	cases = append(cases, frameCases()...)
	return cases
}

func wsHandshakeCases() []codecCase {
	accepted := func(name, input, accept string) codecCase {
		response := strings.Replace(wsTestResponse, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", accept, 1)
		return codecCase{name: "handshake/" + name, input: input, want: events(handshakeEvent(), outEvent(response))}
	}
	refused := func(name, input string, answer []byte) codecCase {
		return codecCase{name: "handshake/" + name, input: input, want: events(outEvent(string(answer)), closedEvent())}
	}
	sample := "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
	cases := []codecCase{
		accepted("sample of RFC 6455", wsTestRequest, sample),
		accepted("no Host, Upgrade or Connection", "GET / HTTP/1.1\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", sample),
		accepted("names in any case", "GET / HTTP/1.1\r\nsec-websocket-version:13\r\nSEC-WEBSOCKET-KEY:dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", sample),
		accepted("blanks before values", "GET / HTTP/1.1\r\nSec-WebSocket-Version:    13\r\nSec-WebSocket-Key:  dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", sample),
		accepted("empty key", "GET / HTTP/1.1\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key:\r\n\r\n", "Kfh9QIsMVZcl6xEPYxPHzW8SZ8w="),
		accepted("key with blanks behind it", "GET / HTTP/1.1\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x \r\n\r\n", acceptOf("x ")),
		accepted("tab before the key belongs to it", "GET / HTTP/1.1\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key:\tx\r\n\r\n", acceptOf("\tx")),
		accepted("key longer than a hash block", "GET / HTTP/1.1\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "+strings.Repeat("k", 300)+"\r\n\r\n", acceptOf(strings.Repeat("k", 300))),
		accepted("first key anywhere", "GET / HTTP/1.1\r\nSec-WebSocket-Version: 13\r\nX-Sec-WebSocket-Key: first\r\nSec-WebSocket-Key: second\r\n\r\n", acceptOf("first")),
		accepted("key within a value", "GET / HTTP/1.1\r\nA: Sec-WebSocket-Version: 13\r\nB: my Sec-WebSocket-Key: k\r\n\r\n", acceptOf("k")),
		accepted("key in the request line", "GET /Sec-WebSocket-Key:k Sec-WebSocket-Version:13\r\n\r\n", acceptOf("k Sec-WebSocket-Version:13")),
		accepted("key line with a bare newline does not count", "GET / HTTP/1.1\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: a\nb\r\nSec-WebSocket-Key: c\r\n\r\n", acceptOf("c")),
		accepted("bare carriage return within the key", "GET / HTTP/1.1\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: a\rb\r\n\r\n", acceptOf("a\rb")),
		accepted("method that starts with GET", "GETTY / HTTP/1.1\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: k\r\n\r\n", acceptOf("k")),
		accepted("no blank in the request line", "GET\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: k\r\n\r\n", acceptOf("k")),
		accepted("HTTP/1.0", "GET / HTTP/1.0\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: k\r\n\r\n", acceptOf("k")),
		accepted("extensions and protocols are not negotiated", "GET / HTTP/1.1\r\nSec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Protocol: chat\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: k\r\n\r\n", acceptOf("k")),
		refused("POST", "POST / HTTP/1.1\r\n\r\n", workerman5.notGET),
		refused("get in lower case", "get / HTTP/1.1\r\n\r\n", workerman5.notGET),
		refused("TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", workerman5.notGET),
		refused("frame before the handshake", wsFrame(0x81, "hello"), workerman5.notGET),
		refused("version missing", "GET / HTTP/1.1\r\nSec-WebSocket-Key: k\r\n\r\n", workerman5.noVersion),
		refused("version and key missing", "GET / HTTP/1.1\r\n\r\n", workerman5.noVersion),
		refused("version 8", "GET / HTTP/1.1\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Key: k\r\n\r\n", workerman5.otherVersion),
		refused("version with a blank behind it", "GET / HTTP/1.1\r\nSec-WebSocket-Version: 13 \r\nSec-WebSocket-Key: k\r\n\r\n", workerman5.otherVersion),
		refused("version with a tab before it", "GET / HTTP/1.1\r\nSec-WebSocket-Version:\t13\r\nSec-WebSocket-Key: k\r\n\r\n", workerman5.otherVersion),
		refused("version empty", "GET / HTTP/1.1\r\nSec-WebSocket-Version:\r\nSec-WebSocket-Key: k\r\n\r\n", workerman5.otherVersion),
		refused("version list", "GET / HTTP/1.1\r\nSec-WebSocket-Version: 13, 8\r\nSec-WebSocket-Key: k\r\n\r\n", workerman5.otherVersion),
		refused("version is judged before the key", "GET / HTTP/1.1\r\nSec-WebSocket-Version: 8\r\n\r\n", workerman5.otherVersion),
		refused("version on a line with a bare newline", "GET / HTTP/1.1\r\nSec-WebSocket-Version: 13\nA: b\r\nSec-WebSocket-Key: k\r\n\r\n", workerman5.noVersion),
		refused("key missing", "GET / HTTP/1.1\r\nSec-WebSocket-Version: 13\r\n\r\n", workerman5.noKey),
		refused("blank before the colon", "GET / HTTP/1.1\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key : k\r\n\r\n", workerman5.noKey),
		{name: "handshake/nothing", input: "", want: nil},
		{name: "handshake/five bytes of a POST", input: "POST ", want: nil},
		{name: "handshake/no blank line yet", input: wsTestRequest[:len(wsTestRequest)-1], want: nil},
		{name: "handshake/bare newlines end nothing", input: strings.ReplaceAll(wsTestRequest, "\r\n", "\n"), want: nil},
		accepted("head of 64 KiB", paddedRequest(maxRequestHead), sample),
		{
			name: "handshake/head of 64 KiB and a byte", input: paddedRequest(maxRequestHead + 1),
			want: events(closedEvent()), err: "head exceeds 65536",
			phpDiffers: "accepts a head of any length",
		},
		{
			name: "handshake/64 KiB without an end", input: "GET " + strings.Repeat("x", maxRequestHead-4),
			want: events(closedEvent()), err: "head exceeds 65536",
			phpDiffers: "waits and collects without limit",
		},
		{
			name: "handshake/key behind the head", input: "GET / HTTP/1.1\r\nSec-WebSocket-Version: 13\r\n\r\nSec-WebSocket-Key: k\r\n",
			want:       events(outEvent(badRequest5), closedEvent()),
			phpDiffers: "looks for the key in all that has arrived",
		},
	}
	for i := range cases {
		cases[i].protocol = "websocket"
	}
	return cases
}

func acceptOf(key string) string { return string(appendAccept(nil, []byte(key))) }

// paddedRequest is a valid request whose head has size bytes.
func paddedRequest(size int) string {
	line := strings.Index(wsTestRequest, "\r\n") + 2
	pad := size - len(wsTestRequest) - len("X: \r\n")
	return wsTestRequest[:line] + "X: " + strings.Repeat("x", pad) + "\r\n" + wsTestRequest[line:]
}

func wsFrameCases() []codecCase {
	var d wsDeflater
	first, second := d.message("Hello Hello Hello"), d.message("Hello Hello Hello")
	ended := "\xf3\x48\xcd\xc9\xc9\x57\xf0\x40\x90\x00" // first, as the last block of a stream
	bomb := (&wsDeflater{}).message(strings.Repeat("\x00", DefaultMaxPackageSize+1))
	biggest := (&wsDeflater{}).message(strings.Repeat("\x00", DefaultMaxPackageSize))
	long := strings.Repeat("0123456789abcdef", 40)
	fourFragments := wsFrame(0x01, "one ") + wsFrame(0x00, "two ") + wsFrame(0x00, "three ") + wsFrame(0x80, "four")
	return []codecCase{
		{name: "frames/text", input: wsFrame(0x81, "hello"), want: events(messageEvent("hello"))},
		{name: "frames/binary", input: wsFrame(0x82, "\x00\xff"), want: events(messageEvent("\x00\xff"))},
		{name: "frames/empty", input: wsFrame(0x81, ""), want: events(messageEvent(""))},
		{name: "frames/many in one read", input: wsFrame(0x81, "a") + wsFrame(0x82, "") + wsFrame(0x81, "c"), want: events(messageEvent("a"), messageEvent(""), messageEvent("c"))},
		{name: "frames/125", input: wsFrame(0x81, long[:125]), want: events(messageEvent(long[:125]))},
		{name: "frames/126", input: wsFrame(0x81, long[:126]), want: events(messageEvent(long[:126]))},
		{name: "frames/640", input: wsFrame(0x81, long), want: events(messageEvent(long))},
		{name: "frames/16 bit length for 5 bytes", input: wsFrame16(0x81, "hello"), want: events(messageEvent("hello")), rfc: "5.2: the minimal number of bytes MUST be used"},
		{name: "frames/64 bit length for 5 bytes", input: wsFrame64(0x81, "hello"), want: events(messageEvent("hello")), rfc: "5.2: the minimal number of bytes MUST be used"},
		{name: "frames/half", input: wsFrame(0x81, "hello")[:9], want: nil},
		{name: "frames/whole and half", input: wsFrame(0x81, "a") + wsFrame(0x81, "hello")[:9], want: events(messageEvent("a"))},
		{name: "frames/unmasked", input: "\x81\x05hello", want: events(closedEvent()), err: "not masked"},
		{name: "frames/unmasked after a message", input: wsFrame(0x81, "a") + "\x81\x05hello", want: events(messageEvent("a"), closedEvent()), err: "not masked"},
		{name: "frames/unmasked, five bytes", input: "\x81\x03abc", want: nil, rfc: "5.1: MUST close upon receiving a frame that is not masked (it is, with the sixth byte)"},
		{name: "frames/unmasked close", input: "\x88\x02\x03\xe8\x88\x02", want: events(closedEvent()), err: "not masked"},
		{name: "frames/opcode 3", input: wsFrame(0x83, ""), want: events(closedEvent()), err: "unknown opcode 0x3"},
		{name: "frames/opcode 15", input: wsFrame(0x8f, "a"), want: events(closedEvent()), err: "unknown opcode 0xf"},
		{name: "frames/not UTF-8", input: wsFrame(0x81, "\xff\xfe"), want: events(messageEvent("\xff\xfe")), rfc: "8.1: text that is not UTF-8 MUST fail the connection"},

		{name: "rsv/2 and 3", input: wsFrame(0xb1, "hello"), want: events(messageEvent("hello")), rfc: "5.2: a bit that was not negotiated MUST fail the connection"},
		{name: "rsv/1 is deflate", input: wsFrame(0xc1, first), want: events(messageEvent("Hello Hello Hello")), rfc: "5.2: a bit that was not negotiated MUST fail the connection"},
		{name: "rsv/1 keeps its context", input: wsFrame(0xc1, first) + wsFrame(0x81, "plain") + wsFrame(0xc1, second), want: events(messageEvent("Hello Hello Hello"), messageEvent("plain"), messageEvent("Hello Hello Hello")), rfc: "5.2: as above"},
		{name: "rsv/1 empty", input: wsFrame(0xc1, ""), want: events(messageEvent("")), rfc: "5.2: as above"},
		{name: "rsv/1 bad data", input: wsFrame(0xc1, "Hello"), want: events(closedEvent()), err: "inflate", phpDiffers: "the process dies, with all clients"},
		{
			name: "rsv/1 in fragments", input: wsFrame(0x41, first[:3]) + wsFrame(0x80, first[3:]),
			want: events(messageEvent("Hello Hello Hello")), rfc: "5.2: as above",
			phpDiffers: "inflates each fragment together with those before it, and the last not at all",
		},
		{name: "rsv/1 inflates to the limit", input: wsFrame(0xc1, biggest), want: events(closedEvent()), err: ErrInflateBudget.Error(), phpDiffers: "delivers 10 MB"},
		{name: "rsv/1 with its flush left in", input: wsFrame(0xc1, first+deflateFlush), want: events(messageEvent("Hello Hello Hello")), rfc: "5.2: as above"},
		{name: "rsv/1 cut off", input: wsFrame(0xc1, "\xf2\x48\xcd\xc9\xc9\x57\xf0"), want: events(messageEvent("Hello H")), rfc: "5.2: as above"},
		{name: "rsv/1 with the end of a stream", input: wsFrame(0xc1, ended) + wsFrame(0xc1, ended), want: events(messageEvent("Hello Hello Hello"), messageEvent("Hello Hello Hello")), rfc: "5.2: as above"},
		{name: "rsv/1 after one with its flush left in", input: wsFrame(0xc1, first+deflateFlush) + wsFrame(0xc1, first), want: events(messageEvent("Hello Hello Hello"), closedEvent()), err: "did not end with a flush", phpDiffers: "the process dies, with all clients"},
		{name: "rsv/1 bomb", input: wsFrame(0xc1, bomb), want: events(closedEvent()), err: ErrInflateBudget.Error(), phpDiffers: "the process dies, with all clients"},

		{name: "fragments/two", input: wsFrame(0x01, "hel") + wsFrame(0x80, "lo"), want: events(messageEvent("hello"))},
		{name: "fragments/four", input: fourFragments, want: events(messageEvent("one two three four"))},
		{name: "fragments/twice", input: fourFragments + fourFragments, want: events(messageEvent("one two three four"), messageEvent("one two three four"))},
		{name: "fragments/empty", input: wsFrame(0x01, "") + wsFrame(0x00, "") + wsFrame(0x80, ""), want: events(messageEvent(""))},
		{name: "fragments/empty last", input: wsFrame(0x01, "a") + wsFrame(0x80, ""), want: events(messageEvent("a"))},
		{name: "fragments/unfinished", input: wsFrame(0x01, "hel") + wsFrame(0x00, "lo"), want: nil},
		{name: "fragments/then a message", input: wsFrame(0x02, "a") + wsFrame(0x80, "b") + wsFrame(0x81, "c"), want: events(messageEvent("ab"), messageEvent("c"))},
		{name: "fragments/continuation of nothing", input: wsFrame(0x80, "hello"), want: events(messageEvent("hello")), rfc: "5.4: a message starts with an opcode other than 0"},
		{name: "fragments/start and end with continuations", input: wsFrame(0x00, "hel") + wsFrame(0x80, "lo"), want: events(messageEvent("hello")), rfc: "5.4: a message starts with an opcode other than 0"},
		{name: "fragments/text within", input: wsFrame(0x01, "hel") + wsFrame(0x81, "lo"), want: events(messageEvent("hello")), rfc: "5.4: fragments after the first have opcode 0"},
		{name: "fragments/all text", input: wsFrame(0x01, "a") + wsFrame(0x02, "b") + wsFrame(0x81, "c"), want: events(messageEvent("abc")), rfc: "5.4: fragments after the first have opcode 0"},
		{name: "fragments/unmasked within", input: wsFrame(0x01, "a") + "\x80\x04ello", want: events(closedEvent()), err: "not masked"},
		{
			name: "fragments/ping within", input: wsFrame(0x01, "hel") + wsFrame(0x89, "P") + wsFrame(0x80, "lo"),
			want:       events(outEvent("\x8a\x01P"), messageEvent("hello")),
			phpDiffers: "the pong takes the first fragment away: pong \"helP\", message \"lo\"",
		},
		{
			name: "fragments/pong within", input: wsFrame(0x01, "hel") + wsFrame(0x8a, "P") + wsFrame(0x80, "lo"),
			want:       events(messageEvent("hello")),
			phpDiffers: "the pong takes the first fragment away: message \"lo\"",
		},
		{name: "fragments/close within", input: wsFrame(0x01, "hel") + wsFrame(0x88, ""), want: events(outEvent(wsClose1000), closedEvent())},

		{name: "ping/empty", input: wsFrame(0x89, ""), want: events(outEvent("\x8a\x00"))},
		{name: "ping/payload", input: wsFrame(0x89, "hello"), want: events(outEvent("\x8a\x05hello"))},
		{name: "ping/125", input: wsFrame(0x89, long[:125]), want: events(outEvent("\x8a\x7d" + long[:125]))},
		{name: "ping/126", input: wsFrame(0x89, long[:126]), want: events(outEvent("\x8a\x7e\x00\x7e" + long[:126])), rfc: "5.5: control frames have at most 125 bytes"},
		{name: "ping/64 bit length for 5 bytes", input: wsFrame64(0x89, "hello"), want: events(outEvent("\x8a\x05hello")), rfc: "5.2: the minimal number of bytes MUST be used"},
		{name: "ping/70000", input: wsFrame(0x89, strings.Repeat("p", 70000)), want: events(outEvent("\x8a\x7f\x00\x00\x00\x00\x00\x01\x11\x70" + strings.Repeat("p", 70000))), rfc: "5.5: control frames have at most 125 bytes"},
		{name: "ping/between messages", input: wsFrame(0x81, "a") + wsFrame(0x89, "1") + wsFrame(0x89, "2") + wsFrame(0x81, "b"), want: events(messageEvent("a"), outEvent("\x8a\x011\x8a\x012"), messageEvent("b"))},
		{name: "ping/half", input: wsFrame(0x89, "hello")[:8], want: nil},
		{name: "ping/RSV2", input: wsFrame(0xa9, "hello"), want: events(outEvent("\x8a\x05hello")), rfc: "5.2: a bit that was not negotiated MUST fail the connection"},
		{name: "ping/RSV1", input: wsFrame(0xc9, first), want: events(outEvent("\x8a" + string(rune(len(first))) + first)), rfc: "5.2: as above", phpDiffers: "inflates the payload, with the context of the messages"},
		{name: "ping/in fragments", input: wsFrame(0x09, "hel"), want: events(closedEvent()), err: "control frame in fragments", phpDiffers: "takes it for the first fragment of a message"},
		{name: "pong/unasked", input: wsFrame(0x8a, "hello") + wsFrame(0x81, "a"), want: events(messageEvent("a"))},
		{name: "pong/126", input: wsFrame(0x8a, long[:126]) + wsFrame(0x81, "a"), want: events(messageEvent("a")), rfc: "5.5: control frames have at most 125 bytes"},
		{name: "pong/in fragments", input: wsFrame(0x0a, "hel"), want: events(closedEvent()), err: "control frame in fragments", phpDiffers: "takes it for the first fragment of a message"},

		{name: "close/empty", input: wsFrame(0x88, ""), want: events(outEvent(wsClose1000), closedEvent())},
		{name: "close/1001 with a reason", input: wsFrame(0x88, "\x03\xe9bye"), want: events(outEvent(wsClose1000), closedEvent())},
		{name: "close/one byte", input: wsFrame(0x88, "a"), want: events(outEvent(wsClose1000), closedEvent()), rfc: "5.5.1: the body starts with two bytes of status"},
		{name: "close/in fragments", input: wsFrame(0x08, ""), want: events(outEvent(wsClose1000), closedEvent()), rfc: "5.5: control frames MUST NOT be fragmented"},
		{name: "close/half is enough", input: wsFrame(0x88, "\x03\xe9bye")[:6], want: events(outEvent(wsClose1000), closedEvent())},
		{name: "close/nothing after it counts", input: wsFrame(0x88, "") + wsFrame(0x81, "a") + "garbage", want: events(outEvent(wsClose1000), closedEvent())},

		{name: "limit/largest frame", input: wsFrame(0x82, strings.Repeat("x", DefaultMaxPackageSize-14)), want: events(messageEvent(strings.Repeat("x", DefaultMaxPackageSize-14)))},
		{name: "limit/one byte more", input: wsFrameHead(0x82, DefaultMaxPackageSize-13), want: events(closedEvent()), err: "exceeds 10485760"},
		{name: "limit/2^63", input: wsHead64(0x82, 1<<63), want: events(closedEvent()), err: "exceeds 10485760"},
		{name: "limit/2^64-1", input: wsHead64(0x82, 1<<64-1), want: events(closedEvent()), err: "exceeds 10485760"},
		{name: "limit/fragments with the head of the last", input: wsFrame(0x02, "abc") + wsFrameHead(0x80, DefaultMaxPackageSize-3-13), want: events(closedEvent()), err: "after 3 bytes in fragments"},
		{name: "limit/ping after fragments", input: wsFrame(0x02, "abc") + wsFrameHead(0x89, DefaultMaxPackageSize-3-13), want: events(closedEvent()), err: "after 3 bytes in fragments"},
	}
}

func textCases() []codecCase {
	cases := []codecCase{
		{name: "text/line", input: "hello\n", want: events(messageEvent("hello"))},
		{name: "text/CRLF", input: "hello\r\n", want: events(messageEvent("hello"))},
		{name: "text/many carriage returns", input: "\rhel\rlo\r\r\r\n", want: events(messageEvent("\rhel\rlo"))},
		{name: "text/empty lines", input: "\n\r\n\n", want: events(messageEvent(""), messageEvent(""), messageEvent(""))},
		{name: "text/several", input: "a\nb\nc", want: events(messageEvent("a"), messageEvent("b"))},
		{name: "text/any bytes", input: "\x00\xff \t\n", want: events(messageEvent("\x00\xff \t"))},
		{name: "text/no end", input: "hello", want: nil},
		{name: "text/longest line", input: strings.Repeat("x", DefaultMaxPackageSize-2) + "\n", want: events(messageEvent(strings.Repeat("x", DefaultMaxPackageSize-2)))},
		{
			name: "text/longest line and another", input: strings.Repeat("x", DefaultMaxPackageSize-2) + "\nnext\n",
			want:       events(messageEvent(strings.Repeat("x", DefaultMaxPackageSize-2)), messageEvent("next")),
			phpDiffers: "counts all that has arrived against the limit of a line",
		},
		{name: "text/line of the limit", input: strings.Repeat("x", DefaultMaxPackageSize-1) + "\n", want: events(closedEvent()), err: "line of 10485760 bytes or more"},
		{name: "text/limit without an end", input: strings.Repeat("x", DefaultMaxPackageSize), want: events(closedEvent()), err: "line of 10485760 bytes or more"},
	}
	for i := range cases {
		cases[i].protocol = "text"
	}
	return cases
}

func frameCases() []codecCase {
	cases := []codecCase{
		{name: "frame/message", input: "\x00\x00\x00\x09hello", want: events(messageEvent("hello"))},
		{name: "frame/empty", input: "\x00\x00\x00\x04", want: events(messageEvent(""))},
		{name: "frame/several", input: "\x00\x00\x00\x05a\x00\x00\x00\x06bc\x00", want: events(messageEvent("a"), messageEvent("bc"))},
		{name: "frame/half", input: "\x00\x00\x00\x09hell", want: nil},
		{name: "frame/half a head", input: "\x00\x00\x00", want: nil},
		{name: "frame/length 0", input: "\x00\x00\x00\x00hello", want: events(closedEvent()), err: "length 0", phpDiffers: "waits for ever"},
		{name: "frame/length 1 leaves three bytes of the head", input: "\x00\x00\x00\x01\x00\x00\x00\x02\x00", want: events(messageEvent(""))},
		{name: "frame/length 3 leaves one byte of the head", input: "\x00\x00\x00\x03\x00\x00\x00", want: events(messageEvent(""), closedEvent()), err: "length 50331648 exceeds"},
		{name: "frame/length of the limit", input: "\x00\xa0\x00\x00" + strings.Repeat("x", DefaultMaxPackageSize-4), want: events(messageEvent(strings.Repeat("x", DefaultMaxPackageSize-4)))},
		{name: "frame/length above the limit", input: "\x00\xa0\x00\x01", want: events(closedEvent()), err: "length 10485761 exceeds"},
		{name: "frame/HTTP request", input: "GET / HTTP/1.1\r\n", want: events(closedEvent()), err: "exceeds"},
	}
	for i := range cases {
		cases[i].protocol = "frame"
	}
	return cases
}
