package main

import (
	"context"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
)

func identityOperations() []operation {
	// One client and one name.
	pair := func(name, usage, args string, do func(context.Context, *call, gatewayclient.ClientID, string) error) operation {
		return operation{
			name: name, category: categoryIdentity, usage: usage, args: args, min: 2, max: 2,
			run: func(ctx context.Context, c *call) error {
				return c.about(ctx, c.args[0], func(id gatewayclient.ClientID) error { return do(ctx, c, id, c.args[1]) })
			},
		}
	}
	return []operation{
		pair("bind-uid", "bind a client to a uid, in place of the one it has", "CLIENT_ID UID",
			func(ctx context.Context, c *call, id gatewayclient.ClientID, uid string) error {
				return c.BindUID(ctx, id, uid)
			}),
		{
			name: "unbind-uid", category: categoryIdentity, usage: "take a client's uid from it", args: "CLIENT_ID", min: 1, max: 1,
			run: func(ctx context.Context, c *call) error {
				return c.about(ctx, c.args[0], func(id gatewayclient.ClientID) error { return c.UnbindUID(ctx, id) })
			},
		},
		pair("join-group", "add a client to a group", "CLIENT_ID GROUP",
			func(ctx context.Context, c *call, id gatewayclient.ClientID, group string) error {
				return c.JoinGroup(ctx, id, group)
			}),
		pair("leave-group", "take a client out of a group", "CLIENT_ID GROUP",
			func(ctx context.Context, c *call, id gatewayclient.ClientID, group string) error {
				return c.LeaveGroup(ctx, id, group)
			}),
		{
			name: "ungroup", category: categoryIdentity, usage: "take all clients out of a group", args: "GROUP", min: 1, max: 1,
			run: func(ctx context.Context, c *call) error {
				return c.everywhere(ctx, func() error { return c.Ungroup(ctx, c.args[0]) })
			},
		},
	}
}
