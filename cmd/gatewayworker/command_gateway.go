package main

import (
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
		Flags: append(gatewayFlags("`HOST:PORT` of a Register; repeat it for several (default: "+gateway.DefaultRegisterAddress+")"), slices.Concat([]cli.Flag{tlsWatchFlag(), relayTimeFlag()}, adminFlags(""), processFlags())...),
		Action: func(c *cli.Context) error {
			p, err := newProcess(c)
			if err != nil {
				return err
			}
			if err := p.readUnits(); err != nil {
				return err
			}
			if p.master.checks() {
				return nil
			}
			if err := p.successor.prepared(p.parts()); err != nil {
				return err
			}
			gateways, err := p.openGateways()
			if err != nil {
				return err
			}
			a, err := p.openAdmin(c)
			if err != nil {
				return err
			}
			observed := admin.Observed{Gateways: p.observedGateways()}
			return p.serve(p.withAdmin(a, observed, asServers(gateways))...)
		},
	}
}
