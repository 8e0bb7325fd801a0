package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/command"
	"github.com/go-gatewayworker/gatewayworker/gateway/internal/hub"
	"github.com/go-gatewayworker/gatewayworker/gateway/internal/netloop"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/logging"
)

// ErrServerClosed is returned by Serve after Shutdown or Close.
var ErrServerClosed = errors.New("gateway: server closed")

// ErrLeft is returned by Serve after another process has taken the gateway over; see
// StandStill, which there is on Linux.
var ErrLeft = errors.New("gateway: another process has taken over")

// Gateway holds client connections and passes what they say to business
// workers, and what business workers and GatewayClients say to them. One
// Gateway uses all cores and has one inner address.
//
// Make one with [New], run it with [Gateway.ListenAndServe] or
// [Gateway.Serve], end it with [Gateway.Shutdown] or [Gateway.Close].
type Gateway struct {
	opts       Options                 // as they were at the start
	current    atomic.Pointer[Options] // as they are now; see Reload
	log        *logrus.Entry
	limited    logging.Limiter
	listeners  []*clientListener // that of Options.Listen, then those of Options.Listeners
	encodings  int               // how many forms a message takes over all listeners
	cookieHint atomic.Bool       // see hintAtCookie
	started    time.Time

	// Set by Serve before anything runs.
	lanIP   uint32
	lanPort uint16

	hub      *hub.Hub
	workers  *workerTable // guarded by hub.Mu
	lives    lives        // guarded by hub.Mu
	traffic  traffic
	commands command.Counts // that the inner loop has executed
	turns    turns
	hooks    hooks
	early    atomic.Int64 // bytes that wait for handshakes, over all clients: client.early and client.secured
	helpers  *flushHelpers

	handshaking ageQueue // used unless HandshakeTimeout is negative
	identifying ageQueue // used with IdentifyTimeout
	inflations  inflations
	limits      limits
	compression compression
	metered     atomic.Bool   // clients are, or were; see measure
	handshaken  atomic.Uint64 // TLS handshakes, failed ones too; see trim

	freed atomic.Uint64 // see letGo

	beats, workerBeats rhythm // of heartbeat and pingWorkers

	clients clientServer
	inner   innerServer
	running sync.WaitGroup // every goroutine of the gateway, but for
	shaking sync.WaitGroup // TLS handshakes that are under way or wait for their turn

	// standstill is held for reading by what touches clients or workers and is
	// neither a loop nor called by one, for writing while all stands still; see
	// StandStill. It is taken before all others.
	standstill sync.RWMutex

	reloading sync.Mutex // serializes Reload; taken before mu

	mu          sync.Mutex // guards what follows
	state       serverState
	jobs        jobs           // heartbeats, announcing and the like
	failure     error          // why Serve ends by itself
	open        []net.Listener // while serving
	clientAddrs []net.Addr     // of the listeners, in their order
	innerAddr   net.Addr

	served      chan struct{} // closed when Serve is through
	clientsGone chan struct{} // closed when the last client is gone while stopping
	draining    atomic.Bool   // Drain was called
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
		hub:         hub.New(opts.ConnectionIDStart),
		workers:     newWorkerTable(opts.Router),
		started:     time.Now(),
		served:      make(chan struct{}),
		clientsGone: make(chan struct{}),
	}
	if g.listeners, err = g.newListeners(&opts); err != nil {
		return nil, err
	}
	for _, l := range g.listeners {
		g.encodings = max(g.encodings, l.encoding+1)
	}
	if err := checkHandshakeHooks(&opts, g.listeners); err != nil {
		return nil, err
	}
	g.current.Store(&opts)
	g.metered.Store(opts.meters())
	g.cookieHint.Store(undecided)
	return g, nil
}

// checkHandshakeHooks refuses hooks that would never be asked.
func checkHandshakeHooks(opts *Options, listeners []*clientListener) error {
	if anyHandshakes(listeners) {
		return nil
	}
	for option, set := range map[string]bool{"OnHandshake": opts.OnHandshake != nil, "ConnectHook": opts.ConnectHook != nil} {
		if set {
			return &OptionError{Package: "gateway", Option: option, Value: "set", Reason: "only websocket clients make a handshake; use it with websocket://"}
		}
	}
	return nil
}

// options are the options as they are now. They do not change: Reload puts
// others in their place.
func (g *Gateway) options() *Options { return g.current.Load() }

// ListenAndServe opens the ports as [Gateway.Listen] does and serves them until
// Shutdown or Close; it then returns ErrServerClosed.
func (g *Gateway) ListenAndServe() error {
	inner, clients, err := g.ListenAll()
	if err != nil {
		return err
	}
	return g.ServeAll(inner, clients...)
}

// Listen opens the client port (Listen) and the inner port
// (InnerListen:StartPort) for [Gateway.Serve]. With it a program knows that it
// has its ports, and their numbers, before the gateway announces itself. A
// program that opens the listeners itself needs no Listen. With
// Options.Listeners use [Gateway.ListenAll].
func (g *Gateway) Listen() (client, inner net.Listener, err error) {
	if err := g.checkListenerCount(make([]net.Listener, 1)); err != nil {
		return nil, nil, err
	}
	inner, clients, err := g.ListenAll()
	if err != nil {
		return nil, nil, err
	}
	return clients[0], inner, nil
}

// ListenAll is [Gateway.Listen] for any number of listeners: it opens the inner
// port and the client ports, that of Options.Listen and those of
// Options.Listeners in order, for [Gateway.ServeAll].
func (g *Gateway) ListenAll() (inner net.Listener, clients []net.Listener, err error) {
	defer func() {
		if err != nil {
			for _, l := range clients {
				_ = l.Close()
			}
			clients = nil
		}
	}()
	for _, l := range g.listeners {
		if l.address.Scheme == "" {
			return nil, clients, errNoListen
		}
		client, err := listen(l.address)
		if err != nil {
			return nil, clients, fmt.Errorf("gateway: client port: %w", err)
		}
		clients = append(clients, client)
	}
	if inner, err = g.ListenInner(); err != nil {
		return nil, clients, err
	}
	return inner, clients, nil
}

// ListenInner opens the inner port alone, for a program that has the listener of the
// client port from another process.
func (g *Gateway) ListenInner() (net.Listener, error) {
	l, err := listen(g.innerAddress())
	if err != nil {
		return nil, fmt.Errorf("gateway: inner port: %w", err)
	}
	return l, nil
}

// listen opens a port without Multipath TCP, which Go offers, which costs something
// with every connection, and which PHP's gateway does not speak.
func listen(a gatewayprotocol.ListenAddress) (net.Listener, error) {
	config := net.ListenConfig{Control: netloop.Control}
	config.SetMultipathTCP(false)
	return config.Listen(context.Background(), a.Network(), a.HostPort())
}

// Serve serves the two listeners until Shutdown or Close, then returns
// ErrServerClosed. When a port cannot be served any more, because the kernel
// reports no more events, Serve ends as by Close and returns that error. It closes the listeners. The ports that go on the wire are
// those of the listeners.
func (g *Gateway) Serve(client, inner net.Listener) error { return g.ServeAll(inner, client) }

// ServeAll is [Gateway.Serve] for any number of listeners: one for Options.Listen,
// and one for each of Options.Listeners, in order.
func (g *Gateway) ServeAll(inner net.Listener, clients ...net.Listener) error {
	if err := g.start(inner, clients); err != nil {
		for _, l := range append(clients, inner) {
			_ = l.Close()
		}
		return err
	}
	return g.wait()
}

// wait returns when serving is over.
func (g *Gateway) wait() error {
	g.running.Wait()
	g.mu.Lock()
	left := errors.Is(g.failure, ErrLeft)
	g.mu.Unlock()
	if !left { // else their relay goes on with them
		g.shaking.Wait()
	}
	close(g.served)
	g.mu.Lock()
	defer g.mu.Unlock()
	return cmp.Or(g.failure, ErrServerClosed)
}

// innerAddress is the inner address as it is configured.
func (g *Gateway) innerAddress() gatewayprotocol.ListenAddress {
	return gatewayprotocol.ListenAddress{Host: g.opts.InnerListen, Port: uint16(g.opts.StartPort)}
}

// ClientAddr returns the address of the client port, that of Options.Listen where
// there are several; nil before Serve.
func (g *Gateway) ClientAddr() net.Addr {
	if all := g.ClientAddrs(); len(all) > 0 {
		return all[0]
	}
	return nil
}

// ClientAddrs returns the addresses of the client ports, in the order of
// Options.Listen and Options.Listeners; nil before Serve.
func (g *Gateway) ClientAddrs() []net.Addr {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.clientAddrs)
}

// InnerAddr returns the address of the inner port, nil before Serve.
func (g *Gateway) InnerAddr() net.Addr {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.innerAddr
}

// Address returns the inner address by which workers know the gateway:
// lanIp:lanPort. The port is known from Serve on.
func (g *Gateway) Address() gatewayprotocol.GatewayAddress {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.addressLocked()
}

func (g *Gateway) addressLocked() gatewayprotocol.GatewayAddress {
	return gatewayprotocol.GatewayAddress{IP: g.lanIP, Port: g.lanPort}
}

// pollers is the number of goroutines that share the clients.
func pollers() int { return max(1, runtime.GOMAXPROCS(0)) }
