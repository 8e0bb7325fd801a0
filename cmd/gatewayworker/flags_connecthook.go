package main

import (
	"errors"
	"net"
	"strconv"

	"github.com/urfave/cli/v2"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/connecthook"
	"github.com/go-gatewayworker/gatewayworker/gateway"
)

const categoryConnectHook = "Connect hook"

// connectHookFlags say who is asked about clients before they get their websocket.
func connectHookFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "connect-hook", Category: categoryConnectHook, Usage: "`URL` that is asked about every websocket client before the handshake is answered: http:// or https://", EnvVars: env("connect-hook")},
		&cli.StringFlag{Name: "connect-hook-token-file", Category: categoryConnectHook, Usage: "`FILE` with a secret by which the URL knows the gateway (Authorization: Bearer)", EnvVars: env("connect-hook-token-file"), TakesFile: true},
		secondsFlag("connect-hook-timeout", categoryConnectHook, "in which the URL must answer: seconds or a duration", gateway.DefaultConnectHookTimeout),
		&cli.IntFlag{Name: "connect-hook-in-flight", Category: categoryConnectHook, Usage: "`NUMBER` of clients that the URL is asked about at a time", Value: gateway.DefaultConnectHookInFlight, EnvVars: env("connect-hook-in-flight")},
		&cli.IntFlag{Name: "connect-hook-queue", Category: categoryConnectHook, Usage: "`NUMBER` of clients that may wait for that; more are refused", Value: gateway.DefaultConnectHookQueue, EnvVars: env("connect-hook-queue")},
		&cli.StringFlag{Name: "connect-hook-on-failure", Category: categoryConnectHook, Usage: "what becomes of clients when the URL cannot be asked: refuse or allow", Value: "refuse", EnvVars: env("connect-hook-on-failure")},
		&cli.StringSliceFlag{Name: "connect-hook-header", Category: categoryConnectHook, Usage: "`NAME` of a header of the URL's answer that the client gets, as Set-Cookie; repeat it for several", EnvVars: env("connect-hook-header")},
	}
}

// readConnectHookFlags reads connectHookFlags into opts, but the hook itself.
func readConnectHookFlags(c *cli.Context, opts *gateway.Options) error {
	opts.ConnectHookTimeout = secondsOf(c, "connect-hook-timeout")
	if opts.ConnectHookTimeout == 0 { // the default in Options; as a flag it would be a mistake
		return &flagError{"connect-hook-timeout", "0", "want a time: a URL that never answers would keep clients until handshake-timeout"}
	}
	for name, to := range map[string]*int{"connect-hook-in-flight": &opts.ConnectHookInFlight, "connect-hook-queue": &opts.ConnectHookQueue} {
		if *to = c.Int(name); *to < 1 {
			return &flagError{name, strconv.Itoa(*to), "want a number from 1 on"}
		}
	}
	switch s := c.String("connect-hook-on-failure"); s {
	case "refuse":
	case "allow":
		opts.ConnectHookFailOpen = true
	default:
		return &flagError{"connect-hook-on-failure", s, "want refuse or allow"}
	}
	return nil
}

// addConnectHook makes the hook that the settings ask for, and has opts ask it.
func (u *unit) addConnectHook(c *cli.Context, opts *gateway.Options) error {
	o := connecthook.Options{
		URL:      c.String("connect-hook"),
		Gateway:  net.JoinHostPort(opts.LanIP, strconv.Itoa(opts.StartPort)),
		Headers:  c.StringSlice("connect-hook-header"),
		InFlight: opts.ConnectHookInFlight,
		Logger:   opts.Logger.WithField("role", "gateway"),
	}
	if file := c.String("connect-hook-token-file"); file != "" {
		var err error
		if o.Token, err = readSecret(file); err != nil {
			return &flagError{"connect-hook-token-file", file, err.Error()}
		}
	}
	var err error
	if u.hook, err = connecthook.New(o); err != nil {
		return connectHookError(c, err)
	}
	u.useConnectHook(u.hook, opts)
	return nil
}

// useConnectHook has opts ask a hook if u has one.
func (u *unit) useConnectHook(hook *connecthook.Hook, opts *gateway.Options) {
	opts.ConnectHook = nil
	if u.hook.Enabled() {
		opts.ConnectHook = hook.Ask
	}
}

// connectHookError names the flag behind an option that cannot be used.
func connectHookError(c *cli.Context, err error) error {
	bad, ok := errors.AsType[*connecthook.OptionError](err)
	if !ok {
		return err
	}
	e := &flagError{value: bad.Value, reason: bad.Reason}
	switch bad.Option {
	case "URL":
		e.flag = "connect-hook"
	case "Token":
		e.flag, e.value = "connect-hook-token-file", c.String("connect-hook-token-file")
	case "Headers":
		e.flag = "connect-hook-header"
	}
	return e
}
