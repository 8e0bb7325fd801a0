package connecthook

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"

	"github.com/go-gatewayworker/gatewayworker/gateway"
	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

// rig is a gateway that asks an endpoint, and a worker of it.
type rig struct {
	*testing.T
	hook    *Hook
	worker  *clustertest.Worker
	gateway *clustertest.Gateway
	stats   func() gateway.ConnectHookStats
	logs    *logtest.Hook
}

// newRig starts a gateway that asks endpoint. o and configure may be changed by the
// caller's wishes.
func newRig(t *testing.T, endpoint http.HandlerFunc, o Options, configure func(*gateway.Options)) *rig {
	t.Helper()
	server := httptest.NewServer(endpoint)
	t.Cleanup(server.Close)
	return newRigAt(t, server.URL+"/ask?from=gateway", o, configure)
}

func newRigAt(t *testing.T, url string, o Options, configure func(*gateway.Options)) *rig {
	t.Helper()
	r := &rig{T: t}
	var logger *logrus.Logger
	logger, r.logs = logtest.NewNullLogger()
	o.URL, o.Logger, o.Gateway = url, logger, "127.0.0.1:2900"
	if o.InFlight == 0 {
		o.InFlight = 64
	}
	var err error
	if r.hook, err = New(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.hook.Close)
	c := clustertest.Start(t, clustertest.Go, clustertest.Options{Configure: func(opts *gateway.Options) {
		opts.ConnectHook = r.hook.Ask
		opts.Logger = logger
		opts.ConnectHookTimeout = patience
		if configure != nil {
			configure(opts)
		}
	}})
	r.gateway = c.Gateways[0]
	r.stats = func() gateway.ConnectHookStats { return r.gateway.Go.Stats().ConnectHook }
	r.worker = r.gateway.ConnectWorker(t, "w:0")
	return r
}

// dial connects to the client port.
func (r *rig) dial() net.Conn {
	r.Helper()
	conn, err := net.Dial("tcp", r.gateway.ClientAddr)
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return conn
}

// request asks for a websocket, with some lines more.
func (r *rig) request(uri string, lines ...string) net.Conn {
	r.Helper()
	conn := r.dial()
	_, err := io.WriteString(conn, "GET "+uri+" HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+strings.Join(append(lines, ""), "\r\n")+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	if err != nil {
		r.Fatal(err)
	}
	return conn
}

// answer returns the answer to a request for a websocket, and its body.
func (r *rig) answer(conn net.Conn) (*http.Response, string) {
	r.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		r.Fatal(err)
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return resp, ""
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		r.Fatal(err)
	}
	return resp, string(body)
}

// TestQuestion: what the endpoint is asked, and that what it answers is there for the
// worker.
func TestQuestion(t *testing.T) {
	type asked struct {
		Header http.Header
		Method string
		URI    string
		Body   map[string]any
	}
	got := make(chan asked, 1)
	r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
		a := asked{Header: req.Header, Method: req.Method, URI: req.RequestURI}
		if err := json.NewDecoder(req.Body).Decode(&a.Body); err != nil {
			t.Error(err)
		}
		got <- a
		w.Header().Set("Set-Cookie", "seen=1")
		_, _ = io.WriteString(w, `{"headers":{"X-A":"1","X-B":["2",3]},"protocol":"chat","uid":42,"groups":["room",7],"session":{"name":"Ann","tags":["a"],"n":null}}`)
	}, Options{Token: "secret", Headers: []string{"Set-Cookie"}}, nil)
	conn := r.request("/chat?token=7f3a&a[]=1&bad=%ff", "Cookie: id=7%20; x=\xff", "X-One: 1", "x-one: 2", "Authorization: Basic abc", "Sec-WebSocket-Protocol: chat, mqtt")
	a := <-got
	port := conn.LocalAddr().(*net.TCPAddr).Port
	_, client, _ := net.SplitHostPort(r.gateway.ClientAddr)
	connect := r.worker.Next(t, gp.CmdOnConnect)
	id := connect.ClientID().String()
	want := fmt.Sprintf(`{"client_id":%q,"gateway":"127.0.0.1:2900","remote_addr":"127.0.0.1","remote_port":%d,"server_port":%s,"tls":false,
		"method":"GET","uri":"/chat?token=7f3a&a[]=1&bad=%%ff","host":"example.com",
		"get":{"token":"7f3a","a":["1"],"bad":"\ufffd"},"cookie":{"id":"7%%20","x":"\ufffd"},
		"headers":{"host":"example.com","upgrade":"websocket","connection":"Upgrade","cookie":"id=7%%20; x=\ufffd","x-one":"1,2","authorization":"Basic abc",
			"sec-websocket-protocol":"chat, mqtt","sec-websocket-version":"13","sec-websocket-key":"dGhlIHNhbXBsZSBub25jZQ=="},
		"protocols":["chat","mqtt"]}`, id, port, client)
	var body map[string]any
	if err := json.Unmarshal([]byte(want), &body); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(body, a.Body); diff != "" {
		t.Errorf("the question (-want +got):\n%s", diff)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json", "Authorization": "Bearer secret", "X-Forwarded-For": "127.0.0.1",
		"X-Original-Uri": "/chat?token=7f3a&a[]=1&bad=%ff", "Cookie": "id=7%20; x=\xff", "Idempotency-Key": "", "Accept-Encoding": "",
	} {
		if got := strings.Join(a.Header[name], "|"); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if a.Method != "POST" || a.URI != "/ask?from=gateway" {
		t.Errorf("%s %s", a.Method, a.URI)
	}
	resp, _ := r.answer(conn)
	if h := resp.Header; h.Get("X-A") != "1" || strings.Join(h["X-B"], "|") != "2|3" || h.Get("Set-Cookie") != "seen=1" || h.Get("Sec-WebSocket-Protocol") != "chat" {
		t.Errorf("the client gets %v", h)
	}
	const session = `a:3:{s:4:"name";s:3:"Ann";s:4:"tags";a:1:{i:0;s:1:"a";}s:1:"n";N;}`
	if m := r.worker.Next(t, gp.CmdOnWebSocketConnect); string(m.ExtData) != session {
		t.Errorf("the session is %s", m.ExtData)
	}
	info, ok := r.gateway.Go.Client(1)
	if !ok || info.UID != "42" || !cmp.Equal(info.Groups, []string{"room", "7"}) {
		t.Errorf("the gateway knows %+v", info)
	}
}

// TestAnswers: what each answer of the endpoint means for a client.
func TestAnswers(t *testing.T) {
	var answer atomic.Pointer[http.HandlerFunc]
	r := newRig(t, func(w http.ResponseWriter, req *http.Request) { (*answer.Load())(w, req) }, Options{Headers: []string{"Set-Cookie"}}, nil)
	say := func(status int, body string, headers ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i < len(headers); i += 2 {
				w.Header().Add(headers[i], headers[i+1])
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	cut := func(text string) http.HandlerFunc { // what an endpoint says that dies
		return func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(conn, text)
			_ = conn.Close()
		}
	}
	ok := say(200, "")
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		status int
		body   string
	}{
		{"nothing", ok, 101, ""},
		{"204", say(204, ""), 101, ""},
		{"{}", say(200, " {}\n"), 101, ""},
		{"PHP's []", say(200, "[]"), 101, ""},
		{"PHP's empty lists", say(200, `{"headers":[],"groups":[],"session":[],"uid":null,"protocol":null}`), 101, ""},
		{"a BOM", say(200, "\ufeff{}"), 101, ""},
		{"201", say(201, "{}"), 101, ""},
		{"no JSON", say(200, "ok"), 503, ""},
		{"an error of PHP's", say(200, "<br />\n<b>Fatal error</b>:  Uncaught Error"), 503, ""},
		{"a string", say(200, `"ok"`), 503, ""},
		{"a list", say(200, `["u"]`), 503, ""},
		{"a key that is unknown", say(200, `{"group":["a"]}`), 503, ""},
		{"a bad uid", say(200, `{"uid":{"a":1}}`), 503, ""},
		{"a float for a uid", say(200, `{"uid":1.5}`), 503, ""},
		{"groups that are no list", say(200, `{"groups":"a"}`), 503, ""},
		{"a bad group", say(200, `{"groups":[["a"]]}`), 503, ""},
		{"a bad session", say(200, `{"session":"a"}`), 503, ""},
		{"bad headers", say(200, `{"headers":["a: b"]}`), 503, ""},
		{"a header with a line break", say(200, `{"headers":{"X":"a\r\nY: b"}}`), 503, ""},
		{"more JSON", say(200, `{} {}`), 503, ""},
		{"deep JSON", say(200, strings.Repeat(`{"session":`, 10000)+"1"), 503, ""},
		{"much", say(200, `{"session":{"a":"`+strings.Repeat("x", maxAnswer)+`"}}`), 503, ""},
		{"401", say(401, "who?", "WWW-Authenticate", "Bearer", "Content-Type", "text/x", "Set-Cookie", "a=b", "X-Mine", "no"), 401, "who?"},
		{"403 without a body", say(403, ""), 403, ""},
		{"404", say(404, "nothing here"), 404, "nothing here"},
		{"429", say(429, "", "Retry-After", "7"), 429, ""},
		{"403 with much", say(403, strings.Repeat("x", maxRefusal+1)), 403, ""},
		{"302", say(302, "", "Location", "/elsewhere"), 503, ""},
		{"304", say(304, ""), 503, ""},
		{"500", say(500, "oops"), 503, ""},
		{"502", say(502, ""), 503, ""},
		{"the end", cut(""), 503, ""},
		{"garbage", cut("\x00\x01\x02\r\n\r\n"), 503, ""},
		{"a cut answer", cut("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"), 503, ""},
		{"a cut refusal", cut("HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\nno"), 403, ""},
		{"headers without end", cut("HTTP/1.1 200 OK\r\n" + strings.Repeat("X: "+strings.Repeat("x", 1000)+"\r\n", 1000) + "\r\n"), 503, ""},
	} {
		answer.Store(&tt.answer)
		resp, body := r.answer(r.request("/"))
		if resp.StatusCode != tt.status || body != tt.body {
			t.Errorf("%s: the client gets %d and %.20q, want %d and %q", tt.name, resp.StatusCode, body, tt.status, tt.body)
		}
		switch tt.name {
		case "401":
			if h := resp.Header; h.Get("WWW-Authenticate") != "Bearer" || h.Get("Content-Type") != "text/x" || h.Get("Set-Cookie") != "a=b" || h.Get("X-Mine") != "" {
				t.Errorf("401: the client gets %v", h)
			}
		case "429":
			if resp.Header.Get("Retry-After") != "7" {
				t.Errorf("429: the client gets %v", resp.Header)
			}
		}
		// The circuit stays closed.
		answer.Store(&ok)
		if resp, _ := r.answer(r.request("/")); resp.StatusCode != 101 {
			t.Fatalf("after %s: %v", tt.name, resp)
		}
	}
}

// TestKeptConnections: connections to the endpoint are used again, and no more than
// the bound at a time. Package net/http gives one up that is 50 ms late to be free, as
// it can be on a machine that stands still.
func TestKeptConnections(t *testing.T) {
	const bound, questions = 5, 200
	var conns, now, most atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			conns.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	r := newRigAt(t, server.URL, Options{InFlight: bound}, func(o *gateway.Options) { o.ConnectHookInFlight = bound })
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for range questions / 20 {
				c, err := r.gateway.TryDial("/")
				if err != nil {
					t.Error(err)
					return
				}
				c.Close()
			}
		})
	}
	all.Wait()
	if conns.Load() > questions/4 || most.Load() > bound {
		t.Errorf("%d connections for %d questions, %d at a time, want at most %d", conns.Load(), questions, most.Load(), bound)
	}
}

// TestClosedConnection: an endpoint may close a connection that was idle when the
// next question is on its way; that is no failure.
func TestClosedConnection(t *testing.T) {
	var answered sync.Map // connections that have had an answer
	var closed atomic.Int64
	r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
		if _, again := answered.LoadOrStore(req.RemoteAddr, true); again {
			answered.Delete(req.RemoteAddr)
			closed.Add(1)
			if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
				_ = conn.Close() // without an answer
			}
		}
	}, Options{InFlight: 1}, nil)
	for n := 0; n < 5 || closed.Load() == 0; n++ {
		if resp, _ := r.answer(r.request("/")); resp.StatusCode != 101 {
			t.Fatalf("answer %v", resp)
		}
	}
}

// TestGone: the question about a client that has gone is given up, and says nothing
// about the endpoint.
func TestGone(t *testing.T) {
	asked, over := make(chan struct{}, 100), make(chan struct{}, 100)
	r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
		_, _ = io.Copy(io.Discard, req.Body) // net/http notices the end of a connection only behind the body
		asked <- struct{}{}
		<-req.Context().Done()
		over <- struct{}{}
	}, Options{}, nil)
	for range 2 * circuitFailures {
		conn := r.request("/")
		<-asked
		_ = conn.Close()
		<-over
	}
	testwait.Until(t, "all are given up", func() bool { return r.stats().Abandoned == 2*circuitFailures })
	if s := r.stats(); s.Failed > 0 || r.hook.CircuitOpen() {
		t.Errorf("%+v, circuit open: %t", s, r.hook.CircuitOpen())
	}
}
