package compattests

import (
	"fmt"
	"strings"
)

// request builds a handshake request; lines replace or add to the standard headers.
func request(first string, headers ...string) string {
	return first + "\r\n" + strings.Join(headers, "\r\n") + "\r\n\r\n"
}

const (
	keyHeader     = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
	versionHeader = "Sec-WebSocket-Version: 13"
)

func init() {
	accepted := []struct{ name, request string }{
		{"browser", request("GET /chat?room=1&name=%E4%BD%A0 HTTP/1.1", "Host: chat.example:8282", "Connection: keep-alive, Upgrade",
			"Pragma: no-cache", "Cache-Control: no-cache", "User-Agent: Mozilla/5.0 (X11; Linux x86_64)", "Upgrade: websocket",
			"Origin: https://chat.example", versionHeader, "Accept-Encoding: gzip, deflate, br", "Accept-Language: de-DE,de;q=0.9",
			"Cookie: PHPSESSID=abc123; theme=dark%20blue", keyHeader, "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
			"Sec-WebSocket-Protocol: chat, superchat")},
		{"nginx-headers", request("GET / HTTP/1.1", "Upgrade: websocket", "Connection: upgrade", "Host: backend", "X-Real-IP: 203.0.113.7",
			"X-Forwarded-For: 203.0.113.7, 10.0.0.1", "X-Forwarded-Proto: https", versionHeader, keyHeader)},
		{"minimal", request("GET / HTTP/1.1", keyHeader, versionHeader)},
		{"no-upgrade-headers", request("GET /x HTTP/1.1", "Host: h", keyHeader, versionHeader)},
		{"http-1.0", request("GET / HTTP/1.0", "Host: h", keyHeader, versionHeader)},
		{"no-protocol", request("GET /", "Host: h", keyHeader, versionHeader)},
		{"odd-protocol", request("GET / HTTP/abc", "Host: h", keyHeader, versionHeader)},
		{"get-prefix", request("GETX / HTTP/1.1", "Host: h", keyHeader, versionHeader)},
		{"lower-case-names", request("GET / HTTP/1.1", "host: h", strings.ToLower(keyHeader[:17])+keyHeader[17:], "sec-websocket-version: 13")},
		{"upper-case-names", request("GET / HTTP/1.1", "HOST: h", "SEC-WEBSOCKET-KEY: abc", "SEC-WEBSOCKET-VERSION: 13")},
		{"no-blanks", request("GET / HTTP/1.1", "Host:h", "Sec-WebSocket-Key:abc", "Sec-WebSocket-Version:13")},
		{"many-blanks", request("GET / HTTP/1.1", "Host:    h   ", "Sec-WebSocket-Key:    abc", "Sec-WebSocket-Version:    13")},
		{"empty-key", request("GET / HTTP/1.1", "Host: h", "Sec-WebSocket-Key: ", versionHeader)},
		{"key-in-another-header", request("GET / HTTP/1.1", "Host: h", "X: Sec-WebSocket-Key: inner", versionHeader)},
		{"key-twice", request("GET / HTTP/1.1", "Host: h", "Sec-WebSocket-Key: first", "Sec-WebSocket-Key: second", versionHeader)},
		{"version-twice", request("GET / HTTP/1.1", "Host: h", keyHeader, versionHeader, "Sec-WebSocket-Version: 8")},
		{"repeated-headers", request("GET / HTTP/1.1", "Host: h", "X-A: 1", "X-B: 2", "X-A: 3", "x-a: 4", keyHeader, versionHeader)},
		{"two-cookie-headers", request("GET / HTTP/1.1", "Host: h", "Cookie: a=1", "Cookie: b=2", keyHeader, versionHeader)},
		{"cookies", request("GET / HTTP/1.1", "Host: h", "Cookie: a=1; b=two%20words; c[]=x; c[]=y; d=; e; =f; g=a=b; h.i=1; j k=2; a=3", keyHeader, versionHeader)},
		{"header-without-colon", request("GET / HTTP/1.1", "Host: h", "nonsense", keyHeader, versionHeader)},
		{"header-empty-value", request("GET / HTTP/1.1", "Host: h", "X-Empty:", "X-Blank: ", keyHeader, versionHeader)},
		{"header-odd-names", request("GET / HTTP/1.1", "Host: h", "X_Under-Score: 1", "X.Dot: 2", "X Blank: 3", "5: five", ": none", keyHeader, versionHeader)},
		{"header-bytes", request("GET / HTTP/1.1", "Host: h", "X-Bytes: \xff\x00\x80", keyHeader, versionHeader)},
		{"folded-header", request("GET / HTTP/1.1", "Host: h", "X-Folded: a", "  b", keyHeader, versionHeader)},
		{"content-type", request("GET / HTTP/1.1", "Host: h", "Content-Type: text/plain", keyHeader, versionHeader)},
		{"no-host", request("GET / HTTP/1.1", keyHeader, versionHeader)},
		{"host-with-port", request("GET / HTTP/1.1", "Host: example.com:8282", keyHeader, versionHeader)},
		{"host-ipv6", request("GET / HTTP/1.1", "Host: [::1]:8282", keyHeader, versionHeader)},
		{"body-follows-as-frame", request("GET / HTTP/1.1", "Host: h", "Content-Length: 5", keyHeader, versionHeader)},
	}
	for _, r := range accepted {
		scene("handshake/accepted-"+r.name, func(s *stage) { handshakeShown(s, r.request) })
	}
	queries := map[string]string{
		"plain": "a=1&b=2", "empty-value": "a=&b&=c&&d=1", "encoded": "a=%E4%BD%A0%20x+y&b%5B%5D=1", "list": "a[]=1&a[]=2&a[]=3", "map": "a[b]=1&a[c]=2",
		"nested": "a[b][c][]=1&a[b][c][]=2&a[b][d]=3", "list-then-scalar": "a[]=1&a=2", "scalar-then-list": "a=1&a[]=2", "dots-and-blanks": "a.b=1&c d=2&e+f=3&.g=4&h[i.j]=5",
		"unclosed": "a[=1&b[c=2&d]=3&e[f[g]=4", "integer-keys": "a[5]=x&a[]=y&a[05]=z&a[-1]=n&7=seven", "duplicate": "a=1&a=2", "bytes": "a=%FF%00&b=%zz&c=%",
		"semicolons": "a=1;b=2", "fragment": "a=1#b=2", "question-marks": "a=1?b=2&c=?", "slashes": "a=/x/../y&b=//", "underscore": "_=1&__=2", "empty-brackets": "[]=1&[a]=2",
		"deep": "a[1][2][3][4][5][6]=7", "trailing": "a=1&", "plus": "a=1+1&b=%2B", "long": "x=" + strings.Repeat("y", 3000), "blank-name": "%20a=1&+b=2&a%20=3",
		"null-in-name": "a%00b=1&c=2", "close-bracket-first": "]a=1&a]b=2", "mixed-tail": "a[b]c=1&a[d]e[f]=2",
	}
	for _, name := range sortedKeys(queries) {
		scene("handshake/query-"+name, func(s *stage) {
			handshakeShown(s, request("GET /p?"+queries[name]+" HTTP/1.1", "Host: h", keyHeader, versionHeader))
		})
	}
	uris := map[string]string{
		"absolute": "http://example.com:80/p?a=1#f", "double-slash": "//p?a=1", "colon": "/p:80?a=1", "only-query": "?a=1", "star": "*", "bad-port": "//x:99999/?a=1",
		"backslash": `/a\b?c=1`, "unicode": "/ä?ö=ü", "no-slash": "p?a=1", "empty": "", "query-only-mark": "/p?", "two-blanks": "/p a?b=1",
	}
	for _, name := range sortedKeys(uris) {
		scene("handshake/uri-"+name, func(s *stage) {
			handshakeShown(s, request("GET "+uris[name]+" HTTP/1.1", "Host: h", keyHeader, versionHeader))
		})
	}
	scene("handshake/thousand-variables", func(s *stage) {
		var q []string
		for i := range 1010 {
			q = append(q, fmt.Sprintf("v%d=%d", i, i))
		}
		handshakeShown(s, request("GET /?"+strings.Join(q, "&")+" HTTP/1.1", "Host: h", keyHeader, versionHeader))
	})
	refused := []struct{ name, request string }{
		{"post", request("POST / HTTP/1.1", "Host: h", keyHeader, versionHeader)},
		{"lower-case-get", request("get / HTTP/1.1", "Host: h", keyHeader, versionHeader)},
		{"leading-line", "\r\n" + request("GET / HTTP/1.1", "Host: h", keyHeader, versionHeader)},
		{"binary", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"},
		{"version-8", request("GET / HTTP/1.1", "Host: h", keyHeader, "Sec-WebSocket-Version: 8")},
		{"version-blank-behind", request("GET / HTTP/1.1", "Host: h", keyHeader, "Sec-WebSocket-Version: 13 ")},
		{"version-empty", request("GET / HTTP/1.1", "Host: h", keyHeader, "Sec-WebSocket-Version:")},
		{"version-missing", request("GET / HTTP/1.1", "Host: h", keyHeader)},
		{"key-missing", request("GET / HTTP/1.1", "Host: h", versionHeader)},
		{"version-and-key-missing", request("GET / HTTP/1.1", "Host: h")},
		{"version-8-key-missing", request("GET / HTTP/1.1", "Host: h", "Sec-WebSocket-Version: 8")},
		{"six-bytes", "HELLO\n"},
	}
	for _, r := range refused {
		scene("handshake/refused-"+r.name, func(s *stage) {
			s.gateway(gatewayConfig{})
			w := s.worker()
			c := s.dial()
			c.raw(r.request)
			c.expectClosed()
			w.expect()
			w.drain()
		})
	}
	scene("handshake/in-pieces", func(s *stage) {
		s.gateway(gatewayConfig{})
		s.worker()
		c := s.dial()
		c.raw("G")
		c.raw("ET")
		c.raw(standardHandshake[3:50])
		c.raw(standardHandshake[50:])
		c.finishHandshake()
		c.say("hello")
	})
	scene("handshake/with-frames-behind-it", func(s *stage) {
		s.gateway(gatewayConfig{})
		w := s.worker()
		c := s.dial()
		c.raw(standardHandshake + string(wsFrame(0x81, "first")) + string(wsFrame(0x89, "ping")) + string(wsFrame(0x81, "second")))
		c.finishHandshake()
		w.expectN(2)
		c.expect()
	})
	scene("handshake/waits-for-the-end-of-the-head", func(s *stage) {
		s.gateway(gatewayConfig{})
		w := s.worker()
		c := s.dial()
		c.raw("GET / HTTP/1.1\r\nHost: h\r\n")
		w.drain()
		c.raw(keyHeader + "\r\n" + versionHeader + "\r\n\r\n")
		w.expect()
		c.log("%s < %s", c.name, quote([]byte(c.readHead())))
	})
	scene("handshake/too-short-to-judge", func(s *stage) {
		s.gateway(gatewayConfig{})
		w := s.worker()
		c := s.dial()
		c.raw("POST")
		w.drain()
		c.raw(" ")
		w.drain()
		c.raw("/")
		c.expectClosed()
		w.expect()
	})
	scene("handshake/messages-wait-for-it", func(s *stage) {
		s.gateway(gatewayConfig{})
		w := s.worker()
		c := s.dial()
		a := s.inner()
		a.ask(sendToOne(c.id, "early one"), sendToAll("", "early two"), serialized(sendToOne(c.id, ""), "a:1:{i:0;i:1;}"), isOnline(c.id))
		a.ask(unencoded(sendToOne(c.id, "raw goes at once\r\n\r\n")), isOnline(c.id))
		c.log("%s < %s", c.name, quote([]byte(c.readHead())))
		c.raw(standardHandshake)
		w.expect()
		c.log("%s < %s", c.name, quote([]byte(c.readHead())))
		c.expectN(3)
		c.drain()
	})
	scene("handshake/messages-before-it-are-bounded", func(s *stage) {
		s.gateway(gatewayConfig{SendToClientBufferSize: 1000})
		s.worker()
		c := s.dial()
		a := s.inner()
		for i := range 6 {
			a.ask(sendToOne(c.id, fmt.Sprintf("%d %s", i, strings.Repeat("x", 394))))
		}
		a.ask(isOnline(c.id))
		c.raw(standardHandshake)
		c.finishHandshake()
		c.drain()
	})
	scene("handshake/the-worker-answers-the-event", func(s *stage) {
		s.gateway(gatewayConfig{})
		w := s.worker()
		c := s.dial()
		w.send(sendToOne(c.id, "to the connect event"))
		w.ask(isOnline(c.id))
		c.raw(standardHandshake)
		w.expect()
		c.log("%s < %s", c.name, quote([]byte(c.readHead())))
		c.expect()
		w.send(sendToOne(c.id, "to the websocket event"))
		c.expect()
	})
	scene("handshake/binary-type", func(s *stage) {
		s.gateway(gatewayConfig{Binary: true})
		s.worker()
		c := s.dial()
		s.inner().ask(sendToOne(c.id, "early"), isOnline(c.id))
		c.raw(standardHandshake)
		c.finishHandshake()
		c.expect()
	})
}

// handshakeShown performs a handshake with all its parts in the transcript.
func handshakeShown(s *stage, request string) {
	s.gateway(gatewayConfig{})
	w := s.worker()
	c := s.dial()
	c.raw(request)
	w.expect()
	c.log("%s < %s", c.name, quote([]byte(c.readHead())))
	if c.upgraded {
		c.say("hello")
		c.drain()
	}
	w.drain()
}
