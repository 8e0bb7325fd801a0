package main

import "github.com/urfave/cli/v2"

func startCommand() *cli.Command {
	return &cli.Command{
		Name:  "start",
		Usage: "run a Register and a Gateway in one process",
		Description: "Everything on one machine: clients connect to listen, BusinessWorkers and GatewayClients\n" +
			"ask at register-listen. Workers on other machines need lan-ip and register-listen.",
		Flags: append(append(
			gatewayFlags("`HOST:PORT` of a Register to announce the gateway at; repeat it for several (default: the one of this process)"),
			registerListenFlag("register-listen")), processFlags()...),
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			log, err := newLogger(c)
			if err != nil {
				return err
			}
			opts, err := gatewayOptions(c)
			if err != nil {
				return err
			}
			ln, err := listenRegister(c, "register-listen")
			if err != nil {
				return err
			}
			opts.Logger = log
			if len(opts.RegisterAddress) == 0 {
				opts.RegisterAddress = []string{dialAddress(ln)}
			}
			g, err := openGateway(opts)
			if err != nil {
				_ = ln.Close()
				return err
			}
			// The gateway goes first, while the Register can still be told.
			return serve(c, log, g, newRegisterServer(opts.SecretKey, log, ln))
		},
	}
}
