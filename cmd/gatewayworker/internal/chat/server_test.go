package chat_test

import (
	"context"
	"crypto/sha256"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/chat"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
)

func get(t *testing.T, url string) (*http.Response, string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func TestPage(t *testing.T) {
	s := start(t, clustertest.Start(t, clustertest.Go, clustertest.Options{}), chat.Options{PageOnly: true})
	for path, contentType := range map[string]string{
		"":         "text/html; charset=utf-8",
		"chat.css": "text/css; charset=utf-8",
		"chat.js":  "text/javascript; charset=utf-8",
		"words.js": "text/javascript; charset=utf-8",
		"icon.svg": "image/svg+xml",
	} {
		resp, body := get(t, s.URL()+path)
		if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != contentType {
			t.Errorf("%q: %s, %s", path, resp.Status, resp.Header.Get("Content-Type"))
		}
		if csp := resp.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") {
			t.Errorf("%q: Content-Security-Policy is %q", path, csp)
		}
		if path != "" {
			want, err := os.ReadFile("page/" + path)
			if err != nil {
				t.Fatal(err)
			}
			if sha256.Sum256(want) != sha256.Sum256([]byte(body)) {
				t.Errorf("%q is not the file", path)
			}
		}
		for _, banned := range []string{"https://", "innerHTML", "eval("} {
			if strings.Contains(body, banned) {
				t.Errorf("%q has %s", path, banned)
			}
		}
	}
	for _, path := range []string{"index.html", "page/", "../server.go", "other"} {
		if resp, _ := get(t, s.URL()+path); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%q: %s", path, resp.Status)
		}
	}
}

// The page holds the gateway's address.
func TestPageNamesTheGateway(t *testing.T) {
	for listen, want := range map[string]string{
		"0.0.0.0:8282":   `data-host="" data-port="8282" data-secure="false"`,
		"[::]:8282":      `data-host="" data-port="8282" data-secure="false"`,
		":8282":          `data-host="" data-port="8282" data-secure="false"`,
		"127.0.0.5:8283": `data-host="127.0.0.5" data-port="8283" data-secure="false"`,
		"[::1]:8284":     `data-host="[::1]" data-port="8284" data-secure="false"`,
		"tls 0.0.0.0:1":  `data-host="" data-port="1" data-secure="true"`,
	} {
		addr, secure := strings.CutPrefix(listen, "tls ")
		gateway, err := net.ResolveTCPAddr("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		s, err := chat.New(chat.Options{Listener: ln, Gateway: gateway, TLS: secure, PageOnly: true, Logger: clustertest.Quiet()})
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- s.Serve() }()
		if _, body := get(t, s.URL()); !strings.Contains(body, want) {
			t.Errorf("%s: the page does not have %s", listen, want)
		}
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		s.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// A chat that ends leaves the clients to the gateway.
func TestShutdown(t *testing.T) {
	c := clustertest.Start(t, clustertest.Go, clustertest.Options{})
	s := start(t, c, chat.Options{})
	waitForWorker(t, c.Gateways[0])
	ann := open(t, c.Gateways[0])
	ann.login(t, "Ann", "Lobby")
	if err := s.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	start(t, c, chat.Options{}) // another chat takes over
	waitForWorker(t, c.Gateways[0])
	ann.say(t, "hello again", "")
	ann.expect(t, message{Type: "say", ClientID: ann.id, Name: "Ann", Text: "hello again"})
}

// A page of another site gets an error and is closed; its messages do not count.
func TestOtherSites(t *testing.T) {
	c := clustertest.Start(t, clustertest.Go, clustertest.Options{})
	start(t, c, chat.Options{Origins: []string{"friend.example"}})
	waitForWorker(t, c.Gateways[0])
	ann := open(t, c.Gateways[0])
	ann.login(t, "Ann", "Lobby")

	dial := func(origin string) *websocket.Conn {
		t.Helper()
		ws, _, err := websocket.DefaultDialer.Dial("ws://"+c.Gateways[0].ClientAddr+"/", http.Header{"Origin": {origin}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { ws.Close() })
		_ = ws.SetReadDeadline(time.Now().Add(patience))
		if err := ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"login","name":"Eve","room":"Lobby"}`)); err != nil {
			t.Fatal(err)
		}
		return ws
	}
	ws := dial("https://evil.example")
	if _, msg, err := ws.ReadMessage(); err != nil || !strings.Contains(string(msg), "not for your page") {
		t.Errorf("%q, %v", msg, err)
	}
	if _, msg, err := ws.ReadMessage(); err == nil {
		t.Errorf("%q after the refusal", msg)
	}

	ws = dial("https://friend.example")
	if _, msg, err := ws.ReadMessage(); err != nil || !strings.Contains(string(msg), "welcome") {
		t.Errorf("%q, %v", msg, err)
	}
	if m := ann.next(t); m.Type != "joined" || m.Name != "Eve" {
		t.Errorf("%+v", m)
	}
	ws.Close()
	if m := ann.next(t); m.Type != "left" {
		t.Errorf("%+v", m)
	}
}

// refusing fails to accept at first, as a process without memory does.
type refusing struct {
	net.Listener
	times int
}

func (l *refusing) Accept() (net.Conn, error) {
	if l.times > 0 {
		l.times--
		return nil, &net.OpError{Op: "accept", Err: syscall.ENOMEM}
	}
	return l.Listener.Accept()
}

func TestServesAfterRefusedAccepts(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := chat.New(chat.Options{Listener: &refusing{ln, 3}, Gateway: &net.TCPAddr{Port: 8282}, PageOnly: true, Logger: clustertest.Quiet()})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve() }()
	get(t, s.URL())
	if err := s.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
