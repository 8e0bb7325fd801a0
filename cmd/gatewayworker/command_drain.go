package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/admin"
)

func drainCommand() *cli.Command {
	return &cli.Command{
		Name:  "drain",
		Usage: "have a running process send its clients away, evenly over some time",
		Description: "Clients are closed over the process's drain-time (30 s where that is not set), so that they do\n" +
			"not all come back in one second; first those without uid, session and group. The process is not\n" +
			"ready from the first moment, and stays so: it serves on, also clients that come all the same,\n" +
			"until it is stopped. A stop by SIGTERM drains by itself where drain-time is set.\n" +
			"The process is found by its control-socket, which the configuration file may name.\n\n" +
			"Exit codes: 0 begun, or with --wait over; 1 no process answers; 2 wrong usage.",
		Flags: []cli.Flag{
			configFlag(),
			controlSocketFlag(),
			&cli.GenericFlag{Name: "time", Usage: "over which, in place of drain-time: seconds or a `DURATION`; 0 is all at once", Value: new(seconds)},
			&cli.BoolFlag{Name: "refuse", Usage: "refuse new clients from now on"},
			&cli.BoolFlag{Name: "stop", Usage: "stop the process afterwards, as SIGTERM does; what started it may start it again"},
			&cli.BoolFlag{Name: "wait", Aliases: []string{"w"}, Usage: "wait until it is over, and say how far it is; with --stop, until the process is gone"},
		},
		Action: func(c *cli.Context) error {
			path, err := controlSocketOf(c, "or send it SIGTERM, which drains before the stop where drain-time is set")
			if err != nil {
				return err
			}
			ask := admin.DrainRequest{Refuse: c.Bool("refuse"), Stop: c.Bool("stop")}
			if c.IsSet("time") {
				ask.Seconds = new(secondsOf(c, "time").Seconds())
				if err := ask.Check(); err != nil {
					return &flagError{"time", c.String("time"), err.Error()}
				}
			}
			reply, err := askControl(c.Context, path, "drain", ask, controlTimeout)
			switch {
			case err != nil:
				return err
			case reply.Error != "":
				return errors.New("drain: " + reply.Error)
			}
			if !c.Bool("wait") {
				fmt.Fprintln(c.App.Writer, drainText(reply.Drain))
				return nil
			}
			return waitForDrain(c.Context, c.App.Writer, path, ask.Stop, reply.Drain)
		},
	}
}

// How often waitForDrain asks, and how often it prints where there is no terminal.
const (
	drainLook = 500 * time.Millisecond
	drainLine = 10 * time.Second
)

// waitForDrain tells how far a drain is until it is over; and where the process is to
// stop, until it is gone.
func waitForDrain(ctx context.Context, w io.Writer, path string, stop bool, state *admin.DrainState) error {
	printed, terminal := time.Time{}, isTerminal(w)
	for {
		over := state == nil || state.Done
		switch text := drainText(state); {
		case terminal:
			fmt.Fprintf(w, "\r\x1b[K%s", text)
		case over && !stop, time.Since(printed) >= drainLine:
			fmt.Fprintln(w, text)
			printed = time.Now()
		}
		if over && !stop {
			break
		}
		select {
		case <-time.After(drainLook):
		case <-ctx.Done():
			return ctx.Err()
		}
		reply, err := askControl(ctx, path, "drain", nil, controlTimeout)
		if gone := (*noProcessError)(nil); stop && errors.As(err, &gone) {
			if terminal {
				fmt.Fprint(w, "\r\x1b[K")
			}
			fmt.Fprintln(w, "the process has stopped")
			return nil
		}
		if err != nil {
			return err
		}
		state = reply.Drain
	}
	if terminal {
		fmt.Fprintln(w)
	}
	return nil
}

// drainText says how far a drain is.
func drainText(s *admin.DrainState) string {
	switch {
	case s == nil:
		return "nothing is drained"
	case !s.Done:
		left := time.Duration(s.SecondsLeft * float64(time.Second)).Round(time.Second)
		return fmt.Sprintf("draining: %d of %s left, %v at most", s.Clients, clientsText(s.From), left)
	case s.Clients > 0:
		return fmt.Sprintf("drained: %s connected, which came meanwhile or are being closed", clientsText(s.Clients))
	}
	return "drained: " + clientsText(s.From) + " sent away"
}

func clientsText(n int) string {
	if n == 1 {
		return "1 client"
	}
	return strconv.Itoa(n) + " clients"
}
