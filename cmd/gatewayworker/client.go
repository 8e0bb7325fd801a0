package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
)

// Categories of the operations in the help.
const (
	categorySend     = "1. Send"
	categoryIdentity = "2. Uids and groups"
	categoryAsk      = "3. Ask"
	categorySession  = "4. Sessions"
	categoryEnd      = "5. End connections"
)

func clientCommand() *cli.Command {
	subcommands := []*cli.Command{sessionsOperation().command(), sessionCommand()}
	for _, op := range slices.Concat(sendOperations(), identityOperations(), listOperations(), uidOperations(), selectOperations(), kickOperations()) {
		subcommands = append(subcommands, op.command())
	}
	return &cli.Command{
		Name:  "client",
		Usage: "ask and command a running cluster, PHP or Go",
		Description: "Everything that PHP's GatewayClient can do. Answers are tables for people, with --json\n" +
			"JSON for programs. Flags may stand anywhere behind the operation; what follows -- is no flag.\n\n" +
			"Exit codes: 0 done; 1 failed; 2 wrong usage; 3 a client or uid is not online;\n" +
			"4 some gateways did not answer, what is printed comes from the others.",
		Subcommands:     subcommands,
		HideHelpCommand: true,
		Action:          noSubcommand,
	}
}

// operation is a sub-command of client.
type operation struct {
	name, category, usage string
	args                  string // as in the help; "" is none
	min, max              int    // number of arguments; max < 0 is any
	flags                 []cli.Flag
	run                   func(ctx context.Context, c *call) error
}

func (op operation) command() *cli.Command {
	argsUsage := op.args
	if argsUsage == "" {
		argsUsage = " " // urfave/cli would invent some
	}
	return &cli.Command{
		Name: op.name, Category: op.category, Usage: op.usage, ArgsUsage: argsUsage,
		Flags:           slices.Concat(op.flags, clusterFlags(), outputFlags()),
		HideHelpCommand: true,
		Action: func(c *cli.Context) error {
			if n := c.NArg(); n < op.min || op.max >= 0 && n > op.max {
				return usageFault(strings.TrimSpace("usage: " + commandLine(c) + " [flags] " + op.args))
			}
			return op.do(c)
		},
	}
}

// commandLine is how the command of c is called.
func commandLine(c *cli.Context) string {
	line := c.App.Name
	for _, parent := range slices.Backward(c.Lineage()) {
		if parent.Command != nil && parent.Command.Name != "" && parent.Command.Name != c.App.Name {
			line += " " + parent.Command.Name
		}
	}
	return line
}

func (op operation) do(c *cli.Context) error {
	ctx, stop := signal.NotifyContext(c.Context, os.Interrupt, syscall.SIGTERM)
	defer stop()
	cluster, err := clusterOf(c)
	if err != nil {
		return err
	}
	gateways, err := cluster.gateways(ctx)
	if err != nil {
		return coded(err, 0)
	}
	client, err := gatewayclient.New(cluster.options(gateways))
	if err != nil {
		return coded(err, 0)
	}
	defer client.Close()
	return coded(op.run(ctx, &call{
		Client:   client,
		cli:      c,
		args:     c.Args().Slice(),
		gateways: len(gateways),
		printer:  printer{c.App.Writer, c.Bool("json")},
	}), len(gateways))
}

// call is one run of an operation.
type call struct {
	*gatewayclient.Client
	printer
	cli      *cli.Context
	args     []string
	gateways int // in the cluster
}

// show prints an answer that came with err, unless err says that there is none.
func (c *call) show(err error, answer any, t table) error {
	if err != nil && !isPartial(err, c.gateways) {
		return err
	}
	if perr := c.print(answer, t); perr != nil {
		return perr
	}
	return err
}

// about does something to a client that is online, and returns when its gateway
// has done it.
func (c *call) about(ctx context.Context, text string, do func(gatewayclient.ClientID) error) error {
	id, err := clientID(text)
	if err != nil {
		return err
	}
	online, err := c.IsOnline(ctx, id)
	if err == nil && !online {
		err = clientOffline(id)
	}
	if err == nil {
		err = do(id)
	}
	if err == nil {
		_, err = c.IsOnline(ctx, id) // no question overtakes a command
	}
	return single(err)
}

// everywhere does something at all gateways, and returns when they have done it.
func (c *call) everywhere(ctx context.Context, do func() error) error {
	err := do()
	if err != nil && !isPartial(err, c.gateways) {
		return err
	}
	return errors.Join(err, c.Sync(ctx))
}

func clientOffline(id gatewayclient.ClientID) error {
	return notOnline("client", []string{id.String()})
}

func clientID(text string) (gatewayclient.ClientID, error) {
	id, err := gatewayclient.ParseClientID(text)
	if err != nil {
		return id, usageFault(fmt.Sprintf("%q is no client id: want 20 hex digits", text))
	}
	return id, nil
}

func clientIDs(texts []string) ([]gatewayclient.ClientID, error) {
	var ids []gatewayclient.ClientID
	for _, text := range texts {
		id, err := clientID(text)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}
