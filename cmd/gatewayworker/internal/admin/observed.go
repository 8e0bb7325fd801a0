package admin

import (
	"crypto/x509"
	"net/netip"
	"strconv"
	"strings"

	"github.com/go-gatewayworker/gatewayworker/gateway"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/register"
)

// Observed is what a process serves, and an admin shows of it.
type Observed struct {
	Gateways []Gateway
	Register *Register // nil where the process has none
	// Certificates returns those in use, by the name under which operators know
	// them, a file's for example. It may be nil.
	Certificates func() []Certificate
}

// Gateway is a gateway of the process.
type Gateway struct {
	*gateway.Gateway
	// Name is what the operator calls it; it is the label gateway of metrics. Empty
	// means its inner address.
	Name string
	// Listeners are where clients connect: one, or more.
	Listeners []Listener
	// CircuitOpen reports whether the connect hook is not asked for the time being. It
	// may be nil.
	CircuitOpen func() bool
}

// Listener is where clients connect to a gateway.
type Listener struct {
	Listen string `json:"listen"` // as in websocket://0.0.0.0:8282
	TLS    bool   `json:"tls"`
}

// Register is a Register of the process.
type Register struct {
	*register.Server
	Listen string
}

// Certificate is a certificate in use.
type Certificate struct {
	Name string
	Leaf *x509.Certificate
}

// name is the gateway's value of the label gateway.
func (g *Gateway) name() string {
	if g.Name != "" {
		return g.Name
	}
	return g.Address().String()
}

// mixed is the value of a label where the gateway's listeners differ in it.
const mixed = "mixed"

// common is what f says of all listeners.
func (g *Gateway) common(f func(Listener) string) string {
	value := ""
	for i, l := range g.Listeners {
		switch v := f(l); {
		case i == 0:
			value = v
		case v != value:
			return mixed
		}
	}
	return value
}

// protocol is the scheme of the listeners.
func (g *Gateway) protocol() string {
	return g.common(func(l Listener) string {
		scheme, _, _ := strings.Cut(l.Listen, "://")
		return scheme
	})
}

// tls says whether clients connect by TLS.
func (g *Gateway) tls() string {
	return g.common(func(l Listener) string { return strconv.FormatBool(l.TLS) })
}

// ready returns why new clients are not welcome in this process, nil if they are.
func (o *Observed) ready() []problem {
	var problems []problem
	for i := range o.Gateways {
		if err := o.Gateways[i].Ready(); err != nil {
			problems = append(problems, problem{o.Gateways[i].name(), err.Error()})
		}
	}
	return problems
}

// problem is what keeps a gateway from being ready.
type problem struct {
	Gateway string `json:"gateway"`
	Reason  string `json:"reason"`
}

// byAddress returns the gateway with an inner address, nil if it is not of this
// process.
func (o *Observed) byAddress(id gatewayprotocol.ClientID) *Gateway {
	for i := range o.Gateways {
		a := o.Gateways[i].Address()
		if a.IP == id.LocalIP && a.Port == id.LocalPort {
			return &o.Gateways[i]
		}
	}
	return nil
}

// byName returns the gateways of a name, all if it is empty.
func (o *Observed) byName(name string) []*Gateway {
	var found []*Gateway
	for i := range o.Gateways {
		if name == "" || o.Gateways[i].name() == name {
			found = append(found, &o.Gateways[i])
		}
	}
	return found
}

func isLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}
