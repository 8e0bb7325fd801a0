package chat

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/sirupsen/logrus"

	"github.com/go-gatewayworker/gatewayworker/businessworker"
	"github.com/go-gatewayworker/gatewayworker/internal/logging"
)

// guard keeps pages of other sites out of the chat. A browser opens a websocket
// to any host for any page, and names the page's site in the header Origin.
//
// A client that is no browser can send any Origin, or none; guard does not keep
// it out.
type guard struct {
	Events
	local   bool     // the page is for this machine alone
	origins []string // that are allowed beside the page's own
	log     logrus.FieldLogger
	limiter logging.Limiter

	mu      sync.Mutex // guards refused
	refused map[businessworker.ClientID]bool
}

func newGuard(page net.Addr, origins []string, log logrus.FieldLogger) *guard {
	a, ok := page.(*net.TCPAddr)
	return &guard{
		local: ok && a.IP.IsLoopback(), origins: origins, log: log,
		refused: map[businessworker.ClientID]bool{},
	}
}

// OnWebSocketConnect closes the connection of a client that is not let in.
func (g *guard) OnWebSocketConnect(ctx context.Context, e *businessworker.Event, hs *businessworker.Handshake) error {
	origin := hs.Server.Header.Get("Origin")
	remote := hs.Server.RemoteAddr
	if remote == "" { // a gateway in the manner of version 3
		remote = e.RemoteAddr().Addr().String()
	}
	if g.allows(origin, hs.Server.Header.Get("Host"), remote) {
		return g.Events.OnWebSocketConnect(ctx, e, hs)
	}
	// Messages that the client has sent by now arrive before the gateway closes
	// its connection.
	g.mu.Lock()
	g.refused[e.ClientID()] = true
	g.mu.Unlock()
	g.limiter.Warn("refused", g.log.WithFields(logrus.Fields{"origin": clip(origin), "remote": remote}),
		"a client is not let into the chat: its page is another's, or it is on another machine; see --chat-origin and --chat-listen")
	return e.Close(ctx, []byte(`{"type":"error","text":"This chat is not for your page or machine."}`))
}

// OnMessage ignores clients that are not let in.
func (g *guard) OnMessage(ctx context.Context, e *businessworker.Event, msg []byte) error {
	g.mu.Lock()
	refused := g.refused[e.ClientID()]
	g.mu.Unlock()
	if refused {
		return nil
	}
	return g.Events.OnMessage(ctx, e, msg)
}

// OnClose forgets clients that were not let in.
func (g *guard) OnClose(ctx context.Context, e *businessworker.Event) error {
	g.mu.Lock()
	delete(g.refused, e.ClientID())
	g.mu.Unlock()
	return g.Events.OnClose(ctx, e)
}

// allows reports whether a client with these headers and this address is let in.
//
// A page that is served on loopback is for this machine: both the client and the
// name of its page must be of loopback. Origin is not compared with Host there,
// because any site can give its own name the address 127.0.0.1. A page that is
// served elsewhere has the host that its websocket goes to.
func (g *guard) allows(origin, host, remote string) bool {
	if g.isListed(origin) {
		return true
	}
	if g.local && !isLoopback(remote) {
		return false
	}
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return false // also "null", which pages without a host have
	}
	if g.local {
		return isLoopback(u.Hostname())
	}
	return strings.EqualFold(u.Hostname(), hostname(host))
}

// isListed reports whether the flags allow an origin. An entry is "*", an origin
// as https://chat.example.com, or the host of one.
func (g *guard) isListed(origin string) bool {
	if slices.Contains(g.origins, "*") {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && slices.ContainsFunc(g.origins, func(allowed string) bool {
		return strings.EqualFold(allowed, origin) || strings.EqualFold(allowed, u.Hostname())
	})
}

// CheckOrigin refuses an entry of Options.Origins that could never match.
func CheckOrigin(origin string) error {
	u, err := url.Parse(origin)
	switch {
	case origin == "*":
	case err == nil && u.Scheme != "" && u.Host != "" && origin == u.Scheme+"://"+u.Host:
	case err == nil && origin != "" && u.Scheme == "" && u.Host == "" && !strings.ContainsAny(origin, "/:?#@ "):
	default:
		return errors.New("want a host, as chat.example.com, an origin, as https://chat.example.com, or *")
	}
	return nil
}

// isLoopback reports whether a host's name or address is this machine's alone.
func isLoopback(host string) bool {
	host = strings.ToLower(strings.Trim(host, "[]")) // PHP's REMOTE_ADDR has brackets
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// hostname is a Host header without the port.
func hostname(host string) string { return (&url.URL{Host: host}).Hostname() }

// clip bounds what a client wrote for a log line.
func clip(text string) string { return text[:min(len(text), 100)] }
