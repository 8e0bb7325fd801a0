package compattests

// What clients put into Cookie, Host, the version and the request line: where the
// handshakes of Workerman 5 and of those before it differ most.
func init() {
	cookies := map[string]string{
		"percent":         "a=b%20c; name=%E4%BD%A0%E5%A5%BD; odd=%zz%; A=%41",
		"by-setcookie":    "login=tom%40example.com%7C%2Fchat%3F1%2B1%3D2; note=a%3Bb%2C+c%22",
		"semicolon-only":  "a=1;b=2;c=3",
		"mixed":           "a=1; b=2;c=3 ;d; e=5",
		"quotes":          `a="q q"; b='x'; c="1;2"; d="\""`,
		"plus":            "a=1+2; b=%2B; c d=3; e+f=4",
		"repeated":        "a=1; b=2; a=3",
		"arrays":          "a[]=1; a[]=2; a[x]=3; b[c][d]=4; b[c][]=5; e[=6",
		"encoded-names":   "a%5B%5D=1; b%20c=2; %64=3; e%3Df=4",
		"ampersand":       "a=1&b=2; c=3&d",
		"dots":            "a.b=1; .c=2; d.=3",
		"blanks":          "  a=1;  b=2  ; c = 3",
		"empty-pairs":     "; a=1;; b=2; =3; ;",
		"no-value":        "a; b=; =",
		"only-one-word":   "token",
		"integer-names":   "7=seven; 007=bond; -1=minus",
		"bytes":           "a=\xff\x80; b=%FF%00x; c\x00d=1",
		"equals-in-value": "a=b=c; d==; e=f%3Dg",
		"prefixes":        "__Host-a=1; __Secure-b=2; __Host.c=3; _.Host-d=4",
	}
	for _, name := range sortedKeys(cookies) {
		scene("handshake/cookie-"+name, func(s *stage) {
			handshakeShown(s, request("GET / HTTP/1.1", "Host: h", "Cookie: "+cookies[name], keyHeader, versionHeader))
		})
	}
	heads := map[string][]string{
		"cookie-header-empty":        {"GET / HTTP/1.1", "Cookie:"},
		"cookie-header-empty-second": {"GET / HTTP/1.1", "Cookie: a=1", "Cookie:"},
		"cookie-headers-three":       {"GET / HTTP/1.1", "Cookie: a=1; b=1", "X: y", "cookie: a=2", "COOKIE: c=3"},
		"cookie-header-other-names":  {"GET / HTTP/1.1", "Cookie2: a=1", "Cookie : b=2", "Set-Cookie: c=3"},
		"host-empty":                 {"GET / HTTP/1.1", "Host:"},
		"host-ipv4-port":             {"GET / HTTP/1.1", "Host: 192.0.2.7:443"},
		"host-ipv6-no-port":          {"GET / HTTP/1.1", "Host: [2001:db8::1]"},
		"host-colon-behind":          {"GET / HTTP/1.1", "Host: h:"},
		"host-only-port":             {"GET / HTTP/1.1", "Host: :80"},
		"host-two-colons":            {"GET / HTTP/1.1", "Host: h:1:2"},
		"host-port-no-number":        {"GET / HTTP/1.1", "Host: h:x"},
		"host-twice-port-first":      {"GET / HTTP/1.1", "Host: h:1", "X: y", "Host: g"},
		"host-twice-port-second":     {"GET / HTTP/1.1", "Host: h", "X: y", "HOST: g:2"},
		"host-behind-others":         {"GET / HTTP/1.1", "X: y", "Host: h:1", "Z: z"},
		"line-method-only":           {"GET"},
		"line-method-and-blank":      {"GET "},
		"line-two-blanks-first":      {"GET  / HTTP/1.1"},
		"line-blank-behind":          {"GET / "},
		"line-four-words":            {"GET / HTTP/1.1 HTTP/1.0"},
		"line-tabs":                  {"GET\t/?a=1\tHTTP/1.1"},
		"line-lower-case-protocol":   {"GET / http/1.1"},
		"line-http-2":                {"GET /HTTP/x?a=1 HTTP/2"},
		"query-zero":                 {"GET /?0 HTTP/1.1", "Host: h"},
		"header-zero-line":           {"GET / HTTP/1.1", "0", "00", "X"},
		"header-odd-blanks":          {"GET / HTTP/1.1", "A: \t v \t ", "B:\x0bvertical\x0b", "C:\x00nul\x00", "D: carriage\r"},
		"header-dash-and-underscore": {"GET / HTTP/1.1", "X-A: 1", "X-B: 2", "X_A: 3"},
		"header-names-of-server":     {"GET / HTTP/1.1", "Host: h", "Server-Name: forged", "Remote-Addr: forged", "Query-String: forged", "Request-Method: forged"},
	}
	for _, name := range sortedKeys(heads) {
		lines := heads[name]
		scene("handshake/"+name, func(s *stage) {
			handshakeShown(s, request(lines[0], append(lines[1:len(lines):len(lines)], keyHeader, versionHeader)...))
		})
	}
	for _, v := range []struct{ name, lines string }{
		{"missing", ""}, {"empty", "Sec-WebSocket-Version:\r\n"}, {"8", "Sec-WebSocket-Version: 8\r\n"}, {"blank-behind", "Sec-WebSocket-Version: 13 \r\n"},
	} {
		scene("handshake/version-"+v.name, func(s *stage) {
			handshakeShown(s, "GET / HTTP/1.1\r\n"+v.lines+keyHeader+"\r\n\r\n")
		})
	}
	scene("handshake/texts-wait-for-it", func(s *stage) {
		s.gateway(gatewayConfig{})
		w := s.worker()
		c := s.dial()
		a := s.inner()
		a.ask(sendToOne(c.id, "early one"), sendToAll("", "early two"), isOnline(c.id))
		c.raw(standardHandshake)
		w.expect()
		c.log("%s < %s", c.name, quote([]byte(c.readHead())))
		c.expectN(2)
		c.drain()
	})
	scene("handshake/refused-flash-policy", func(s *stage) {
		s.gateway(gatewayConfig{})
		w := s.worker()
		c := s.dial()
		c.raw("<policy-file-request/>\x00")
		c.expectClosed()
		w.expect()
		w.drain()
	})
}
