package connecthook

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-gatewayworker/gatewayworker/gateway"
	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/browsertest"
)

// opens has a page try a websocket, and show what comes of it.
const opens = `(url, protocols) => {
	document.title = "";
	const ws = protocols ? new WebSocket(url, protocols) : new WebSocket(url);
	ws.onopen = () => { document.title = ("open " + ws.protocol).trim() };
	ws.onerror = () => { document.title = "error" };
}`

// TestBrowser: a browser that offers subprotocols gets its websocket only where the
// answer names one, which a list of the gateway's and a hook have it do.
func TestBrowser(t *testing.T) {
	browser := browsertest.Start(t, browsertest.Options{})
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<!doctype html><title>page</title>")
	}))
	t.Cleanup(page.Close)
	tab := browser.Open(t, page.URL)
	endpoint := func(w http.ResponseWriter, req *http.Request) {
		if req.Header.Get("X-Original-URI") == "/refused" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_, _ = io.WriteString(w, `{"protocol":"hooked","uid":"u"}`)
	}
	for _, tt := range []struct {
		name, path, protocols, want string
		configure                   func(*gateway.Options)
	}{
		{"as PHP's", "/", `["chat"]`, "error", func(o *gateway.Options) { o.ConnectHook = nil }},
		{"as PHP's, no offer", "/", `null`, "open", func(o *gateway.Options) { o.ConnectHook = nil }},
		{"a list", "/", `["soap", "chat"]`, "open chat", func(o *gateway.Options) { o.ConnectHook, o.WebsocketProtocols = nil, []string{"chat"} }},
		{"a list, another offer", "/", `["soap"]`, "error", func(o *gateway.Options) { o.ConnectHook, o.WebsocketProtocols = nil, []string{"chat"} }},
		{"the hook", "/", `["chat", "hooked"]`, "open hooked", nil},
		{"the hook, no offer", "/", `null`, "open", nil},
		{"the hook refuses", "/refused", `["hooked"]`, "error", nil},
	} {
		r := newRig(t, endpoint, Options{}, tt.configure)
		tab.Run("(" + opens + `)("ws://` + r.gateway.ClientAddr + tt.path + `", ` + tt.protocols + ")")
		tab.Await(`document.title !== ""`)
		if got := browsertest.Evaluate[string](tab, "document.title"); got != tt.want {
			t.Errorf("%s: the page shows %q, want %q", tt.name, got, tt.want)
		}
		r.worker.Next(t, gp.CmdOnConnect)
	}
}
