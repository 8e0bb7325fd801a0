package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
)

func sendFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "raw", Usage: "put the message on the clients' sockets as it is, without the client protocol's framing"},
		&cli.BoolFlag{Name: "serialized", Usage: "the message is PHP serialize() output; websocket clients get it as JSON"},
	}
}

func excludeFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "exclude", Usage: "`CLIENT_ID` that does not get it; repeat it for several"}
}

func sendOptions(c *cli.Context) ([]gatewayclient.SendOption, error) {
	var opts []gatewayclient.SendOption
	if c.Bool("raw") {
		opts = append(opts, gatewayclient.Raw())
	}
	if c.Bool("serialized") {
		opts = append(opts, gatewayclient.Serialized())
	}
	excluded, err := clientIDs(c.StringSlice("exclude"))
	if len(excluded) > 0 {
		opts = append(opts, gatewayclient.Exclude(excluded...))
	}
	return opts, err
}

func sendOperations() []operation {
	return []operation{
		{
			name: "send-to-all", category: categorySend, usage: "send a message to all clients",
			args: "MESSAGE|-", min: 1, max: 1, flags: append(sendFlags(), excludeFlag()),
			run: func(ctx context.Context, c *call) error {
				_, msg, opts, err := c.message()
				if err != nil {
					return err
				}
				return c.everywhere(ctx, func() error { return c.SendToAll(ctx, msg, opts...) })
			},
		},
		{
			name: "send-to-client", category: categorySend, usage: "send a message to clients; - reads it from stdin",
			args: "CLIENT_ID... MESSAGE|-", min: 2, max: -1, flags: sendFlags(), run: sendToClients,
		},
		{
			name: "send-to-uid", category: categorySend, usage: "send a message to all clients bound to a uid",
			args: "UID... MESSAGE|-", min: 2, max: -1, flags: sendFlags(), run: sendToUIDs,
		},
		{
			name: "send-to-group", category: categorySend, usage: "send a message to the members of groups",
			args: "GROUP... MESSAGE|-", min: 2, max: -1, flags: append(sendFlags(), excludeFlag()),
			run: func(ctx context.Context, c *call) error {
				groups, msg, opts, err := c.message()
				if err != nil {
					return err
				}
				return c.everywhere(ctx, func() error { return c.SendToGroups(ctx, groups, msg, opts...) })
			},
		},
	}
}

// message splits the arguments of a send: for whom, and what.
func (c *call) message() (to []string, msg []byte, opts []gatewayclient.SendOption, err error) {
	if opts, err = sendOptions(c.cli); err != nil {
		return nil, nil, nil, err
	}
	last := len(c.args) - 1
	msg, err = readMessage(c.cli, c.args[last])
	return c.args[:last], msg, opts, err
}

func sendToClients(ctx context.Context, c *call) error {
	to, msg, opts, err := c.message()
	if err != nil {
		return err
	}
	ids, err := clientIDs(to)
	if err != nil {
		return err
	}
	var missing []string
	var errs []error
	for _, id := range ids {
		err := c.about(ctx, id.String(), func(id gatewayclient.ClientID) error { return c.SendToClient(ctx, id, msg, opts...) })
		if coded := (*codedError)(nil); errors.As(err, &coded) && coded.code == exitOffline {
			missing = append(missing, id.String())
		} else {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return notOnline("client", missing)
}

func sendToUIDs(ctx context.Context, c *call) error {
	uids, msg, opts, err := c.message()
	if err != nil {
		return err
	}
	online, err := c.UIDsOnline(ctx, uids)
	if err != nil && !isPartial(err, c.gateways) {
		return err
	}
	var missing []string
	for _, u := range online {
		if !u.Online {
			missing = append(missing, u.UID)
		}
	}
	if len(missing) < len(online) {
		err = c.everywhere(ctx, func() error { return c.SendToUIDs(ctx, uids, msg, opts...) })
	}
	if err != nil { // who is missing may be on a gateway that did not answer
		return err
	}
	return notOnline("uid", missing)
}

func notOnline(what string, names []string) error {
	if len(names) == 0 {
		return nil
	}
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = plain(name)
	}
	return offline(fmt.Sprintf("%s not online: %s", what, strings.Join(quoted, ", ")))
}
