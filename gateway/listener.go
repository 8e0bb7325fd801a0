package gateway

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/clientproto"
	"github.com/go-gatewayworker/gatewayworker/gateway/internal/tlsloop"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// Listener is one more address on which a gateway takes clients, beside
// [Options].Listen: a wss port beside the ws port, a text port for devices. All
// clients share one hub: a uid, a group and a broadcast reach them over whichever
// listener they came, each in the protocol of its own. PHP has no such thing; to
// its workers the clients differ in the port that they came to (GATEWAY_PORT).
type Listener struct {
	// Listen is what [Options].Listen is. Required, unless Protocol is set and
	// listeners are given to ServeAll.
	Listen string
	// Protocol is a custom client protocol in place of Listen's scheme.
	Protocol ClientProtocol
	// TLS turns on TLS for the clients of this listener. nil is plain TCP.
	TLS *tls.Config
	// BinaryFrames sends websocket messages as binary frames.
	BinaryFrames bool
}

// clientListener is a Listener, or what Options say of the first one, as the
// gateway uses it. It does not change while the gateway serves, but for its TLS.
type clientListener struct {
	gw         *Gateway
	address    gatewayprotocol.ListenAddress // zero if only listeners that are given are served
	protocol   string                        // the scheme, or "custom"
	codec      clientproto.Codec
	handshakes bool   // clients are ready only after a handshake
	encoding   int    // listeners with the same number send the same bytes for a message
	port       uint16 // set by Serve before anything runs

	tls    atomic.Pointer[tls.Config] // for new clients; nil is plain TCP
	looped atomic.Pointer[tls.Config] // tls, for the handshakes of tlsloop

	clients int // of this listener; guarded by hub.Mu
}

// setTLS sets the configuration for new clients.
func (l *clientListener) setTLS(cfg *tls.Config) {
	l.looped.Store(tlsloop.Config(cfg))
	l.tls.Store(cfg)
}

// customName is the name of a protocol of the program's own.
const customName = "custom"

// secure reports whether clients speak TLS.
func (l *clientListener) secure() bool { return l.tls.Load() != nil }

// all returns the listeners of o in order, the one of Options itself first.
func (o *Options) all() []Listener {
	return append([]Listener{{Listen: o.Listen, Protocol: o.Protocol, TLS: o.TLS, BinaryFrames: o.BinaryFrames}}, o.Listeners...)
}

// newListeners makes the listeners of checked options.
func (g *Gateway) newListeners(opts *Options) ([]*clientListener, error) {
	type form struct { // what decides how a message is encoded
		scheme string
		binary bool
		at     int // of a custom protocol, which may encode as it likes; else 0
	}
	forms := map[form]int{}
	var all []*clientListener
	for i, o := range opts.all() {
		l := &clientListener{gw: g, protocol: customName}
		f := form{at: i}
		if o.Protocol != nil {
			l.codec = clientproto.NewCustom(customProtocol{o.Protocol}, opts.maxMessage(), func(err error) { g.log.Error(err) })
		}
		if o.Listen != "" {
			a, err := parseListen(o)
			if err != nil {
				return nil, err
			}
			l.address = a
			if l.codec == nil {
				l.protocol = a.Scheme
				f = form{scheme: a.Scheme, binary: o.BinaryFrames && a.Scheme == gatewayprotocol.SchemeWebSocket}
				l.codec = clientproto.New(a.Scheme, clientproto.Options{
					MaxPackageSize: opts.maxMessage(),
					Binary:         o.BinaryFrames,
					Workerman4:     opts.HandshakeData == HandshakeData3,

					RefuseUnnegotiated: opts.RefuseUnnegotiatedCompression,
				})
			}
		}
		switch {
		case l.codec == nil && i == 0:
			return nil, errNoListen
		case l.codec == nil:
			return nil, &OptionError{Package: "gateway", Option: listenerOption(i, "Listen"), Reason: errNoListen.Reason}
		}
		if _, known := forms[f]; !known {
			forms[f] = len(forms)
		}
		l.encoding = forms[f]
		l.handshakes = l.codec.Handshakes()
		l.setTLS(o.TLS)
		all = append(all, l)
	}
	return all, nil
}

// listenerOption names an option of the listener with a number, as in
// Options.all.
func listenerOption(i int, name string) string {
	if i == 0 {
		return name
	}
	return "Listeners[" + strconv.Itoa(i-1) + "]." + name
}

var errNoListen = &OptionError{
	Package: "gateway", Option: "Listen",
	Reason: "required; set an address such as websocket://0.0.0.0:8282",
}

func parseListen(o Listener) (gatewayprotocol.ListenAddress, error) {
	if o.Protocol == nil {
		return gatewayprotocol.ParseListenAddress(o.Listen)
	}
	// With a protocol of the user's own, the scheme is only a name.
	scheme, _, _ := strings.Cut(o.Listen, "://")
	return gatewayprotocol.ParseListenAddress(o.Listen, scheme)
}

// anyHandshakes reports whether any listener's clients make a websocket handshake.
func anyHandshakes(listeners []*clientListener) bool {
	for _, l := range listeners {
		if l.handshakes {
			return true
		}
	}
	return false
}

// checkListenerCount refuses listeners that are not one for each of the options.
func (g *Gateway) checkListenerCount(clients []net.Listener) error {
	if len(clients) == len(g.listeners) {
		return nil
	}
	return fmt.Errorf("gateway: %d client listeners given, but the options have %d: %w", len(clients), len(g.listeners), errListenerCount)
}

var errListenerCount = errors.New("Options.Listeners needs ListenAll and ServeAll")

// ListenerStats is what one listener of a gateway holds.
type ListenerStats struct {
	Addr     net.Addr // nil before Serve
	Protocol string   // websocket, text, frame, tcp or custom
	TLS      bool
	Clients  int // connected now
}

// ListenerStats returns what the gateway's listeners hold, that of Options.Listen
// first, then those of Options.Listeners.
func (g *Gateway) ListenerStats() []ListenerStats {
	addrs := g.ClientAddrs()
	all := make([]ListenerStats, len(g.listeners))
	g.hub.Mu.Lock()
	defer g.hub.Mu.Unlock()
	for i, l := range g.listeners {
		all[i] = ListenerStats{Protocol: l.protocol, TLS: l.secure(), Clients: l.clients}
		if i < len(addrs) {
			all[i].Addr = addrs[i]
		}
	}
	return all
}
