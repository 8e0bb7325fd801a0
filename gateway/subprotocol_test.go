package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// TestWebsocketProtocols: the answer names the first subprotocol that the client
// offers and the gateway speaks, and none otherwise.
func TestWebsocketProtocols(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.WebsocketProtocols = []string{"chat", "mqtt"}
		g := startGateway(t, opts)
		w := g.worker("w:0")
		for _, tt := range []struct {
			offer []string // header lines
			want  []string
		}{
			{nil, nil},
			{[]string{"chat"}, []string{"chat"}},
			{[]string{"mqtt, chat"}, []string{"mqtt"}},
			{[]string{"soap,\t chat ,mqtt"}, []string{"chat"}},
			{[]string{"soap", "chat"}, []string{"chat"}},
			{[]string{"soap"}, nil},
			{[]string{"Chat"}, nil},
			{[]string{" , "}, nil},
		} {
			c := g.dialRaw()
			var offer strings.Builder
			for _, line := range tt.offer {
				fmt.Fprintf(&offer, "Sec-WebSocket-Protocol: %s\r\n", line)
			}
			fmt.Fprintf(c.conn, "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n%s"+
				"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", offer.String())
			resp, err := http.ReadResponse(c.r, nil)
			if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
				t.Fatalf("offer %q: answer %v, error %v", tt.offer, resp, err)
			}
			if got := resp.Header.Values(protocolHeader); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("offer %q: the answer names %q, want %q", tt.offer, got, tt.want)
			}
			w.event(gp.CmdOnConnect)
			w.event(gp.CmdOnWebSocketConnect)
			_ = c.conn.Close()
			w.event(gp.CmdOnClose)
		}
	})
}

// TestWebsocketProtocolsReload: they change while the gateway serves.
func TestWebsocketProtocolsReload(t *testing.T) {
	g := startGateway(t, Options{})
	g.worker("w:0")
	dial := func() string {
		d := websocket.Dialer{HandshakeTimeout: patience, Subprotocols: []string{"chat"}}
		ws, _, err := d.Dial("ws://"+g.client+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer ws.Close()
		return ws.Subprotocol()
	}
	if got := dial(); got != "" {
		t.Errorf("by default the answer names %q", got)
	}
	opts := g.opts
	opts.WebsocketProtocols = []string{"chat"}
	if r, err := g.Reload(opts); err != nil || !reflect.DeepEqual(r.Changed, []string{"WebsocketProtocols"}) {
		t.Fatalf("%+v, %v", r, err)
	}
	if got := dial(); got != "chat" {
		t.Errorf("the answer names %q, want chat", got)
	}
}

func TestWebsocketProtocolsAreNames(t *testing.T) {
	for _, bad := range []string{"", "a b", "a,b", "chät", "a\r\nX: y", "a/b"} {
		_, err := New(Options{Listen: "websocket://127.0.0.1:0", NoRegister: true, WebsocketProtocols: []string{"ok", bad}})
		if oe := (*OptionError)(nil); !errors.As(err, &oe) || oe.Option != "WebsocketProtocols" {
			t.Errorf("%q: error %v", bad, err)
		}
	}
}
