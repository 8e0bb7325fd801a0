package main

import (
	"net"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/admin"
	"github.com/go-gatewayworker/gatewayworker/gateway"
)

func startCommand() *cli.Command {
	return &cli.Command{
		Name:  "start",
		Usage: "run a Register and a Gateway in one process",
		Description: "Everything on one machine: clients connect to listen, BusinessWorkers and GatewayClients\n" +
			"ask at register-listen. Workers on other machines need lan-ip and register-listen.\n" +
			"Until you have a worker there is a chat to try it with, see --chat." + servingHelp,
		Flags: slices.Concat(gatewayFlags("`HOST:PORT` of a Register to announce the gateway at; repeat it for several (default: the one of this process)"),
			[]cli.Flag{registerListenFlag("register-listen")}, chatFlags(), adminFlags(defaultAdminListen), processFlags()),
		Action: func(c *cli.Context) error {
			p, err := newProcess(c)
			if err != nil {
				return err
			}
			opts, err := p.gatewayOptions(c)
			if err != nil {
				return err
			}
			return start(c, p, opts)
		},
	}
}

func start(c *cli.Context, p *process, opts gateway.Options) (err error) {
	withChat, err := chatWanted(c, opts)
	if err != nil {
		return err
	}
	var listeners []net.Listener
	defer func() {
		if err != nil {
			for _, ln := range listeners {
				_ = ln.Close()
			}
		}
	}()
	registerListener, err := listenRegister(c, "register-listen")
	if err != nil {
		return err
	}
	listeners = append(listeners, registerListener)
	if len(opts.RegisterAddresses) == 0 {
		opts.RegisterAddresses = []string{dialAddress(registerListener)}
	}
	var chatListener net.Listener
	if withChat {
		if chatListener, err = listenChat(c); err != nil {
			return err
		}
		listeners = append(listeners, chatListener)
	}
	a, err := p.openAdmin(c)
	if err != nil {
		return err
	}
	if a != nil {
		listeners = append(listeners, a.ln)
	}
	g, err := openGateway(opts, nil)
	if err != nil {
		return err
	}
	listeners = append(listeners, g.client, g.inner)
	// The chat stops first, then the gateway, which takes its address from the
	// Register, then the Register.
	r, err := newRegisterServer(opts.SecretKey, p.log, registerListener)
	if err != nil {
		return err
	}
	servers := []server{g, r}
	if withChat {
		room, err := newChat(c, chatListener, g, opts, p.log)
		if err != nil {
			return err
		}
		servers = slices.Insert(servers, 0, room)
	}
	observed := admin.Observed{
		Gateways: []admin.Gateway{g.observed(opts)},
		Register: &admin.Register{Server: r.Server, Listen: c.String("register-listen")},
	}
	return p.serve(p.withAdmin(a, observed, servers)...)
}
