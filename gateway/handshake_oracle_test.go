package gateway

import (
	"math/rand/v2"
	"testing"
)

// TestURLQueryOracle compares phpURLQuery with PHP's parse_url on URIs put
// together from the pieces that its rules are about.
func TestURLQueryOracle(t *testing.T) {
	const n = 20000
	pieces := []string{
		"/", "//", "///", "?", "#", ":", "@", "[", "]", "[::1]", ".", "..", "a", "b=1", "&", "http", "http:", "http://", "https://h",
		"file:", "file://", "FILE:///", "mailto:", "C:", "0", "1", "80", ":80", ":8080/", "65535", "65536", "99999", "123456", "-", "+", "-0", "+1",
		"\x00", "\x01", "\t", "\r", "\n", "\x1f", "\x7f", "\x80", "\xff", "é", "%20", "%", "=", ";", "\\", "\v", "_", "~", "x:y", "u:p@", "//h:80abcd", "//h: +80", "h:80a",
	}
	uris := []string{"", "/", "/?a=1", "//h?a", "http://h?a", "file:///c:/x?a", "file://h/?a", ":80", ":", "a:80/?b", "/x:80?a", "/x:80/?a", "//:0/?a", "/?a#b?c", "/#a?b"}
	rng := rand.New(rand.NewPCG(1, 2))
	for len(uris) < n {
		var uri string
		if rng.IntN(2) == 0 {
			uri = "/"
		}
		for range 1 + rng.IntN(8) {
			uri += pieces[rng.IntN(len(pieces))]
		}
		uris = append(uris, uri)
	}
	php := newPHPOracle(t, "testdata/oracle_handshake.php", n)
	wrong := 0
	for _, uri := range uris {
		want := string(php.ask(nil, []byte(uri)))
		if got := phpURLQuery(uri); got != want {
			t.Errorf("query of %q = %q, PHP %q", uri, got, want)
			if wrong++; wrong == 20 {
				t.FailNow()
			}
		}
	}
}
