package main

import (
	"errors"
	"net"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/admin"
	"github.com/go-gatewayworker/gatewayworker/gateway"
)

func gatewayCommand() *cli.Command {
	return &cli.Command{
		Name:  "gateway",
		Usage: "run a Gateway: clients on one side, workers on the other",
		Description: "One process uses all cores and has one inner address, lan-ip:start-port, where PHP's\n" +
			"Gateway has one for each of its count processes." + servingHelp,
		Flags: append(gatewayFlags("`HOST:PORT` of a Register; repeat it for several (default: "+gateway.DefaultRegisterAddress+")"), slices.Concat(adminFlags(""), processFlags())...),
		Action: func(c *cli.Context) error {
			p, err := newProcess(c)
			if err != nil {
				return err
			}
			opts, err := p.gatewayOptions(c)
			if err != nil {
				return err
			}
			if p.master.checks() {
				_, err := gateway.New(opts)
				return err
			}
			g, err := openGateway(opts, p.master)
			if err != nil {
				return err
			}
			a, err := p.openAdmin(c)
			if err != nil {
				return err
			}
			observed := admin.Observed{Gateways: []admin.Gateway{g.observed(opts)}}
			return p.serve(p.withAdmin(a, observed, []server{g})...)
		},
	}
}

// gatewayOptions are those of the process's Gateway.
func (p *process) gatewayOptions(c *cli.Context) (gateway.Options, error) {
	opts, err := gatewayOptions(c)
	if err != nil {
		return opts, err
	}
	if p.tls, err = tlsFilesOf(c); err != nil {
		return opts, err
	}
	opts.TLS, opts.Logger = p.tls.config(), p.log
	if warning := unreachableLanIP(opts.LanIP, opts.RegisterAddresses, isOwnHost); warning != "" {
		p.log.Warn(warning)
	}
	return opts, nil
}

// gatewayServer is a Gateway that has its ports.
type gatewayServer struct {
	*gateway.Gateway
	client, inner net.Listener
	master        *master // nil for none
}

// openGateway makes a Gateway and opens its ports, but the client port that m has
// opened. m may be nil.
func openGateway(opts gateway.Options, m *master) (gatewayServer, error) {
	g, err := gateway.New(opts)
	if err != nil {
		return gatewayServer{}, err
	}
	var client, inner net.Listener
	if m.listens() {
		if client, err = m.listen(opts.Listen); err != nil {
			return gatewayServer{}, err
		}
		if inner, err = g.ListenInner(); err != nil {
			_ = client.Close()
		}
	} else {
		client, inner, err = g.Listen()
	}
	if err != nil {
		return gatewayServer{}, err
	}
	return gatewayServer{g, client, inner, m}, nil
}

func (s gatewayServer) Serve() error {
	if err := s.Gateway.Serve(s.client, s.inner); !errors.Is(err, gateway.ErrServerClosed) {
		return err
	}
	return nil
}
