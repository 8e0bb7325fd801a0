package clientproto

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
)

// dataOf returns the body of ON_WEBSOCKET_CONNECT for a request head.
func dataOf(t testing.TB, head string, d *dialect) string {
	t.Helper()
	head = strings.TrimSuffix(head, "\r\n\r\n")
	req := &Request{head: head, client: &recorder{t: t}, dialect: d}
	return string(req.AppendEvent(nil))
}

// recordedDialects are the dialects with where the original is found and what
// was recorded of it.
var recordedDialects = []struct {
	name     string
	dialect  *dialect
	autoload string // the environment variable that names an autoload file
	file     string
}{
	{"Workerman5", &workerman5, "GATEWAYWORKER_PHP_AUTOLOAD", "testdata/handshakes.txt"},
	{"Workerman4", &workerman4, "GATEWAYWORKER_PHP3_AUTOLOAD", "testdata/handshakes_workerman4.txt"},
}

// oddHeads are request heads, without what the handshake itself asks for, that
// the original reads in a way of its own.
var oddHeads = []string{
	wsTestRequest,
	"GET / HTTP/1.1\r\n\r\n",
	"GET\r\n\r\n",
	"GET \r\n\r\n",
	"GET  / HTTP/1.1\r\n\r\n",
	"GET /a b c HTTP/1.1\r\n\r\n",
	"GET / \r\n\r\n",
	"GET /\r\n\r\n",
	"GET / HTTP/\r\n\r\n",
	"GET / http/1.1\r\n\r\n",
	"GET /HTTP/1.1\r\n\r\n",
	"GET /HTTP/x HTTP/1.1 HTTP/1.0\r\n\r\n",
	"GETAWAY /?x HTTP/2\r\n\r\n",
	"GET\t/?tab=1\tHTTP/1.1\r\n\r\n",
	"GET /\nHost: newline\n HTTP/1.1\r\nA: b\nC: d\r\n\r\n",
	"GET /\x00?nul=\x00&after=1 HTTP/1.1\r\nA\x00B: c\x00d\r\n\r\n",
	"GET http://u:p@h:80/path?q=1#f HTTP/1.1\r\nHost: other\r\n\r\n",
	"GET //host/path?q=1 HTTP/1.1\r\n\r\n",
	"GET ///?q=1 HTTP/1.1\r\n\r\n",
	"GET http:///?q=1 HTTP/1.1\r\n\r\n",
	"GET /x:80?q=1 HTTP/1.1\r\n\r\n",
	"GET /?q=1:80 HTTP/1.1\r\n\r\n",
	"GET :80 HTTP/1.1\r\n\r\n",
	"GET /?a=1&a=2&b[]=1&b[]=2&c[x]=1&c[y][z]=2&c[]=3 HTTP/1.1\r\n\r\n",
	"GET /?a.b=1&c%20d=2&e[=3&f[g=4&%5Bh%5D=5&i%5B%5D=6&=7&&j&k=l=m HTTP/1.1\r\n\r\n",
	"GET /?123=a&-5=b&007=c&9223372036854775808=d&x[1]=e&x[01]=f HTTP/1.1\r\n\r\n",
	"GET /?%zz=%&a+b=c+d&%C3%A9=%ff#frag?no HTTP/1.1\r\n\r\n",
	"GET /" + strings.Repeat("?a&b", 600) + "&a[]=1 HTTP/1.1\r\n\r\n",
	"GET /?" + manyVariables(1100) + " HTTP/1.1\r\n\r\n",
	"GET /?a" + strings.Repeat("[x]", 70) + "=deep HTTP/1.1\r\n\r\n",
	"GET / HTTP/1.1\r\nhost:\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a\r\nHOST: b\r\nhost:\r\n\r\n",
	"GET / HTTP/1.1\r\nHost : blank\r\n Host: folded\r\n\tmore: tab\r\n\r\n",
	"GET / HTTP/1.1\r\nno colon\r\n: no name\r\n::\r\n-: dash\r\n_: underscore\r\n\r\n",
	"GET / HTTP/1.1\r\nX-A: 1\r\nOther: 2\r\nX_A: 3\r\nx-a: 4\r\n\r\n",
	"GET / HTTP/1.1\r\n123: int\r\n0: zero\r\n-1: minus\r\n0123: string\r\n123: again\r\n\r\n",
	"GET / HTTP/1.1\r\nA: \t value \t \r\nB:\x0bvertical\x0b\r\nC:\x00nul\x00\r\n\r\n",
	"GET / HTTP/1.1\r\nContent-Type: text/plain\r\nCONTENT-TYPE: b\r\nRemote-Addr: forged\r\nQuery-String: forged\r\n\r\n",
	"GET / HTTP/1.1\r\n\xc3\x89t\xc3\xa9: \xc3\xa9\r\nX-\xff\xe9: latin\r\n\xdf: s\r\n\r\n",
	"GET / HTTP/1.1\r\nCookie: a=1; b=2;c=3 ;d; =empty; e = 5 ; f=%20+; a=6; 7=seven; g=h=i;;\r\n\r\n",
	"GET / HTTP/1.1\r\nCookie: a=1; b=2\r\nCookie: b=3; c=4\r\n\r\n",
	"GET / HTTP/1.1\r\nCookie: \r\n\r\n",
	"GET / HTTP/1.1\r\nCookie: \x00a\x00=\x00; \x0bb=1; a.b=2; a[]=3\r\n\r\n",
	"GET / HTTP/1.1\r\n\r\r\n\n\r\n A: b\r\n\r\n",
	"GET / HTTP/1.1\r\n" + repeatedHeaders(100) + "\r\n",
	"GET /?0 HTTP/1.1\r\n0\r\n00\r\nX\r\nCOOKIE\r\nHOST\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: h:1\r\nX: y\r\nHost: g\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: h\r\nX: y\r\nHOST: g:2:3\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: [::1]:8282\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: :\r\n\r\n",
	"GET / HTTP/1.1\r\nCookie: a=1\r\nX: y\r\ncookie:\r\n\r\n",
	"GET / HTTP/1.1\r\nCookie: a=b%20c; n=%E4%BD%A0; s=%3B%20x=1; p=1+2; q=\"x y\"; r[]=1; r[]=2; r[k]=3\r\n\r\n",
	"GET / HTTP/1.1\r\nCookie: a=1&b=2; c.d=3; e f=4;  g=5; ; =6; h; a=7\r\n\r\n",
}

// oddURIs are URIs of which parse_url finds the query, or not, by one or the
// other of its rules.
var oddURIs = []string{
	"/", "/?", "/?a=1", "/#?a", "/?a#b?c", "?a", "#", "*", "a?b", "/a//b?c", "/?a\x01\x1f\x7f\x80=\t", "/?a?b?c",
	":", ":?a", ":80", ":80/?a", ":80?a", ":x/?a", ":65536/?a", ":99999?a", ":0/?a",
	"h:80", "h:80/?a", "h:80?a", "h:80x?a", "h:65536/?a", "h:123456/?a", "h:1234567/?a", "h:", "h:?a", "h:/?a", "h:x?a",
	"//", "///?a", "//?a", "//h?a", "//h/?a", "//h#?a", "//h:?a", "//h:80?a", "//h:65536?a", "//h:x?a", "//h:123456?a",
	"//h: 80?a", "//h:+80?a", "//h:-1?a", "//h:-0?a", "//h:80x?a", "//h:80xyz/?a", "//u:p@h?a", "//u@:80?a", "//@?a", "//u:p@?a",
	"//[::1]?a", "//[::1]:80?a", "//[::1]:x?a", "//[::1?a", "//::1?a", "//h:1:2?a", "//h:0:x?a", "//h:0/:80?a",
	"http:", "http:/", "http:/?a", "http://", "http:///?a", "http://?a", "http://h", "http://h?a", "http://h:80?a", "http://h:99999?a", "http:a?b",
	"file:", "file:/?a", "file://h?a", "file:///?a", "FILE:///c:/x?a", "file:///c?a", "mailto:x?a", "C:/x?a", "a+b-c.1://h?d",
	"/x:80", "/x:80/?a", "/x:80?a", "/x:y?a", "/?a:80", "/#a:80", "/?a:80/b", "/x:?a", "/x:", "//x/y:80?a", "//x/y:80/?a", "//x/y:z?a", "//x:80/y:?a",
	"_a:?b", "_a:80?b", "_a:80/?b", "é:/?a", "http\x00://h?a", "/\x00?a\x00b",
}

// allOddHeads are oddHeads and requests for oddURIs.
func allOddHeads() []string {
	heads := oddHeads[:len(oddHeads):len(oddHeads)]
	for _, uri := range oddURIs {
		heads = append(heads, "GET "+uri+" HTTP/1.1\r\n\r\n")
	}
	return heads
}

var recordHandshakes = flag.Bool("record-handshakes", false, "ask PHP what it makes of request heads, and write testdata/handshakes*.txt")

// TestHandshakeDataRecorded compares the body of ON_WEBSOCKET_CONNECT with what
// was recorded of the original.
func TestHandshakeDataRecorded(t *testing.T) {
	for _, r := range recordedDialects {
		t.Run(r.name, func(t *testing.T) {
			if *recordHandshakes {
				recordHandshakeData(t, newPHPOracleOf(t, r.autoload, "testdata/oracle_handshake.php", 0), r.file)
			}
			recorded, err := os.ReadFile(r.file)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for block := range strings.SplitSeq(strings.TrimSpace(string(recorded)), "\n\n") {
				quotedHead, quotedData, _ := strings.Cut(block, "\n")
				head, err := strconv.Unquote(quotedHead)
				if err != nil {
					t.Fatal(err)
				}
				want, err := strconv.Unquote(quotedData)
				if err != nil {
					t.Fatal(err)
				}
				if got := dataOf(t, head, r.dialect); got != want {
					t.Errorf("head %.300q:\n got %.600q\nwant %.600q", head, got, want)
				}
				n++
			}
			if want := len(allOddHeads()); n != want {
				t.Errorf("%d heads recorded, want %d: run with -record-handshakes", n, want)
			}
		})
	}
}

func recordHandshakeData(t *testing.T, php *phpOracle, file string) {
	t.Helper()
	var b strings.Builder
	for _, head := range allOddHeads() {
		fmt.Fprintf(&b, "%q\n%q\n\n", head, php.ask([]byte(head)))
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// repeatedHeaders are n lines in which every third name comes again.
func repeatedHeaders(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("X-" + itoa(i-i%3) + ": " + itoa(i) + "\r\n")
	}
	return b.String()
}

func manyVariables(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("&v" + itoa(i) + "=" + itoa(i))
	}
	return b.String()
}

// randomHeads puts request heads together from pieces.
func randomHeads(n int) []string {
	pieces := []string{
		" ", " ", "\r\n", "\r\n", "\r\n", ":", ":", ": ", "=", "&", ";", "; ", ",", "?", "#", "/", "\t", "\n", "\r", "\x00", "\x80", "\xe9",
		"GET", "HTTP/1.1", "HTTP/", "Host", "host", "Cookie: ", "\r\nCookie: ", "\r\nContent-Type:", "X-Y", "x_y", "a", "b", "A", "1", "-1", "007",
		"a=1", "[", "]", "[]", "a[b]=", "%20", "%5B", "%", "+", ".", "_", "-", "HTTP_X", "example.com:80",
	}
	rng := rand.New(rand.NewPCG(5, 6))
	heads := make([]string, 0, n)
	for len(heads) < n {
		head := "GET "
		for range rng.IntN(12) {
			head += pieces[rng.IntN(len(pieces))]
		}
		head += " HTTP/1.1\r\n"
		for range rng.IntN(24) {
			head += pieces[rng.IntN(len(pieces))]
		}
		// The head ends at the first blank line.
		head, _, _ = strings.Cut(head, "\r\n\r\n")
		heads = append(heads, head+"\r\n\r\n")
	}
	return heads
}

// TestHandshakeDataOracle compares the body of ON_WEBSOCKET_CONNECT with what
// the original's Gateway::onWebsocketConnect makes of the same request.
func TestHandshakeDataOracle(t *testing.T) {
	heads := append(allOddHeads(), randomHeads(5000)...)
	for _, r := range recordedDialects {
		t.Run(r.name, func(t *testing.T) {
			php := newPHPOracleOf(t, r.autoload, "testdata/oracle_handshake.php", len(heads))
			wrong := 0
			for _, head := range heads {
				want := string(php.ask([]byte(head)))
				if got := dataOf(t, head, r.dialect); got != want {
					t.Errorf("head %.300q:\n got %.600q\nwant %.600q", head, got, want)
					if wrong++; wrong == 10 {
						t.FailNow()
					}
				}
			}
		})
	}
}

// TestURLQueryOracle compares phpURLQuery with PHP's parse_url on URIs put
// together from the pieces that its rules are about.
func TestURLQueryOracle(t *testing.T) {
	const n = 20000
	pieces := []string{
		"/", "//", "///", "?", "#", ":", "@", "[", "]", "[::1]", ".", "..", "a", "b=1", "&", "http", "http:", "http://", "https://h",
		"file:", "file://", "FILE:///", "mailto:", "C:", "0", "1", "80", ":80", ":8080/", "65535", "65536", "99999", "123456", "-", "+", "-0", "+1",
		"\x00", "\x01", "\t", "\r", "\n", "\x1f", "\x7f", "\x80", "\xff", "é", "%20", "%", "=", ";", "\\", "\v", "_", "~", "x:y", "u:p@", "//h:80abcd", "//h: +80", "h:80a",
	}
	uris := append([]string{""}, oddURIs...)
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
