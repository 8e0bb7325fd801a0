package businessworker

import (
	"net/http"
	"testing"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/fuzzvolume"
	"github.com/google/go-cmp/cmp"
)

const handshakeText = `a:3:{s:3:"get";a:2:{s:1:"a";s:1:"1";s:4:"list";a:1:{i:0;s:1:"x";}}s:6:"server";a:11:{` +
	`s:12:"QUERY_STRING";s:3:"a=1";s:14:"REQUEST_METHOD";s:3:"GET";s:11:"REQUEST_URI";s:5:"/?a=1";` +
	`s:15:"SERVER_PROTOCOL";s:8:"HTTP/1.1";s:11:"SERVER_NAME";s:6:"host:1";s:12:"CONTENT_TYPE";N;` +
	`s:11:"REMOTE_ADDR";s:9:"127.0.0.1";s:11:"REMOTE_PORT";i:5000;s:11:"SERVER_PORT";i:8282;` +
	`s:9:"HTTP_HOST";s:6:"host:1";s:20:"HTTP_X_FORWARDED_FOR";s:7:"1.2.3.4";}s:6:"cookie";a:1:{s:2:"id";s:3:"a%b";}}`

func TestDecodeHandshake(t *testing.T) {
	hs, err := decodeHandshake(&gatewayprotocol.Message{Body: []byte(handshakeText)})
	if err != nil {
		t.Fatal(err)
	}
	got := hs.Server
	got.Vars = nil
	want := ServerVars{
		QueryString: "a=1", RequestMethod: "GET", RequestURI: "/?a=1", ServerProtocol: "HTTP/1.1", ServerName: "host:1",
		RemoteAddr: "127.0.0.1", RemotePort: 5000, ServerPort: 8282,
		Header: http.Header{"Host": {"host:1"}, "X-Forwarded-For": {"1.2.3.4"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("server (-want +got):\n%s", diff)
	}
	if hs.Query.Get("a") != "1" || hs.Query.Get("list") != "" || !hs.Query.Has("list") || hs.Query.Has("b") || hs.Cookies.Get("id") != "a%b" {
		t.Errorf("get %v, cookie %v", hs.Query.Array, hs.Cookies.Array)
	}
	if n := hs.Server.Vars.Len(); n != 11 {
		t.Errorf("%d variables, want 11", n)
	}
	var none Params
	if none.Get("x") != "" || none.Has("x") {
		t.Error("no parameters are some")
	}
}

// TestDecodeHandshake3x: what a gateway on Workerman 4 sends for the request
// "GET /?a=1" with Host: host:81 and Cookie: id=a%20b.
func TestDecodeHandshake3x(t *testing.T) {
	const text = `a:3:{s:3:"get";a:1:{s:1:"a";s:1:"1";}s:6:"server";a:8:{s:14:"REQUEST_METHOD";s:3:"GET";s:11:"REQUEST_URI";s:5:"/?a=1";` +
		`s:15:"SERVER_PROTOCOL";N;s:9:"HTTP_HOST";s:7:"host:81";s:11:"SERVER_NAME";s:4:"host";s:11:"SERVER_PORT";s:2:"81";` +
		`s:11:"HTTP_COOKIE";s:8:"id=a%20b";s:12:"QUERY_STRING";s:3:"a=1";}s:6:"cookie";a:1:{s:2:"id";s:3:"a b";}}`
	hs, err := decodeHandshake(&gatewayprotocol.Message{Body: []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	got := hs.Server
	got.Vars = nil
	want := ServerVars{
		QueryString: "a=1", RequestMethod: "GET", RequestURI: "/?a=1", ServerName: "host", ServerPort: 81,
		Header: http.Header{"Host": {"host:81"}, "Cookie": {"id=a%20b"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("server (-want +got):\n%s", diff)
	}
	if id := hs.Cookies.Get("id"); id != "a b" {
		t.Errorf("cookie %q", id)
	}
}

func FuzzDecodeHandshake(tf *testing.F) {
	f := fuzzvolume.For(tf)
	for _, s := range []string{handshakeText, "", "N;", "a:0:{}", `a:1:{s:6:"server";i:1;}`, `a:1:{s:6:"server";a:1:{s:11:"REMOTE_PORT";i:-1;}}`, `a:1:{s:3:"get";R:1;}`} {
		f.Add([]byte(s), byte(0))
	}
	f.Fuzz(func(t *testing.T, body []byte, flag byte) {
		hs, err := decodeHandshake(&gatewayprotocol.Message{Flag: gatewayprotocol.Flag(flag), Body: body})
		if err == nil && (hs.Query.Array == nil || hs.Cookies.Array == nil || hs.Server.Vars == nil || hs.Server.Header == nil) {
			t.Error("a part is missing")
		}
	})
}
