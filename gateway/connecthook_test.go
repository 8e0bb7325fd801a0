package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// hookCalls is a ConnectHook whose answers a test gives, one call after the other.
type hookCalls chan *hookCall

type hookCall struct {
	*ConnectRequest
	ctx    context.Context
	answer chan hookAnswer
}

type hookAnswer struct {
	ConnectAnswer
	err error
}

func newHookCalls() hookCalls { return make(hookCalls, 10000) }

func (h hookCalls) hook(ctx context.Context, r *ConnectRequest) (ConnectAnswer, error) {
	call := &hookCall{r, ctx, make(chan hookAnswer, 1)}
	h <- call
	select {
	case a := <-call.answer:
		return a.ConnectAnswer, a.err
	case <-ctx.Done():
		return ConnectAnswer{}, ctx.Err()
	}
}

// next returns the next call.
func (h hookCalls) next(t *testing.T) *hookCall {
	t.Helper()
	select {
	case call := <-h:
		return call
	case <-time.After(patience):
		t.Fatal("the hook is not asked")
		return nil
	}
}

func (c *hookCall) allow() { c.answer <- hookAnswer{} }

// ended waits for the end of the call's context.
func (c *hookCall) ended(t *testing.T) {
	t.Helper()
	select {
	case <-c.ctx.Done():
	case <-time.After(patience):
		t.Fatal("the hook's context does not end")
	}
}

// requestWith is a client's request with some lines more.
func requestWith(uri string, lines ...string) string {
	return "GET " + uri + " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + strings.Join(append(lines, ""), "\r\n") +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
}

// say writes to the gateway.
func (p *peer) say(text string) {
	p.t.Helper()
	if _, err := io.WriteString(p.conn, text); err != nil {
		p.t.Fatal(err)
	}
}

// answered returns the answer to a request for a websocket.
func (p *peer) answered() *http.Response {
	p.t.Helper()
	resp, err := http.ReadResponse(p.r, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp
}

func array(pairs ...any) *phpserialize.Array {
	a := phpserialize.NewArray()
	for i := 0; i < len(pairs); i += 2 {
		a.SetString(pairs[i].(string), pairs[i+1])
	}
	return a
}

// TestConnectHookAllows: what the hook sets is there when the worker gets
// onWebSocketConnect; what the client has sent behind its request comes after that,
// once.
func TestConnectHookAllows(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		calls := newHookCalls()
		opts.ConnectHook, opts.ConnectHookTimeout = calls.hook, time.Hour
		opts.WebsocketProtocols = []string{"static"}
		g := startGateway(t, opts)
		w := g.worker("w:0")
		c := g.dialRaw()
		c.say(requestWith("/chat?room=1&x=%zz", "X-Mine: a", "x-mine: b", "Cookie: x=1; session=s%20", "Sec-WebSocket-Protocol: chat, static") + "\x81\x85\x00\x00\x00\x00hello")
		call := calls.next(t)
		if m := w.event(gp.CmdOnConnect); m.ConnectionID != call.ClientID.ConnectionID || call.ClientID != g.allClients()[0].clientID() {
			t.Errorf("asked about %v, the worker knows %d", call.ClientID, m.ConnectionID)
		}
		got := fmt.Sprintf("%s %s %s %q %q %q %q %t %d %q", call.Method, call.URI, call.Query(), call.Values(), call.Header("x-mine"), call.Cookie("session"), call.Remote.Addr(), call.TLS, call.Port, call.Offered)
		want := fmt.Sprintf(`GET /chat?room=1&x=%%zz room=1&x=%%zz map["room":["1"]] "a,b" "s%%20" "127.0.0.1" %t %d ["chat" "static"]`, opts.TLS != nil, portOf(g.client))
		if got != want {
			t.Errorf("the hook sees\n%s, want\n%s", got, want)
		}
		lines := []HeaderLine{
			{"Host", "x"}, {"Upgrade", "websocket"}, {"Connection", "Upgrade"}, {"X-Mine", "a"}, {"x-mine", "b"}, {"Cookie", "x=1; session=s%20"},
			{"Sec-WebSocket-Protocol", "chat, static"}, {"Sec-WebSocket-Version", "13"}, {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
		}
		if diff := cmp.Diff(lines, call.Headers); diff != "" {
			t.Errorf("headers (-want +got):\n%s", diff)
		}
		w.send(withBody(gp.CmdSendToOne, call.ClientID.ConnectionID, "early"))
		w.barrier() // fails if an event has come
		if s := g.Stats().ConnectHook; s.InFlight != 1 || s.Asked != 1 || s.Waiting != 0 {
			t.Errorf("%+v", s)
		}
		call.answer <- hookAnswer{ConnectAnswer: ConnectAnswer{
			Headers:  []HeaderLine{{"X-Answer", "yes"}, {"Set-Cookie", "a=b"}},
			Protocol: "chat",
			UID:      "bob", Groups: []string{"room1", "7"}, Session: array("name", "Bob", "age", int64(7)),
		}}
		resp := c.answered()
		if resp.StatusCode != 101 || resp.Header.Get("X-Answer") != "yes" || resp.Header.Get("Set-Cookie") != "a=b" || resp.Header.Get("Sec-WebSocket-Protocol") != "chat" {
			t.Errorf("the answer is %v", resp)
		}
		if got := string(c.read(7)); got != "\x81\x05early" {
			t.Errorf("after the handshake comes %q", got)
		}
		const session = `a:2:{s:4:"name";s:3:"Bob";s:3:"age";i:7;}`
		if m := w.event(gp.CmdOnWebSocketConnect); string(m.ExtData) != session {
			t.Errorf("onWebSocketConnect comes with the session %s", m.ExtData)
		}
		if m := w.event(gp.CmdOnMessage); string(m.Body) != "hello" || string(m.ExtData) != session {
			t.Errorf("got %q with the session %s", m.Body, m.ExtData)
		}
		for _, ask := range []gp.Message{withExt(gp.CmdGetClientIDByUID, 0, "bob"), withExt(gp.CmdGetClientSessionsByGroup, 0, "room1"), withExt(gp.CmdGetClientSessionsByGroup, 0, "7")} {
			if got := w.ask(ask); !strings.Contains(got, fmt.Sprintf("i:%d;", call.ClientID.ConnectionID)) {
				t.Errorf("%v is answered %s", ask.Cmd, got)
			}
		}
		c.say("\x81\x85\x00\x00\x00\x00again")
		if m := w.event(gp.CmdOnMessage); string(m.Body) != "again" {
			t.Errorf("got %q", m.Body)
		}
		_ = c.conn.Close()
		w.event(gp.CmdOnClose)
		if s := g.Stats().ConnectHook; s.InFlight != 0 || s.Allowed != 1 || s.Duration.Count != 1 {
			t.Errorf("%+v", s)
		}
	})
}

// TestConnectHookRefuses: a client that is refused, or that the hook cannot decide
// about, gets the status and no websocket, and the worker the events of its connect
// and close only. Nothing that the hook sets is set.
func TestConnectHookRefuses(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		calls := newHookCalls()
		opts.ConnectHook, opts.ConnectHookTimeout = calls.hook, time.Hour
		g := startGateway(t, opts)
		w := g.worker("w:0")
		failed := 0
		for name, tt := range map[string]struct {
			answer hookAnswer
			status int
			body   string
		}{
			"refused":     {hookAnswer{ConnectAnswer: ConnectAnswer{Status: 401, Body: "who are you?", Headers: []HeaderLine{{"Www-Authenticate", "Bearer"}}, UID: "u"}}, 401, "who are you?"},
			"error":       {hookAnswer{err: errors.New("down"), ConnectAnswer: ConnectAnswer{UID: "u"}}, 503, ""},
			"status":      {hookAnswer{ConnectAnswer: ConnectAnswer{Status: 200}}, 503, ""},
			"redirect":    {hookAnswer{ConnectAnswer: ConnectAnswer{Status: 302}}, 503, ""},
			"body":        {hookAnswer{ConnectAnswer: ConnectAnswer{Status: 403, Body: strings.Repeat("x", maxHookBody+1)}}, 503, ""},
			"headers":     {hookAnswer{ConnectAnswer: ConnectAnswer{Headers: []HeaderLine{{"X", strings.Repeat("x", maxHookHeaders)}}, UID: "u"}}, 503, ""},
			"name":        {hookAnswer{ConnectAnswer: ConnectAnswer{Headers: []HeaderLine{{"X Y", ""}}, UID: "u"}}, 503, ""},
			"line break":  {hookAnswer{ConnectAnswer: ConnectAnswer{Headers: []HeaderLine{{"X", "a\r\nY: b"}}, UID: "u"}}, 503, ""},
			"own header":  {hookAnswer{ConnectAnswer: ConnectAnswer{Headers: []HeaderLine{{"upgrade", "x"}}, UID: "u"}}, 503, ""},
			"empty group": {hookAnswer{ConnectAnswer: ConnectAnswer{Groups: []string{"a", ""}, UID: "u"}}, 503, ""},
			"uid 0":       {hookAnswer{ConnectAnswer: ConnectAnswer{UID: "0"}}, 503, ""},
			"session":     {hookAnswer{ConnectAnswer: ConnectAnswer{UID: "u", Session: array("f", struct{ F func() }{})}}, 503, ""},
		} {
			if name != "refused" {
				failed++
			}
			c := g.dialRaw()
			c.say(requestWith("/") + "\x81\x85\x00\x00\x00\x00hello")
			id := w.event(gp.CmdOnConnect).ConnectionID
			calls.next(t).answer <- tt.answer
			resp := c.answered()
			body, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != tt.status || string(body) != tt.body || resp.Close != true {
				t.Errorf("%s: answer %v, body %q, error %v", name, resp, body, err)
			}
			if name == "refused" && resp.Header.Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("headers %v", resp.Header)
			}
			c.gone()
			if m := w.event(gp.CmdOnClose); m.ConnectionID != id {
				t.Errorf("%s: close of client %d, want %d", name, m.ConnectionID, id)
			}
		}
		s := g.Stats()
		if s.ConnectHook.Refused != 1 || s.ConnectHook.Failed != uint64(failed) || s.ClientCloses[ClosedByConnectHook] != uint64(failed+1) || s.UIDs+s.Groups > 0 {
			t.Errorf("%+v", s)
		}
	})
}

// TestConnectHookPanics: a panic of the hook is an error, and with
// ConnectHookFailOpen the client is let in.
func TestConnectHookPanics(t *testing.T) {
	opts := Options{ConnectHook: func(context.Context, *ConnectRequest) (ConnectAnswer, error) { panic("on purpose") }}
	g := startGateway(t, opts)
	w := g.worker("w:0")
	g.wantStatus(503, nil)
	w.event(gp.CmdOnConnect)
	w.event(gp.CmdOnClose)
	opts = g.opts
	opts.ConnectHookFailOpen = true
	if r, err := g.Reload(opts); err != nil || !cmp.Equal(r.Changed, []string{"ConnectHookFailOpen"}) {
		t.Fatalf("%+v, %v", r, err)
	}
	g.dialWS()
	w.event(gp.CmdOnConnect)
	w.event(gp.CmdOnWebSocketConnect)
	if s := g.Stats().ConnectHook; s.Failed != 2 || s.Allowed != 0 {
		t.Errorf("%+v", s)
	}
}

// TestConnectHookProtocol: the hook's subprotocol is that of the answer if the
// client has offered it, in whichever form the hook says it.
func TestConnectHookProtocol(t *testing.T) {
	calls := newHookCalls()
	g := startGateway(t, Options{ConnectHook: calls.hook, ConnectHookTimeout: time.Hour, WebsocketProtocols: []string{"static"}, HandshakeData: HandshakeData3})
	g.worker("w:0")
	for _, tt := range []struct {
		answer ConnectAnswer
		want   string
	}{
		{ConnectAnswer{Protocol: "chat"}, "chat"},
		{ConnectAnswer{Headers: []HeaderLine{{"sec-websocket-protocol", "chat"}}}, "chat"},
		{ConnectAnswer{}, "static"},
		{ConnectAnswer{Protocol: "other"}, ""},
		{ConnectAnswer{Headers: []HeaderLine{{"Server", "mine"}}}, "static"},
	} {
		c := g.dialRaw()
		c.say(requestWith("/", "Sec-WebSocket-Protocol: static, chat"))
		calls.next(t).answer <- hookAnswer{ConnectAnswer: tt.answer}
		resp := c.answered()
		server := "workerman/4.2.1"
		if len(tt.answer.Headers) > 0 && tt.want == "static" {
			server = "mine"
		}
		if got := resp.Header["Sec-Websocket-Protocol"]; strings.Join(got, "|") != tt.want || strings.Join(resp.Header["Server"], "|") != server {
			t.Errorf("%+v: answer %v", tt.answer, resp.Header)
		}
	}
}

func TestConnectHookNeedsWebsocket(t *testing.T) {
	hook := func(context.Context, *ConnectRequest) (ConnectAnswer, error) { return ConnectAnswer{}, nil }
	for _, opts := range []Options{
		{Listen: "text://127.0.0.1:0", ConnectHook: hook},
		{Listen: "websocket://127.0.0.1:0", ConnectHook: hook, ConnectHookInFlight: -1},
		{Listen: "websocket://127.0.0.1:0", ConnectHook: hook, ConnectHookQueue: -1},
		{Listen: "websocket://127.0.0.1:0", ConnectHook: hook, ConnectHookTimeout: -1},
	} {
		var oe *OptionError
		if _, err := New(opts); !errors.As(err, &oe) || !strings.HasPrefix(oe.Option, "ConnectHook") {
			t.Errorf("error %v", err)
		}
	}
	g := startGateway(t, Options{ConnectHook: hook, Listeners: []Listener{{Listen: "text://127.0.0.1:0"}}})
	w := g.worker("w:0")
	g.client = g.more[0]
	g.dialRaw().say("hello\n")
	w.event(gp.CmdOnConnect)
	w.event(gp.CmdOnMessage) // nobody asks about clients without a request
}

// TestConnectHookCompression: what the gateway negotiates stands beside what the hook
// adds.
func TestConnectHookCompression(t *testing.T) {
	calls := newHookCalls()
	g := startGateway(t, Options{ConnectHook: calls.hook, ConnectHookTimeout: time.Hour, Compression: true})
	w := g.worker("w:0")
	c := g.dialRaw()
	c.say(requestWith("/", "Sec-WebSocket-Extensions: permessage-deflate", "Sec-WebSocket-Protocol: chat"))
	w.event(gp.CmdOnConnect)
	calls.next(t).answer <- hookAnswer{ConnectAnswer: ConnectAnswer{Protocol: "chat"}}
	h := c.answered().Header
	if !strings.HasPrefix(h.Get("Sec-WebSocket-Extensions"), "permessage-deflate") || h.Get("Sec-WebSocket-Protocol") != "chat" {
		t.Errorf("the answer has %v", h)
	}
}
