package gateway

import (
	"fmt"
	"net/http"

	"github.com/gorilla/websocket"
)

// wantLimit waits until a limit has acted so often, and no other has.
func (g *testGateway) wantLimit(l Limit, times uint64) {
	g.t.Helper()
	g.until(fmt.Sprintf("the limit %v acts %d times", l, times), func() bool { return g.Stats().Limited[l] == times })
	for other, n := range g.Stats().Limited {
		if other != l && n != 0 {
			g.t.Errorf("the limit %v acted", other)
		}
	}
}

// clientsAre waits until there are so many clients, and as many count towards
// MaxClientsPerAddress: one that goes is taken out there last.
func (g *testGateway) clientsAre(n int) {
	g.t.Helper()
	g.until(fmt.Sprintf("there are %d clients", n), func() bool {
		g.limits.mu.Lock()
		counted := 0
		for _, of := range g.limits.clients {
			counted += of
		}
		g.limits.mu.Unlock()
		return counted == n && g.Stats().Clients == n
	})
}

// wantStatus makes a request for a websocket, with header, that must be answered
// by a status, or by the end of the connection where that cannot be sent.
func (g *testGateway) wantStatus(status int, header http.Header) {
	g.t.Helper()
	ws, response, err := (&websocket.Dialer{HandshakeTimeout: patience, TLSClientConfig: clientTLSConfig}).Dial(g.url(), header)
	if err == nil {
		_ = ws.Close()
		g.t.Fatalf("was accepted, want the status %d", status)
	}
	if response != nil && response.StatusCode != status {
		g.t.Errorf("got the status %d, want %d", response.StatusCode, status)
	}
}

func (g *testGateway) url() string {
	if g.opts.TLS != nil {
		return "wss://" + g.client + "/"
	}
	return "ws://" + g.client + "/"
}
