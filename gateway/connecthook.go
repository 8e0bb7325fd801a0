package gateway

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/clientproto"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
	"github.com/go-gatewayworker/gatewayworker/internal/options"
)

// Defaults of [Options] about ConnectHook.
const (
	DefaultConnectHookTimeout  = 5 * time.Second
	DefaultConnectHookInFlight = 64
	DefaultConnectHookQueue    = 10000
)

// ConnectHook decides about a client's request for a websocket, and may take its
// time about it: ask a database, another service, a person. See
// [Options].ConnectHook.
type ConnectHook func(ctx context.Context, r *ConnectRequest) (ConnectAnswer, error)

// ConnectRequest is a client's request for a websocket, as a [ConnectHook] sees it.
type ConnectRequest struct {
	ClientID gatewayprotocol.ClientID // by which the client is known from here on
	Remote   netip.AddrPort           // of the client; by a trusted proxy, as that says
	Port     uint16                   // to which the client connected
	TLS      bool                     // it connected with TLS

	Method  string       // as it was sent: GET
	URI     string       // as it was sent, path and query: "/chat?room=1"
	Headers []HeaderLine // as they were sent, in order
	Offered []string     // the subprotocols that the client offers, in order
	request *clientproto.Request
}

// HeaderLine is one line of the head of a request or of an answer.
type HeaderLine struct{ Name, Value string }

// Query returns the query of the URI as it was sent, "" if there is none.
func (r *ConnectRequest) Query() string { return r.request.Query() }

// Values returns the parameters of the URI. What is not well encoded is left out.
func (r *ConnectRequest) Values() url.Values { return valuesOf(r.request) }

// Header returns the value of a header, "" if there is none; upper and lower
// case in its name do not matter. The values of several lines are joined by
// commas.
func (r *ConnectRequest) Header(name string) string { return headerOf(r.request, name) }

// Cookie returns the value of a cookie as it was sent, "" if there is none.
func (r *ConnectRequest) Cookie(name string) string { return cookieOf(r.request, name) }

// newConnectRequest makes what the hook sees of a client's request. The client is
// not read meanwhile, or at least its request does not change.
func newConnectRequest(c *client, req *clientproto.Request) *ConnectRequest {
	r := &ConnectRequest{
		ClientID: c.clientID(),
		Remote:   c.remoteAddr(),
		Port:     c.listener.port,
		TLS:      c.listener.secure(),
		Method:   req.Method(),
		URI:      req.URI(),
		Offered:  offeredProtocols(headerOf(req, protocolHeader)),
		request:  req,
	}
	for name, value := range req.Lines() {
		r.Headers = append(r.Headers, HeaderLine{name, value})
	}
	return r
}

// ConnectAnswer is what a [ConnectHook] decides. The zero value lets the client in.
type ConnectAnswer struct {
	// Status refuses the client with an HTTP status, from 400 to 599, and Body, of
	// at most 64 KiB. 0 lets it in.
	Status int
	Body   string

	// Headers are added to the 101, or to the refusal, in order. Those that the
	// gateway sets itself, such as Upgrade and Content-Length, must not be among
	// them. All together they may have 16 KiB.
	Headers []HeaderLine

	// Protocol is the subprotocol that the 101 names; one that the client did not
	// offer is left out, as browsers close the connection then. "" leaves the
	// choice to Options.WebsocketProtocols.
	Protocol string

	// UID, Groups and Session are what Gateway::bindUid, joinGroup and
	// updateSession would set for the client: they are there when the worker gets
	// onWebSocketConnect. "", none and nil set nothing. Of a client that is refused
	// they have no effect.
	UID     string
	Groups  []string
	Session *phpserialize.Array
}

// checkConnectHook checks the options about the hook.
func (o *Options) checkConnectHook(check *options.Checker) {
	check.Duration("ConnectHookTimeout", &o.ConnectHookTimeout, DefaultConnectHookTimeout)
	check.IntRange("ConnectHookInFlight", &o.ConnectHookInFlight, DefaultConnectHookInFlight, 1, 1<<20)
	check.IntRange("ConnectHookQueue", &o.ConnectHookQueue, DefaultConnectHookQueue, 1, 1<<20)
}

// The values of a request that Handshake and ConnectRequest hand out.

func valuesOf(req *clientproto.Request) url.Values {
	values, _ := url.ParseQuery(req.Query())
	return values
}

func headerOf(req *clientproto.Request, name string) string {
	value, _ := req.Header(name)
	return value
}

func cookieOf(req *clientproto.Request, name string) string {
	r := http.Request{Header: http.Header{"Cookie": {headerOf(req, "Cookie")}}}
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}
