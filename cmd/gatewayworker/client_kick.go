package main

import (
	"context"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
)

func kickOperations() []operation {
	return []operation{
		{
			name: "close", category: categoryEnd, usage: "close a client's connection, after a last message if there is one",
			args: "CLIENT_ID [MESSAGE|-]", min: 1, max: 2,
			run: func(ctx context.Context, c *call) (err error) {
				var msg []byte // nil sends nothing
				if len(c.args) == 2 {
					if msg, err = readMessage(c.cli, c.args[1]); err != nil {
						return err
					}
				}
				return c.about(ctx, c.args[0], func(id gatewayclient.ClientID) error { return c.CloseClient(ctx, id, msg) })
			},
		},
		{
			name: "destroy", category: categoryEnd, usage: "close a client's connection at once; what waits for it is lost",
			args: "CLIENT_ID", min: 1, max: 1,
			run: func(ctx context.Context, c *call) error {
				return c.about(ctx, c.args[0], func(id gatewayclient.ClientID) error { return c.DestroyClient(ctx, id) })
			},
		},
	}
}
