package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"
)

func statusCommand() *cli.Command {
	return &cli.Command{
		Name:  "status",
		Usage: "a cluster at a glance, PHP or Go: registers, gateways, clients, uids, groups",
		Description: "Asks each Register for its list, and each gateway for its numbers. Uids are counted by\n" +
			"listing all clients, which a PHP gateway with very many takes its time for: see --quick.\n" +
			"Which workers there are only the gateways know, and the protocol has no question for it.\n" +
			"With --watch the admin of the gateways' processes is asked for messages and bytes per second:\n" +
			"the one of this machine, if there is one, or those of --admin-address. In a terminal q leaves,\n" +
			"r looks at once.\n\n" +
			"Exit codes: 0 all answer; 1 nothing answers; 2 wrong usage; 4 some do not answer.",
		Flags: slices.Concat(clusterFlags(), outputFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "watch", Aliases: []string{"w"}, Category: categoryOutput, Usage: "again and again, until q or Ctrl-C; with --json a line each time"},
			&cli.StringSliceFlag{Name: "admin-address", Category: categoryOutput, Usage: "`HOST:PORT` of the admin of a gateway's process, for the rates of --watch; repeat it for several; off for none (default: " + defaultAdminListen + ", if it answers)", EnvVars: env("admin-address")},
			secondsFlag("interval", categoryOutput, "between two looks of --watch: seconds or a duration", 2*time.Second),
			&cli.BoolFlag{Name: "quick", Category: categoryOutput, Usage: "do not count uids"},
		}),
		HideHelpCommand: true,
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			cl, err := clusterOf(c)
			if err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(c.Context, os.Interrupt, syscall.SIGTERM)
			defer stop()
			p := printer{c.App.Writer, c.Bool("json")}
			if !c.Bool("watch") {
				s := cl.look(ctx, c.Bool("quick"))
				if err := s.print(p); err != nil {
					return err
				}
				return s.verdict()
			}
			w := &statusWatcher{cluster: cl, quick: c.Bool("quick"), admins: c.StringSlice("admin-address")}
			switch {
			case len(w.admins) == 0:
				w.admins, w.quiet = []string{defaultAdminListen}, true
			case slices.Equal(w.admins, []string{"off"}):
				w.admins = nil
			}
			for _, address := range w.admins {
				if err := checkAdminAddress(address); err != nil {
					return err
				}
			}
			interval := secondsOf(c, "interval")
			if out, ok := c.App.Writer.(*os.File); ok && !p.json && isTerminal(out) && isTerminal(os.Stdin) && os.Getenv("TERM") != "dumb" {
				return watchOnScreen(ctx, out, os.Stdin, interval, w.look)
			}
			return watchStatus(ctx, p, interval, w.look)
		},
	}
}

// watchStatus prints what look returns, until ctx ends.
func watchStatus(ctx context.Context, p printer, interval time.Duration, look func(context.Context) *clusterStatus) error {
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-next.C:
		}
		s := look(ctx)
		if ctx.Err() != nil { // it may have been cut short
			return nil
		}
		if err := s.print(p); err != nil {
			return err
		}
		next.Reset(interval)
	}
}

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && isATerminal(f)
}

// verdict is the error, with its exit code, that status ends with.
func (s *clusterStatus) verdict() error {
	asked, failed := 0, 0
	for _, r := range s.Registers {
		asked++
		if !r.Reachable {
			failed++
		}
	}
	for _, g := range s.Gateways {
		asked++
		if !g.Reachable {
			failed++
		}
	}
	switch {
	case failed == 0 && len(s.Gateways) == 0:
		return &codedError{exitFailure, errors.New("status: no gateways registered")}
	case failed == 0:
		return nil
	case failed == asked:
		return &codedError{exitFailure, errors.New("status: nothing answers")}
	}
	return &codedError{exitPartial, fmt.Errorf("status: %d of %d do not answer", failed, asked)}
}
