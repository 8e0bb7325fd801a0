package gateway

import (
	"context"

	"github.com/go-gatewayworker/gatewayworker/register"
)

// announce keeps the gateway's address in every Register until ctx ends.
func (g *Gateway) announce(ctx context.Context) {
	if len(g.opts.RegisterAddress) == 0 {
		return
	}
	_ = register.NewAnnouncer(g.Address().String(), register.ClientOptions{
		Registers: g.opts.RegisterAddress,
		SecretKey: g.opts.SecretKey,
		Logger:    g.log,
	}).Run(ctx) // ends with ctx only
}
