package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/certs"
	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/connecthook"
	"github.com/go-gatewayworker/gatewayworker/gateway"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// unit is one gateway of the process, as its settings want it.
type unit struct {
	scope *scope
	opts  gateway.Options
	tls   []*certs.Server // of opts.Listen and of each of opts.Listeners; nil without TLS
	hook  *connecthook.Hook
}

// readUnits reads the settings of the gateways of the process.
func (p *process) readUnits() (err error) {
	if p.units, err = p.newUnits(p.settings); err != nil {
		return err
	}
	p.warnOfLanIPs()
	return nil
}

// asServers returns gateways as servers.
func asServers(gateways []gatewayServer) []server {
	var servers []server
	for _, g := range gateways {
		servers = append(servers, g)
	}
	return servers
}

// newUnits reads the settings of all gateways, and the files that they name. What
// is wrong with them comes out here, before anything is opened or changed.
func (p *process) newUnits(s *settings) ([]*unit, error) {
	var units []*unit
	for _, sc := range s.gateways {
		u, err := p.newUnit(sc)
		if err != nil {
			return nil, sc.blame(err)
		}
		units = append(units, u)
	}
	return units, checkInnerPorts(units)
}

func (p *process) newUnit(sc *scope) (*unit, error) {
	opts, err := gatewayOptions(sc.Context)
	if err != nil {
		return nil, err
	}
	if p.master == nil { // a PHP program's own choice stays
		if err := checkInnerKey(sc.Context, &opts); err != nil {
			return nil, err
		}
	}
	opts.Logger = p.log
	if sc.name != "" {
		name := sc.title
		if name == "" {
			name = net.JoinHostPort(opts.LanIP, strconv.Itoa(opts.StartPort))
		}
		opts.Logger = p.log.WithField("gateway", name)
	}
	if len(opts.RegisterAddresses) == 0 && p.ownRegister != "" {
		opts.RegisterAddresses = []string{p.ownRegister}
	}
	u := &unit{scope: sc}
	if opts.TLS, err = u.addTLS(sc); err != nil {
		return nil, err
	}
	if err := u.addConnectHook(sc.Context, &opts); err != nil {
		return nil, err
	}
	for _, ls := range sc.listeners {
		l := gateway.Listener{Listen: ls.String("listen"), BinaryFrames: ls.Bool("binary-frames")}
		if _, err := gatewayprotocol.ParseListenAddress(l.Listen); err != nil {
			return nil, ls.blame(listenError("listen", l.Listen, err))
		}
		if l.TLS, err = u.addTLS(ls); err != nil {
			return nil, ls.blame(err)
		}
		opts.Listeners = append(opts.Listeners, l)
	}
	u.opts = opts
	_, err = gateway.New(opts)
	return u, err
}

// addTLS reads the options of TLS, and the files that they name.
func (u *unit) addTLS(sc *scope) (*tls.Config, error) {
	s, err := certificatesOf(sc.Context)
	if err != nil {
		return nil, err
	}
	u.tls = append(u.tls, s)
	return tlsConfig(s), nil
}

// checkInnerPorts refuses gateways that would share an inner address.
func checkInnerPorts(units []*unit) error {
	seen := map[string]string{}
	for _, u := range units {
		address := net.JoinHostPort(u.opts.LanIP, strconv.Itoa(u.opts.StartPort))
		if other, twice := seen[address]; twice {
			return u.scope.blame(&flagError{"start-port", strconv.Itoa(u.opts.StartPort), fmt.Sprintf("%s has the inner address %s too; each gateway needs one of its own", other, address)})
		}
		seen[address] = u.scope.name
	}
	return nil
}

// gatewayServer is a Gateway that has its ports.
type gatewayServer struct {
	*gateway.Gateway
	client, inner net.Listener   // nil where another process has had them
	more          []net.Listener // of Options.Listeners
	master        *master        // nil for none
	draining      *clientDrain
	name          string // between two processes, see mover
}

// openGateway opens a gateway of the process, or takes it over from the process
// before.
func (p *process) openGateway(u *unit) (g gatewayServer, err error) {
	if part := u.part(); p.successor.offers(part) {
		g = gatewayServer{master: p.master}
		g.Gateway, err = gateway.New(u.opts)
	} else {
		g, err = openGateway(u.opts, p.master)
	}
	g.name = u.part()
	g.draining = &clientDrain{gateway: g.Gateway, log: u.opts.Logger, opts: drainOptions(u.scope.Context)}
	return g, err
}

// openGateway makes a Gateway and opens its ports, but the client port that m has
// opened. m may be nil.
func openGateway(opts gateway.Options, m *master) (gatewayServer, error) {
	g, err := gateway.New(opts)
	if err != nil {
		return gatewayServer{}, err
	}
	if !m.listens() || len(opts.Listeners) > 0 {
		inner, clients, err := g.ListenAll()
		if err != nil {
			return gatewayServer{}, err
		}
		return gatewayServer{Gateway: g, client: clients[0], inner: inner, more: clients[1:], master: m}, nil
	}
	client, err := m.listen(opts.Listen)
	if err != nil {
		return gatewayServer{}, err
	}
	inner, err := g.ListenInner()
	if err != nil {
		_ = client.Close()
		return gatewayServer{}, err
	}
	return gatewayServer{Gateway: g, client: client, inner: inner, master: m}, nil
}

// drains reports whether the clients are sent away before the stop, or are being
// sent away already.
func (s gatewayServer) drains() bool {
	r := s.draining.run()
	return s.draining.options().Time > 0 || r != nil && !r.over()
}

// drain sends the clients away over --drain-time, before a stop. Under a master,
// which waits for so long only, half of that is for the drain.
func (s gatewayServer) drain(ctx context.Context) {
	opts := s.draining.options()
	if s.master != nil {
		patience := s.master.StopPatience() / 2
		opts.Time = min(opts.Time, patience)
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	s.draining.begin(opts).follow(ctx)
}

func (s gatewayServer) Serve() error {
	serve := func() error { return s.ServeAll(s.inner, append([]net.Listener{s.client}, s.more...)...) }
	if s.inner == nil {
		serve = s.serveTakenOver
	}
	if err := serve(); !errors.Is(err, gateway.ErrServerClosed) {
		return err
	}
	return nil
}

// gatewayPart begins the name of a gateway between two processes, which has its
// inner address: client ids hold it.
const gatewayPart = "gateway "

func (u *unit) part() string {
	return gatewayPart + net.JoinHostPort(u.opts.LanIP, strconv.Itoa(u.opts.StartPort))
}

// parts are the names of the process's gateways between two processes.
func (p *process) parts() []string {
	var parts []string
	for _, u := range p.units {
		parts = append(parts, u.part())
	}
	return parts
}

// clientAddr is the address of the first client port.
func (s gatewayServer) clientAddr() *net.TCPAddr {
	if s.client != nil {
		return s.client.Addr().(*net.TCPAddr)
	}
	return s.ClientAddr().(*net.TCPAddr)
}

// listeners are those of the gateway.
func (s gatewayServer) listeners() []net.Listener {
	if s.inner == nil {
		return nil // the other process's, until this one serves
	}
	return append([]net.Listener{s.client, s.inner}, s.more...)
}

// announceAt has the gateways announced at the process's own Register, unless their
// settings name others.
func (p *process) announceAt(registerAddress string) {
	p.ownRegister = registerAddress
	for _, u := range p.units {
		if len(u.opts.RegisterAddresses) == 0 {
			u.opts.RegisterAddresses = []string{registerAddress}
		}
	}
}

// chatGateway is the one whose clients may chat: the first that speaks websocket,
// or the first.
func (p *process) chatGateway() *unit {
	for _, u := range p.units {
		if a, err := gatewayprotocol.ParseListenAddress(u.opts.Listen); err == nil && a.Scheme == gatewayprotocol.SchemeWebSocket {
			return u
		}
	}
	return p.units[0]
}

// openGateways opens the gateways of the process.
func (p *process) openGateways() ([]gatewayServer, error) {
	var open []gatewayServer
	for _, u := range p.units {
		g, err := p.openGateway(u)
		if err != nil {
			for _, g := range open {
				for _, l := range g.listeners() {
					_ = l.Close()
				}
			}
			return nil, u.scope.blame(err)
		}
		open = append(open, g)
	}
	p.gateways = open
	return open, p.takeGateways()
}

// warnOfLanIPs warns of gateways that nobody else can reach.
func (p *process) warnOfLanIPs() {
	for _, u := range p.units {
		if warning := unreachableLanIP(u.opts.LanIP, u.opts.RegisterAddresses, isOwnHost); warning != "" {
			u.opts.Logger.Warn(warning)
		}
	}
}
