package gatewayprotocol

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRegisterLines(t *testing.T) {
	for _, tt := range []struct{ name, got, want string }{
		{"gateway", string(AppendGatewayConnect(nil, "127.0.0.1:2900", "k/é")),
			`{"event":"gateway_connect", "address":"127.0.0.1:2900", "secret_key":"k/é"}`},
		{"gateway, odd key", string(AppendGatewayConnect(nil, "a:1", "a\"b\\c\n\x01\x7f")),
			`{"event":"gateway_connect", "address":"a:1", "secret_key":"a\"b\\c\u000a\u0001` + "\x7f\"}"},
		{"worker", string(AppendWorkerConnect(nil, "")), `{"event":"worker_connect","secret_key":""}`},
		{"ping", string(AppendRegisterPing(nil)), `{"event":"ping"}`},
		{"bad request", string(AppendBadRegisterRequest(nil, "[::1]", []byte("x\x00"))),
			"Bad request for Register service. Request info(IP:[::1], Request Buffer:x\x00). See http://doc2.workerman.net/register-auth-timeout.html"},
	} {
		if tt.got != tt.want+"\n" {
			t.Errorf("%s:\n%q, want\n%q", tt.name, tt.got, tt.want+"\n")
		}
	}
}

func address(t *testing.T, v any) RegisterAddress {
	t.Helper()
	a, err := NewRegisterAddress(v)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAppendBroadcastAddresses(t *testing.T) {
	for _, tt := range []struct {
		addrs []any
		want  string
	}{
		{nil, `[]`},
		{[]any{"127.0.0.1:2900"}, `["127.0.0.1:2900"]`},
		{[]any{"a", "b", "a", "b"}, `["a","b"]`},
		{[]any{"a", "a", "b"}, `{"0":"a","2":"b"}`},
		{[]any{"a/b", "é"}, `["a\/b","\u00e9"]`},
		{[]any{int64(1), "1", true, "b"}, `{"0":1,"3":"b"}`},
	} {
		var addrs []RegisterAddress
		for _, a := range tt.addrs {
			addrs = append(addrs, address(t, a))
		}
		want := `{"event":"broadcast_addresses","addresses":` + tt.want + "}\n"
		if got := string(AppendBroadcastAddresses(nil, addrs)); got != want {
			t.Errorf("%v: %q, want %q", tt.addrs, got, want)
		}
	}
}

// Lines as Register sees them; the server's tests in package register hold
// what it does about them.
var requestCases = []struct {
	line    string
	event   RegisterEvent
	address string
	key     string
	noKey   bool // a key that is no string
	bad     bool
}{
	{line: `{"event":"gateway_connect", "address":"127.0.0.1:2900", "secret_key":"k"}`, event: EventGatewayConnect, address: "127.0.0.1:2900", key: "k"},
	{line: `{"event":true,"address":123}`, event: EventGatewayConnect, address: "123"},
	{line: `{"event":"gateway_connect","address":[1]}`, event: EventGatewayConnect, address: "Array"},
	{line: `{"event":"gateway_connect","address":"0"}`, event: EventGatewayConnect},
	{line: `{"event":"worker_connect","secret_key":null}`, event: EventWorkerConnect},
	{line: `{"event":"worker_connect","secret_key":0}`, event: EventWorkerConnect, noKey: true},
	{line: `{"event":"ping","secret_key":"k"}`, event: EventPing, key: "k"},
	{line: `{"event":"x","event":"ping"}`, event: EventPing},
	{line: `{"event":"hello","address":"a:1"}`},
	{line: `{"event":1}`},
	{line: `{"event":["ping"]}`},
	{line: ``, bad: true},
	{line: `{"event":"0"}`, bad: true},
	{line: `{"event":[]}`, bad: true},
	{line: `"event"`, bad: true},
	{line: `[{"event":"ping"}]`, bad: true},
	{line: `{"event":"gateway_connect", "address":"a:1", "secret_key":"a"b"}`, bad: true},
}

func TestParseRegisterRequest(t *testing.T) {
	for _, tt := range requestCases {
		r, err := ParseRegisterRequest([]byte(tt.line))
		if tt.bad {
			if !errors.Is(err, ErrBadRegisterRequest) {
				t.Errorf("%s: %v", tt.line, err)
			}
			continue
		}
		if err != nil || r.Event != tt.event || r.Address.String() != tt.address || r.HasAddress != (tt.address != "") ||
			r.SecretKey != tt.key || r.KeyIsString == tt.noKey {
			t.Errorf("%s: %+v, %v", tt.line, r, err)
		}
		if r.KeyMatches(tt.key) == tt.noKey || r.KeyMatches("other") {
			t.Errorf("%s: KeyMatches is wrong", tt.line)
		}
	}
	if _, err := ParseRegisterRequest([]byte(`{"event":true,"address":1e999}`)); err == nil || errors.Is(err, ErrBadRegisterRequest) {
		t.Errorf("infinite address: %v", err)
	}
}

var broadcastCases = []struct {
	line string
	want []string
	bad  bool
}{
	{line: `{"event":"broadcast_addresses","addresses":["127.0.0.1:2900","b:1"]}`, want: []string{"127.0.0.1:2900", "b:1"}},
	{line: `{"event":"broadcast_addresses","addresses":{"0":"a","2":"b"}}`, want: []string{"a", "b"}},
	{line: `{"event":"broadcast_addresses","addresses":["a\/b","\u4e2d","a\/b"]}`, want: []string{"a/b", "中"}},
	{line: `{"event":"broadcast_addresses","addresses":[]}`, want: []string{}},
	{line: `{"event":true,"addresses":{}}`, want: []string{}},
	{line: `{"event":"broadcast_addresses","addresses":[5,true,null,["x"]]}`, want: []string{"5", "1", "", "Array"}},
	{line: ``, bad: true},
	{line: `5`, bad: true},
	{line: `{"addresses":[]}`, bad: true},
	{line: `{"event":"pong","addresses":[]}`, bad: true},
	{line: `{"event":"broadcast_addresses","addresses":"a"}`, bad: true},
	{line: `{"event":"broadcast_addresses"}`, bad: true},
}

func TestParseBroadcastAddresses(t *testing.T) {
	for _, tt := range broadcastCases {
		got, err := ParseBroadcastAddresses([]byte(tt.line))
		var be *BroadcastError
		if tt.bad != errors.As(err, &be) || !tt.bad && (err != nil || !cmp.Equal(got, tt.want)) {
			t.Errorf("%s: %q, %v", tt.line, got, err)
		}
	}
}

func TestTrimLine(t *testing.T) {
	if got := string(TrimLine([]byte(" a\rb\n\r\r\n"))); got != " a\rb" {
		t.Errorf("%q", got)
	}
}

var connectCases = []struct {
	body      string
	workerKey string
	key       string
	noKey     bool
	refused   bool
}{
	{body: `{"worker_key":"name:0","secret_key":""}`, workerKey: "name:0"},
	{body: `{"worker_key":"name:0","secret_key":"k"}`, workerKey: "name:0", key: "k"},
	{body: `{"secret_key":"\u4e2d"}`, key: "中"},
	{body: `{"worker_key":5,"secret_key":""}`, workerKey: "5"},
	{body: `{"worker_key":1.5,"secret_key":""}`, workerKey: "1.5"},
	{body: `{"worker_key":true,"secret_key":""}`, workerKey: "1"},
	{body: `{"worker_key":null,"secret_key":""}`},
	{body: `{"worker_key":["x"],"secret_key":""}`, workerKey: "Array"},
	{body: `{"worker_key":"x"}`, workerKey: "x", noKey: true},
	{body: `{"secret_key":null}`, noKey: true},
	{body: `{"secret_key":0}`, noKey: true},
	{body: `[]`, noKey: true},
	{body: `5`, noKey: true},
	{body: `x`, noKey: true},
	{body: ``, noKey: true},
	{body: `"x"`, refused: true},
	{body: `""`, refused: true},
}

func TestParseConnectBody(t *testing.T) {
	for _, tt := range connectCases {
		c, err := ParseConnectBody(CmdWorkerConnect, []byte(tt.body))
		if tt.refused {
			var me *MessageError
			if !errors.As(err, &me) || me.Part != "body" || !strings.Contains(err.Error(), "CMD_WORKER_CONNECT: body is") {
				t.Errorf("%s: %v", tt.body, err)
			}
			continue
		}
		if err != nil || c.WorkerKey != tt.workerKey || c.SecretKey != tt.key || c.KeyIsString == tt.noKey ||
			c.KeyMatches(tt.key) == tt.noKey || c.KeyMatches("other") {
			t.Errorf("%s: %+v, %v", tt.body, c, err)
		}
	}
}

func TestAppendConnectBodies(t *testing.T) {
	b, err := AppendWorkerConnectBody(nil, "a/b:0", "ké\"")
	if want := `{"worker_key":"a\/b:0","secret_key":"k\u00e9\""}`; err != nil || string(b) != want {
		t.Errorf("%s, %v, want %s", b, err, want)
	}
	b, err = AppendGatewayClientConnectBody(nil, "")
	if want := `{"secret_key":""}`; err != nil || string(b) != want {
		t.Errorf("%s, %v, want %s", b, err, want)
	}
	for _, f := range []func() ([]byte, error){
		func() ([]byte, error) { return AppendWorkerConnectBody([]byte("x"), "\xff", "") },
		func() ([]byte, error) { return AppendWorkerConnectBody([]byte("x"), "", "\xff") },
		func() ([]byte, error) { return AppendGatewayClientConnectBody([]byte("x"), "\xff") },
	} {
		if b, err := f(); err == nil || string(b) != "x" {
			t.Errorf("bad UTF-8: %q, %v", b, err)
		}
	}
}

var listenCases = []struct {
	in, out string
	port    uint16
	err     error
}{
	{in: "websocket://0.0.0.0:8282", out: "websocket://0.0.0.0:8282", port: 8282},
	{in: "Websocket://0.0.0.0:8282", out: "websocket://0.0.0.0:8282", port: 8282},
	{in: "WEBSOCKET://localhost:1", out: "websocket://localhost:1", port: 1},
	{in: "text://[::]:8283", out: "text://[::]:8283", port: 8283},
	{in: "Frame://127.0.0.1:65535", out: "frame://127.0.0.1:65535", port: 65535},
	{in: "tcp://:0", out: "tcp://:0"},
	{in: "Mine://a:5/", out: "mine://a:5", port: 5},
	{in: "0.0.0.0:8282", err: ErrNoScheme},
	{in: "", err: ErrNoScheme},
	{in: "://a:1", err: ErrNoScheme},
	{in: "http://0.0.0.0:80", err: ErrUnknownScheme},
	{in: "udp://0.0.0.0:80", err: ErrUnknownScheme},
	{in: "unix:///tmp/a.sock", err: ErrUnknownScheme},
	{in: "ssl://0.0.0.0:443", err: ErrUnknownScheme},
	{in: "websocket://0.0.0.0", err: ErrNoPort},
	{in: "websocket://0.0.0.0:", err: ErrNoPort},
	{in: "websocket://[::]", err: ErrNoPort},
	{in: "websocket://0.0.0.0:65536", err: ErrBadPort},
	{in: "websocket://0.0.0.0:-1", err: ErrBadPort},
	{in: "websocket://0.0.0.0:+1", err: ErrBadPort},
	{in: "websocket://0.0.0.0:x", err: ErrBadPort},
	{in: "websocket://::1:8282", err: ErrBadHost},
	{in: "websocket://[a]:8282", err: ErrBadHost},
	{in: "websocket://a/b:8282", err: ErrBadHost},
}

func TestParseListenAddress(t *testing.T) {
	for _, tt := range listenCases {
		a, err := ParseListenAddress(tt.in, "Mine")
		if tt.err != nil {
			var le *ListenAddressError
			if !errors.Is(err, tt.err) || !errors.As(err, &le) || le.Text != tt.in {
				t.Errorf("%q: %v, %v, want %v", tt.in, a, err, tt.err)
			}
			continue
		}
		if err != nil || a.String() != tt.out || a.Port != tt.port {
			t.Errorf("%q: %v, %v", tt.in, a, err)
		}
	}
}
