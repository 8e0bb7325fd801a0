package gateway

import (
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/clientproto"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// Handshake is a client's request for a websocket, as [Options].OnHandshake sees
// it. It is valid during the call.
type Handshake struct {
	client  *client
	request *clientproto.Request
}

// ClientID returns the client's id in the cluster.
func (h *Handshake) ClientID() gatewayprotocol.ClientID { return h.client.clientID() }

// Remote returns the client's address. For a client that comes by a proxy that is
// that proxy's, unless it is one of Options.TrustedProxies.
func (h *Handshake) Remote() netip.AddrPort { return h.client.remoteAddr() }

// URI returns the target of the request as it was sent, path and query: "/",
// "/chat?room=1".
func (h *Handshake) URI() string { return h.request.URI() }

// Query returns the parameters of the URI. What is not well encoded is left out.
func (h *Handshake) Query() url.Values { return valuesOf(h.request) }

// Header returns the value of a header, "" if there is none; upper and lower
// case in its name do not matter. The values of several lines are joined by
// commas.
func (h *Handshake) Header(name string) string { return headerOf(h.request, name) }

// Cookie returns the value of a cookie as it was sent, "" if there is none.
func (h *Handshake) Cookie(name string) string { return cookieOf(h.request, name) }

// refusal asks OnHandshake about a request and returns the answer to a client
// that is refused, nil for one that is not.
func (g *Gateway) refusal(c *client, req *clientproto.Request) []byte {
	ask := g.options().OnHandshake
	if ask == nil {
		return nil
	}
	status := g.askOnHandshake(ask, &Handshake{c, req})
	if status == 0 {
		return nil
	}
	g.clientLog(c).WithField("status", status).Debug("OnHandshake refused a websocket")
	return httpRefusal(status)
}

// askOnHandshake calls OnHandshake. A panic, and what is no status of an error,
// is a 500.
func (g *Gateway) askOnHandshake(ask func(*Handshake) int, h *Handshake) (status int) {
	defer func() {
		if v := recover(); v != nil {
			g.clientLog(h.client).WithField("stack", string(debug.Stack())).Errorf("OnHandshake panicked: %v", v)
			status = http.StatusInternalServerError
		}
	}()
	status = ask(h)
	if status != 0 && (status < 400 || status > 599) {
		g.clientLog(h.client).Errorf("OnHandshake returned %d: want 0, or a status from 400 to 599", status)
		return http.StatusInternalServerError
	}
	return status
}
