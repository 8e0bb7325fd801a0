package clientproto

import (
	"slices"
	"testing"
)

// TestAddedHeaders: headers that are added stand behind Sec-WebSocket-Accept, and a
// Server takes the place of Workerman 4's, as $connection->headers do. These
// answers are what Workerman 5.2.2 and 4.2.1 send.
func TestAddedHeaders(t *testing.T) {
	const lines = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
	for _, tt := range []struct {
		workerman4 bool
		headers    []string
		want       string
	}{
		{false, []string{"Sec-WebSocket-Protocol: chat"}, "HTTP/1.1 101 Switching Protocol\r\n" + lines + "Sec-WebSocket-Protocol: chat\r\n\r\n"},
		{false, []string{"Server: mine", "X: "}, "HTTP/1.1 101 Switching Protocol\r\n" + lines + "Server: mine\r\nX: \r\n\r\n"},
		{true, []string{"Sec-WebSocket-Protocol: chat"}, "HTTP/1.1 101 Switching Protocols\r\n" + lines + "Sec-WebSocket-Protocol: chat\r\nServer: workerman/4.2.1\r\n\r\n"},
		{true, []string{"X: Server: no", "sErver: mine"}, "HTTP/1.1 101 Switching Protocols\r\n" + lines + "X: Server: no\r\nsErver: mine\r\n\r\n"},
	} {
		r := &recorder{t: t, codec: New("websocket", Options{Workerman4: tt.workerman4}), headers: tt.headers}
		r.feed([]byte(wsTestRequest + wsFrame(0x81, "hello")))
		if want := events(handshakeEvent(), outEvent(tt.want), messageEvent("hello")); !slices.Equal(r.events, want) {
			t.Errorf("%q, Workerman 4 %t: got %q, want %q", tt.headers, tt.workerman4, r.events, want)
		}
	}
}

// TestHandshakeWorkerman4: what the handshake of Workerman 4.2.1 answers. It
// does not ask for a version.
func TestHandshakeWorkerman4(t *testing.T) {
	const (
		switching = "HTTP/1.1 101 Switching Protocols\r\n" +
			"Upgrade: websocket\r\n" +
			"Sec-WebSocket-Version: 13\r\n" +
			"Connection: Upgrade\r\n" +
			"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" +
			"Server: workerman/4.2.1\r\n\r\n"
		noRequest = "HTTP/1.0 400 Bad Request\r\nServer: workerman\r\n\r\n<div style=\"text-align:center\"><h1>400 Bad Request</h1><hr>workerman</div>"
		noKey     = "HTTP/1.0 400 Bad Request\r\nServer: workerman\r\n\r\n<div style=\"text-align:center\"><h1>WebSocket</h1><hr>workerman</div>"
		key       = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	)
	accepted := events(handshakeEvent(), outEvent(switching))
	refused := func(answer string) []codecEvent { return events(outEvent(answer), closedEvent()) }
	codec := New("websocket", Options{Workerman4: true})
	for _, c := range []codecCase{
		{name: "accepted", input: wsTestRequest, want: accepted},
		{name: "no version", input: "GET / HTTP/1.1\r\n" + key + "\r\n", want: accepted},
		{name: "version 8", input: "GET / HTTP/1.1\r\nSec-WebSocket-Version: 8\r\n" + key + "\r\n", want: accepted},
		{name: "a message behind", input: wsTestRequest + wsFrame(0x81, "hello"), want: append(accepted[:2:2], messageEvent("hello"))},
		{name: "no key", input: "GET / HTTP/1.1\r\nSec-WebSocket-Version: 13\r\n\r\n", want: refused(noKey)},
		{name: "POST", input: "POST / HTTP/1.1\r\n" + key + "\r\n", want: refused(noRequest)},
		{name: "policy file", input: "<policy-file-request/>\x00", want: refused(noRequest)},
		{name: "head over the bound", input: paddedRequest(maxRequestHead + 1), want: events(closedEvent()), err: "head exceeds 65536"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.protocol = "websocket"
			input := []byte(c.input)
			c.check(t, run(t, codec, whole(input)))
			if len(input) <= 4096 {
				c.check(t, run(t, codec, singles(input)))
				for at := range input {
					c.check(t, run(t, codec, halves(input, at)))
				}
			}
		})
	}
}
