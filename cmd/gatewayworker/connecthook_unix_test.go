//go:build unix

package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

// TestConnectHookOfAProcess: a process asks the URL of its settings, and when these
// change another one, in another way, or none.
func TestConnectHookOfAProcess(t *testing.T) {
	t.Setenv("GATEWAYWORKER_ADMIN_LISTEN", "off")
	t.Setenv("GATEWAYWORKER_CONNECT_HOOK_TIMEOUT", "1h") // whoever answers here may be slow
	var asked atomic.Pointer[string]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text := r.URL.Path + " " + r.Header.Get("Authorization")
		asked.Store(&text)
		if r.URL.Path == "/no" {
			w.WriteHeader(http.StatusUnauthorized)
		}
		w.Header().Set("Set-Cookie", "a=b")
	}))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	file, socket, token := filepath.Join(dir, "gatewayworker.yaml"), filepath.Join(dir, "control.sock"), filepath.Join(dir, "token")
	ports := freePorts(t, 3)
	put := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write := func(lines string) {
		t.Helper()
		put(file, fmt.Sprintf("control-socket: %s\nregister-listen: text://127.0.0.1:%s\nchat-listen: 127.0.0.1:0\nlisten: websocket://127.0.0.1:%s\nstart-port: %s\n%s",
			socket, ports[0], ports[1], ports[2], lines))
	}
	dial := func() (status int) {
		ws, resp, err := websocket.DefaultDialer.Dial("ws://127.0.0.1:"+ports[1]+"/", nil)
		if err == nil {
			_ = ws.Close()
		}
		if resp == nil {
			return 0
		}
		return resp.StatusCode
	}
	reload := func(want string) {
		t.Helper()
		if got := command(t, 0, "reload", "--control-socket", socket); got != want {
			t.Errorf("reload says %q, want %q", got, want)
		}
	}

	put(token, "secret1\n")
	hook := "connect-hook: " + server.URL + "%s\nconnect-hook-token-file: " + token + "\n"
	write(fmt.Sprintf(hook, "/yes"))
	p := startProcess(t, nil, "start", "--config", file)
	p.logged("gateway is serving")
	testwait.Until(t, "there is a worker", func() bool { return dial() == 101 })
	if got := *asked.Load(); got != "/yes Bearer secret1" {
		t.Errorf("asked %s", got)
	}

	put(token, "secret2\n")
	reload("nothing has changed\n") // but what is in a file
	if status, got := dial(), *asked.Load(); status != 101 || got != "/yes Bearer secret2" {
		t.Errorf("status %d, asked %s", status, got)
	}

	write(fmt.Sprintf(hook, "/no"))
	reload("changed: connect-hook\n")
	if status, got := dial(), *asked.Load(); status != 401 || got != "/no Bearer secret2" {
		t.Errorf("status %d, asked %s", status, got)
	}

	write(fmt.Sprintf(hook, "x/"))
	if got := command(t, 1, "reload", "--control-socket", socket); !strings.Contains(got, "gatewayworker.yaml:6") || !strings.Contains(got, "want http://host/path") {
		t.Errorf("a bad URL: %s", got)
	}
	if status := dial(); status != 401 {
		t.Errorf("after a bad reload: status %d", status)
	}

	// Nobody listens on port 1.
	write("connect-hook: http://127.0.0.1:1/\nconnect-hook-on-failure: allow\n")
	reload("changed: connect-hook, connect-hook-token-file, connect-hook-on-failure\n")
	if status := dial(); status != 101 {
		t.Errorf("with a hook that is down: status %d", status)
	}
	p.logged("level=warning", "the connect hook failed, client let in", "connection refused")

	write("")
	reload("changed: connect-hook, connect-hook-on-failure\n")
	asked.Store(new(string))
	if status, got := dial(), *asked.Load(); status != 101 || got != "" {
		t.Errorf("without a hook: status %d, asked %q", status, got)
	}
	p.signal(syscall.SIGTERM)
	if code := p.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestConnectHookFlags: what cannot be meant is refused at the start.
func TestConnectHookFlags(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"--connect-hook example.com/auth", `--connect-hook "example.com/auth": want http://host/path or https://host/path`},
		{"--connect-hook http://127.0.0.1/ --listen text://127.0.0.1:0", "--connect-hook"},
		{"--connect-hook http://127.0.0.1/ --connect-hook-timeout 0", "--connect-hook-timeout"},
		{"--connect-hook http://127.0.0.1/ --connect-hook-in-flight 0", "--connect-hook-in-flight"},
		{"--connect-hook http://127.0.0.1/ --connect-hook-queue 0", "--connect-hook-queue"},
		{"--connect-hook http://127.0.0.1/ --connect-hook-on-failure maybe", "want refuse or allow"},
		{"--connect-hook http://127.0.0.1/ --connect-hook-header Upgrade", "--connect-hook-header"},
		{"--connect-hook http://127.0.0.1/ --connect-hook-token-file /nothing/there", "--connect-hook-token-file"},
		{"--websocket-protocol a/b", "--websocket-protocol"},
	} {
		if got := command(t, exitUsage, append([]string{"gateway", "--register-address", "127.0.0.1:1"}, strings.Fields(tt.args)...)...); !strings.Contains(got, tt.want) {
			t.Errorf("%s: %s", tt.args, got)
		} else {
			t.Log(strings.TrimSpace(got))
		}
	}
}
