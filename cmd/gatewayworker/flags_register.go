package main

import (
	"fmt"
	"net"

	"github.com/urfave/cli/v2"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// defaultRegisterListen is open to this machine alone: a Register gives away
// the cluster's addresses, and without a secret key takes any.
const defaultRegisterListen = "text://127.0.0.1:1236"

// registerListenFlag is the address of the Register. Its environment variable is
// the same under either name, so that one environment fits every command.
func registerListenFlag(name string, aliases ...string) cli.Flag {
	return &cli.StringFlag{Name: name, Aliases: aliases, Category: categoryCluster, Usage: "`ADDRESS` of the Register, for gateways, workers and GatewayClients", Value: defaultRegisterListen, EnvVars: env("register-listen")}
}

// listenRegister opens the port at the address that the flag name holds.
func listenRegister(c *cli.Context, name string) (net.Listener, error) {
	a, err := registerListenAddress(c, name)
	if err != nil {
		return nil, err
	}
	ln, err := net.Listen(a.Network(), a.HostPort())
	if err != nil {
		return nil, fmt.Errorf("register: %w", err)
	}
	return ln, nil
}

// registerListenAddress reads the flag name.
func registerListenAddress(c *cli.Context, name string) (a gatewayprotocol.ListenAddress, err error) {
	text := c.String(name)
	if a, err = gatewayprotocol.ParseListenAddress(text); err != nil {
		return a, listenError(name, text, err)
	}
	if a.Scheme != gatewayprotocol.SchemeText {
		return a, &flagError{name, text, "a Register speaks text only, as in " + defaultRegisterListen}
	}
	return a, nil
}

// dialAddress is where this process reaches a listener of its own at addr.
func dialAddress(addr net.Addr) string {
	a := addr.(*net.TCPAddr).AddrPort()
	if a.Addr().IsUnspecified() {
		return fmt.Sprintf("127.0.0.1:%d", a.Port())
	}
	return a.String()
}
