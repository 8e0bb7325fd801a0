package gateway

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// TestOnHandshake: a client that OnHandshake refuses gets the status and no
// websocket, and the worker gets the events of its connect and close only.
func TestOnHandshake(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		asked := make(chan string, 1)
		opts.OnHandshake = func(h *Handshake) int {
			asked <- fmt.Sprintf("%s %s %q %q %q", h.URI(), h.Query().Get("token"), h.Header("x-MINE"), h.Cookie("session"), h.Remote().Addr())
			if h.Query().Get("token") == "panic" {
				panic("on purpose")
			}
			var status int
			_, _ = fmt.Sscan(h.Query().Get("token"), &status)
			return status
		}
		g := startGateway(t, opts)
		w := g.worker("w:0")
		for _, tt := range []struct {
			token  string
			status int
		}{{"0", 101}, {"403", 403}, {"429", 429}, {"200", 500}, {"panic", 500}} {
			c := g.dialRaw()
			id := w.event(gp.CmdOnConnect).ConnectionID
			_, err := fmt.Fprintf(c.conn, "GET /chat?token=%s HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
				"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-Mine: a\r\nx-mine: b\r\nCookie: x=1; session=s%%20\r\n\r\n", tt.token)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := <-asked, fmt.Sprintf(`/chat?token=%s %s "a,b" "s%%20" "127.0.0.1"`, tt.token, tt.token); got != want {
				t.Errorf("OnHandshake sees %s, want %s", got, want)
			}
			resp, err := http.ReadResponse(c.r, nil)
			if err != nil || resp.StatusCode != tt.status {
				t.Fatalf("token %s: answer %v, error %v, want status %d", tt.token, resp, err, tt.status)
			}
			if tt.status == 101 {
				w.event(gp.CmdOnWebSocketConnect)
				_ = c.conn.Close()
			} else {
				if body, err := io.ReadAll(resp.Body); err != nil || len(body) > 0 {
					t.Errorf("body %q, error %v", body, err)
				}
				c.gone()
			}
			if m := w.event(gp.CmdOnClose); m.ConnectionID != id {
				t.Errorf("close of client %d, want %d", m.ConnectionID, id)
			}
		}
	})
}

func TestOnHandshakeNeedsWebsocket(t *testing.T) {
	_, err := New(Options{Listen: "text://127.0.0.1:0", OnHandshake: func(*Handshake) int { return 0 }})
	var oe *OptionError
	if !errors.As(err, &oe) || oe.Option != "OnHandshake" {
		t.Errorf("error %v", err)
	}
}
