package gateway

import (
	"context"

	"github.com/go-gatewayworker/gatewayworker/register"
)

// announce keeps the gateway's address in every Register until ctx ends.
func (g *Gateway) announce(ctx context.Context) {
	if g.opts.NoRegister {
		return
	}
	a, err := register.NewAnnouncer(g.Address().String(), register.ClientOptions{
		RegisterAddresses: g.opts.RegisterAddresses,
		SecretKey:         g.opts.SecretKey,
		Dial:              g.opts.Dial,
		Logger:            g.log,
	})
	if err != nil {
		g.log.WithError(err).Error("the gateway is not announced")
		return
	}
	g.announcer.Store(a)
	_ = a.Run(ctx) // ends with ctx only
}
