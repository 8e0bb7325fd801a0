package main

import (
	"net"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/admin"
)

func startCommand() *cli.Command {
	return &cli.Command{
		Name:  "start",
		Usage: "run a Register and a Gateway in one process",
		Description: "Everything on one machine: clients connect to listen, BusinessWorkers and GatewayClients\n" +
			"ask at register-listen. Workers on other machines need lan-ip and register-listen.\n" +
			"Until you have a worker there is a chat to try it with, see --chat." + servingHelp,
		Flags: slices.Concat(gatewayFlags("`HOST:PORT` of a Register to announce the gateway at; repeat it for several (default: the one of this process)"),
			[]cli.Flag{tlsWatchFlag(), relayTimeFlag(), registerListenFlag("register-listen"), registerAllowFlag()}, chatFlags(), adminFlags(defaultAdminListen), processFlags()),
		Action: func(c *cli.Context) error {
			p, err := newProcess(c)
			if err != nil {
				return err
			}
			return start(c, p)
		},
	}
}

func start(c *cli.Context, p *process) (err error) {
	if err := p.readUnits(); err != nil {
		return err
	}
	withChat, err := chatWanted(c, p.chatGateway().opts)
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
	parts := slices.Concat(p.parts(), registerParts(c, "register-listen"))
	if withChat {
		parts = append(parts, chatPart)
	}
	if err := p.successor.prepared(parts); err != nil {
		return err
	}
	r, err := p.openRegister(c, "register-listen")
	if err != nil {
		return err
	}
	if r.ln != nil {
		listeners = append(listeners, r.ln)
	}
	p.announceAt(dialAddress(r.addr))
	var chatListener net.Listener
	if withChat {
		if chatListener, err = p.listenChat(c); err != nil {
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
	gateways, err := p.openGateways()
	if err != nil {
		return err
	}
	for _, g := range gateways {
		listeners = append(listeners, g.listeners()...)
	}
	// The chat stops first, then the gateways, which take their addresses from the
	// Register, then the Register.
	servers := append(asServers(gateways), r)
	if withChat {
		chatted := p.chatGateway()
		room, err := newChat(c, chatListener, gateways[slices.Index(p.units, chatted)], chatted.opts, p.log)
		if err != nil {
			return err
		}
		if err := p.takeChat(room); err != nil {
			return err
		}
		servers = slices.Insert(servers, 0, server(room))
	}
	observed := admin.Observed{
		Gateways: p.observedGateways(),
		Register: &admin.Register{Server: r.Server, Listen: c.String("register-listen")},
	}
	return p.serve(p.withAdmin(a, observed, servers)...)
}
