package main

import (
	"net/netip"

	"github.com/urfave/cli/v2"

	"github.com/go-gatewayworker/gatewayworker/gateway"
)

// proxyFlags say which proxies stand in front of a gateway.
func proxyFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "trusted-proxies", Category: categoryClients, Usage: "`NETWORKS` of proxies that are believed when they say whose a connection is, as 10.0.0.0/8, an address, or private", EnvVars: env("trusted-proxies")},
		&cli.StringFlag{Name: "proxy-header", Category: categoryClients, Usage: "`HEADER` in which trusted proxies pass on a websocket client's address: X-Forwarded-For (the default), X-Real-IP, CF-Connecting-IP", EnvVars: env("proxy-header")},
		&cli.BoolFlag{Name: "proxy-protocol", Category: categoryClients, Usage: "connections of trusted proxies begin with a head of the PROXY protocol, version 1 or 2", EnvVars: env("proxy-protocol")},
	}
}

// readProxyFlags reads proxyFlags into opts.
func readProxyFlags(c *cli.Context, opts *gateway.Options) (err error) {
	opts.ProxyHeader = c.String("proxy-header")
	opts.ProxyProtocol = c.Bool("proxy-protocol")
	opts.TrustedProxies, err = networksOf(c, "trusted-proxies")
	return err
}

// privateNetworks are those that nobody reaches from the internet.
var privateNetworks = []string{"127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"}

// networksOf reads a flag that is a list of networks.
func networksOf(c *cli.Context, name string) ([]netip.Prefix, error) {
	var networks []netip.Prefix
	for _, text := range c.StringSlice(name) {
		if text == "private" {
			for _, n := range privateNetworks {
				networks = append(networks, netip.MustParsePrefix(n))
			}
			continue
		}
		n, err := netip.ParsePrefix(text)
		if err != nil {
			a, notAddr := netip.ParseAddr(text)
			if notAddr != nil || a.Zone() != "" {
				return nil, &flagError{name, text, "want a network, as 10.0.0.0/8 or 2001:db8::/32, an address, or private"}
			}
			n = netip.PrefixFrom(a, a.BitLen())
		}
		networks = append(networks, n)
	}
	return networks, nil
}
