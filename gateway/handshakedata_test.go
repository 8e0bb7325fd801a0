package gateway

import (
	"strings"
	"testing"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// upgrade makes a websocket handshake with a cookie and returns the event's
// body and the first line of the answer.
func (g *testGateway) upgrade(worker *peer, cookie string) (body, answer string) {
	g.t.Helper()
	c := g.dialRaw()
	worker.event(gp.CmdOnConnect)
	request := "GET / HTTP/1.1\r\nCookie: " + cookie + "\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: k\r\n\r\n"
	if _, err := c.conn.Write([]byte(request)); err != nil {
		g.t.Fatal(err)
	}
	body = string(worker.event(gp.CmdOnWebSocketConnect).Body)
	answer, err := c.r.ReadString('\n')
	if err != nil {
		g.t.Fatal(err)
	}
	return body, answer
}

func TestHandshakeData(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		for data, want := range map[HandshakeData]struct{ cookie, answer string }{
			0:              {`a:1:{s:1:"a";s:5:"b%20c";}`, "HTTP/1.1 101 Switching Protocol\r\n"},
			HandshakeData4: {`a:1:{s:1:"a";s:5:"b%20c";}`, "HTTP/1.1 101 Switching Protocol\r\n"},
			HandshakeData3: {`a:1:{s:1:"a";s:3:"b c";}`, "HTTP/1.1 101 Switching Protocols\r\n"},
		} {
			opts.HandshakeData = data
			g := startGateway(t, opts)
			body, answer := g.upgrade(g.worker("w:0"), "a=b%20c")
			if !strings.HasSuffix(body, `s:6:"cookie";`+want.cookie+"}") || answer != want.answer {
				t.Errorf("HandshakeData %d: answer %q, event %s", data, answer, body)
			}
		}
	})
}

// TestCookieHint: the log says once that there is a choice, at the first cookie
// for which it matters, and nothing when the choice was made.
func TestCookieHint(t *testing.T) {
	for data, want := range map[HandshakeData]int{0: 1, HandshakeData3: 0, HandshakeData4: 0} {
		g := startGateway(t, Options{HandshakeData: data})
		w := g.worker("w:0")
		hints := func() (n int) {
			for _, e := range g.logs.AllEntries() {
				if strings.Contains(e.Message, "--handshake-data") {
					n++
				}
			}
			return n
		}
		g.upgrade(w, "a=b; c=100%")
		if n := hints(); n != 0 {
			t.Errorf("HandshakeData %d: %d hints at a cookie that is not encoded", data, n)
		}
		g.upgrade(w, "a=b%20c")
		g.upgrade(w, "a=b%20c")
		if n := hints(); n != want {
			t.Errorf("HandshakeData %d: %d hints, want %d", data, n, want)
		}
	}
}
