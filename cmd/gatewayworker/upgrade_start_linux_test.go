package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
	"github.com/go-gatewayworker/gatewayworker/register"
)

// TestUpgradeOfStart replaces a process with a Register, a gateway, a chat and its
// worker, the admin and the control socket: who chats does not notice, and who
// watches the Register sees no change.
func TestUpgradeOfStart(t *testing.T) {
	ports := freePorts(t, 5)
	socket := filepath.Join(t.TempDir(), "control.sock")
	at := func(i int) string { return "127.0.0.1:" + ports[i] }
	p := startProcess(t, nil, "start", "--listen", "websocket://"+at(0), "--start-port", ports[1], "--register-listen", "text://"+at(2),
		"--chat-listen", at(3), "--admin-listen", at(4), "--control-socket", socket)

	lists := make(chan []string, 100)
	watcher, err := register.NewWatcher(func(list []string) { lists <- list }, register.ClientOptions{RegisterAddresses: []string{at(2)}, Logger: clustertest.Quiet(), ReconnectDelay: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		_ = watcher.Run(ctx)
	}()
	defer func() { cancel(); <-watched }()

	// A gateway without a worker closes connections: the chat's may not be there yet.
	gateway := &clustertest.Gateway{ClientAddr: at(0), InnerAddr: at(1)}
	join := func(name string) *websocket.Conn {
		t.Helper()
		var ws *websocket.Conn
		testwait.Until(t, "the chat lets "+name+" in", func() bool {
			c, _, err := websocket.DefaultDialer.Dial("ws://"+gateway.ClientAddr, http.Header{"Origin": {"http://" + at(3)}})
			if err != nil {
				return false
			}
			_ = c.SetReadDeadline(time.Now().Add(patience))
			if _, _, err = c.ReadMessage(); err != nil {
				c.Close()
				return false
			}
			ws = c
			return true
		})
		t.Cleanup(func() { ws.Close() })
		if err := ws.WriteJSON(map[string]string{"type": "login", "name": name, "room": "lobby"}); err != nil {
			t.Fatal(err)
		}
		return ws
	}
	// hears waits for a message with a text.
	hears := func(ws *websocket.Conn, text string) {
		t.Helper()
		for {
			_, got, err := ws.ReadMessage()
			if err != nil {
				t.Fatalf("waiting for %q: %v", text, err)
			}
			if strings.Contains(string(got), text) {
				return
			}
		}
	}
	ann := join("ann")
	hears(ann, "ann")
	bob := join("bob")
	hears(bob, "bob")
	say := func(text string) {
		t.Helper()
		if err := ann.WriteMessage(websocket.TextMessage, []byte(`{"type":"say","text":"`+text+`"}`)); err != nil {
			t.Fatal(err)
		}
		hears(bob, text)
		hears(ann, text)
	}
	say("before")
	p.logged("chat is serving")
	testwait.Until(t, "the process is ready", func() bool {
		r, err := http.Get("http://" + at(4) + "/readyz")
		if err != nil {
			return false
		}
		defer r.Body.Close()
		return r.StatusCode == http.StatusOK
	})
	for _, text := range []string{"once", "twice"} {
		if said := upgrade(t, 0, socket); !strings.Contains(said, "clients:           2\n") {
			t.Errorf("it says\n%s", said)
		}
		say(text)
		for _, url := range []string{"http://" + at(3) + "/", "http://" + at(4) + "/healthz", "http://" + at(4) + "/readyz"} {
			r, err := http.Get(url)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Body.Close()
			if r.StatusCode != http.StatusOK {
				body, _ := io.ReadAll(r.Body)
				t.Errorf("%s answers %s: %s", url, r.Status, body)
			}
		}
	}
	join("carl")
	hears(ann, "carl")
	// Whoever is told by the Register has been told of the gateway once, and of no
	// change since.
	for known := false; len(lists) > 0; {
		if list := <-lists; len(list) == 1 {
			known = true
		} else if known {
			t.Errorf("the Register names %q", list)
		}
	}
	p.signal(syscall.SIGTERM)
	if code := p.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if c, err := net.Dial("tcp", at(2)); err == nil {
		c.Close()
		t.Error("somebody still serves the Register's port")
	}
}
