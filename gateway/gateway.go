package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/clientproto"
	"github.com/go-gatewayworker/gatewayworker/gateway/internal/command"
	"github.com/go-gatewayworker/gatewayworker/gateway/internal/hub"
	"github.com/go-gatewayworker/gatewayworker/gateway/internal/netloop"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/logging"
	"github.com/go-gatewayworker/gatewayworker/register"
)

// ErrServerClosed is returned by Serve after Shutdown or Close.
var ErrServerClosed = errors.New("gateway: server closed")

// Gateway holds client connections and passes what they say to business
// workers, and what business workers and GatewayClients say to them. One
// Gateway uses all cores and has one inner address.
//
// Make one with [New], run it with [Gateway.ListenAndServe] or
// [Gateway.Serve], end it with [Gateway.Shutdown] or [Gateway.Close].
type Gateway struct {
	opts       Options
	log        *logrus.Entry
	limited    logging.Limiter
	codec      clientproto.Codec
	handshakes bool        // clients are ready only after a handshake
	cookieHint atomic.Bool // see hintAtCookie
	listen     gatewayprotocol.ListenAddress
	started    time.Time

	// Set by Serve before anything runs.
	lanIP       uint32
	lanPort     uint16
	gatewayPort uint16

	hub      *hub.Hub
	workers  *workerTable // guarded by hub.Mu
	lives    lives        // guarded by hub.Mu
	traffic  traffic
	commands command.Counts // that the inner loop has executed
	turns    turns
	early    atomic.Int64 // bytes in client.early, over all clients
	helpers  *flushHelpers

	announcer atomic.Pointer[register.Announcer] // nil until announce has begun

	handshaking handshakeQueue // used where there is a HandshakeTimeout
	handshaken  atomic.Uint64  // TLS handshakes, failed ones too; see trim

	clients clientServer
	inner   innerServer
	running sync.WaitGroup // every goroutine of the gateway

	mu        sync.Mutex // guards what follows
	state     serverState
	cancel    func()         // ends heartbeats and announcing
	failure   error          // why Serve ends by itself
	listeners []net.Listener // open while serving
	addrs     [2]net.Addr    // client, inner

	served      chan struct{} // closed when Serve is through
	clientsGone chan struct{} // closed when the last client is gone while stopping
	stopped     atomic.Bool   // new clients are not wanted any more
}

type serverState uint8

const (
	serverNew serverState = iota
	serverServing
	serverStopping
	serverClosed
)

// clientServer is what reads and accepts clients.
type clientServer interface {
	serve()
	stopAccepting()
	stop()
	trim(context.Context)
}

// innerServer is what serves the inner port. finish lets it end when everything
// queued is written; stop ends it now. call has a call executed, and reports
// false when it comes too late for that.
type innerServer interface {
	serve()
	call(*localCall) bool
	finish()
	stop()
	trim(context.Context)
}

// New checks the options and makes a Gateway. Errors are [*OptionError] or
// [*gatewayprotocol.ListenAddressError].
func New(opts Options) (*Gateway, error) {
	undecided := opts.HandshakeData == 0
	opts, lanIP, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	g := &Gateway{
		opts:        opts,
		log:         opts.Logger.WithField("role", "gateway"),
		lanIP:       gatewayprotocol.AddrToUint32(lanIP),
		hub:         hub.New(),
		workers:     newWorkerTable(opts.Router),
		started:     time.Now(),
		served:      make(chan struct{}),
		clientsGone: make(chan struct{}),
	}
	if opts.Protocol != nil {
		g.codec = clientproto.NewCustom(customProtocol{opts.Protocol}, opts.MaxPackageSize, func(err error) { g.log.Error(err) })
	}
	if opts.Listen != "" {
		a, err := parseListen(opts)
		if err != nil {
			return nil, err
		}
		g.listen = a
		if g.codec == nil {
			g.codec = clientproto.New(a.Scheme, clientproto.Options{
				MaxPackageSize: opts.MaxPackageSize,
				Binary:         opts.BinaryFrames,
				Workerman4:     opts.HandshakeData == HandshakeData3,

				RefuseUnnegotiated: opts.RefuseUnnegotiatedCompression,
			})
		}
	}
	if g.codec == nil {
		return nil, errNoListen
	}
	g.handshakes = g.codec.Handshakes()
	if opts.OnHandshake != nil && !g.handshakes {
		return nil, &OptionError{Package: "gateway", Option: "OnHandshake", Value: "set", Reason: "only websocket clients make a handshake; use it with websocket://"}
	}
	g.cookieHint.Store(undecided)
	return g, nil
}

var errNoListen error = &OptionError{
	Package: "gateway", Option: "Listen",
	Reason: "required; set an address such as websocket://0.0.0.0:8282",
}

func parseListen(opts Options) (gatewayprotocol.ListenAddress, error) {
	if opts.Protocol == nil {
		return gatewayprotocol.ParseListenAddress(opts.Listen)
	}
	// With a protocol of the user's own, the scheme is only a name.
	scheme, _, _ := strings.Cut(opts.Listen, "://")
	return gatewayprotocol.ParseListenAddress(opts.Listen, scheme)
}

// ListenAndServe opens the ports as [Gateway.Listen] does and serves them until
// Shutdown or Close; it then returns ErrServerClosed.
func (g *Gateway) ListenAndServe() error {
	client, inner, err := g.Listen()
	if err != nil {
		return err
	}
	return g.Serve(client, inner)
}

// Listen opens the client port (Listen) and the inner port
// (InnerListen:StartPort) for [Gateway.Serve]. With it a program knows that it
// has its ports, and their numbers, before the gateway announces itself. A
// program that opens the listeners itself needs no Listen.
func (g *Gateway) Listen() (client, inner net.Listener, err error) {
	if g.opts.Listen == "" {
		return nil, nil, errNoListen
	}
	// Go offers Multipath TCP, which costs something with every connection and
	// which PHP's gateway does not speak.
	config := net.ListenConfig{Control: netloop.Control}
	config.SetMultipathTCP(false)
	client, err = config.Listen(context.Background(), g.listen.Network(), g.listen.HostPort())
	if err != nil {
		return nil, nil, fmt.Errorf("gateway: client port: %w", err)
	}
	a := gatewayprotocol.ListenAddress{Host: g.opts.InnerListen, Port: uint16(g.opts.StartPort)}
	inner, err = config.Listen(context.Background(), a.Network(), a.HostPort())
	if err != nil {
		_ = client.Close()
		return nil, nil, fmt.Errorf("gateway: inner port: %w", err)
	}
	return client, inner, nil
}

// Serve serves the two listeners until Shutdown or Close, then returns
// ErrServerClosed. When a port cannot be served any more, because the kernel
// reports no more events, Serve ends as by Close and returns that error. It closes the listeners. The ports that go on the wire are
// those of the listeners.
func (g *Gateway) Serve(client, inner net.Listener) error {
	if err := g.start(client, inner); err != nil {
		_ = client.Close()
		_ = inner.Close()
		return err
	}
	g.running.Wait()
	close(g.served)
	g.mu.Lock()
	defer g.mu.Unlock()
	return cmp.Or(g.failure, ErrServerClosed)
}

// ClientAddr returns the address of the client port, nil before Serve.
func (g *Gateway) ClientAddr() net.Addr { return g.addr(0) }

// InnerAddr returns the address of the inner port, nil before Serve.
func (g *Gateway) InnerAddr() net.Addr { return g.addr(1) }

func (g *Gateway) addr(i int) net.Addr {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.addrs[i]
}

// Address returns the inner address by which workers know the gateway:
// lanIp:lanPort. The port is known from Serve on.
func (g *Gateway) Address() gatewayprotocol.GatewayAddress {
	g.mu.Lock()
	defer g.mu.Unlock()
	return gatewayprotocol.GatewayAddress{IP: g.lanIP, Port: g.lanPort}
}

// pollers is the number of goroutines that share the clients.
func pollers() int { return max(1, runtime.GOMAXPROCS(0)) }
