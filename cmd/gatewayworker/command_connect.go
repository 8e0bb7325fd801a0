package main

import (
	"errors"
	"net/http"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/connect"
)

// Categories of the flags of connect.
const (
	categoryScript  = "For scripts"
	categoryRequest = "Websocket"
)

// defaultConnect is where the gateway of start listens.
const defaultConnect = "ws://127.0.0.1:8282"

func connectCommand() *cli.Command {
	return &cli.Command{
		Name:      "connect",
		Usage:     "be a client, in the terminal: lines are sent, messages shown",
		ArgsUsage: "[URL]",
		Description: "URL is ws://, wss://, text://, frame:// or tcp://, then host:port (default: " + defaultConnect + ").\n" +
			"Lines that are typed, or come through a pipe, are sent; messages are shown on stdout with\n" +
			"time and size, the rest on stderr. With --send or --expect no lines are read, unless --typed.\n\n" +
			"Exit codes: 0 done; 1 failed; 2 wrong usage; 6 what is expected did not come.",
		Flags: []cli.Flag{
			&cli.GenericFlag{Value: new(repeated), Name: "header", Aliases: []string{"H"}, Category: categoryRequest, Usage: "`\"NAME: VALUE\"` of the request; repeat it for several"},
			&cli.StringFlag{Name: "origin", Category: categoryRequest, Usage: "`ORIGIN` of the request, as https://example.com"},
			&cli.GenericFlag{Value: new(repeated), Name: "subprotocol", Category: categoryRequest, Usage: "`NAME` to offer; repeat it for several"},
			&cli.BoolFlag{Name: "binary", Category: categoryRequest, Usage: "send binary messages"},
			&cli.BoolFlag{Name: "compress", Category: categoryRequest, Usage: "offer permessage-deflate"},

			&cli.BoolFlag{Name: "tls", Category: categoryTLS, Usage: "TLS for text, frame and tcp; wss has it anyway"},
			&cli.BoolFlag{Name: "insecure", Aliases: []string{"k"}, Category: categoryTLS, Usage: "take any certificate"},
			&cli.StringFlag{Name: "ca", Category: categoryTLS, Usage: "`FILE` of authorities to trust"},
			&cli.StringFlag{Name: "cert", Category: categoryTLS, Usage: "`FILE` of the client's own certificate"},
			&cli.StringFlag{Name: "key", Category: categoryTLS, Usage: "`FILE` of its key, if it is not in the same"},
			&cli.StringFlag{Name: "sni", Category: categoryTLS, Usage: "`NAME` of the server, where it is not the URL's host"},

			&cli.GenericFlag{Value: new(repeated), Name: "send", Aliases: []string{"s"}, Category: categoryScript, Usage: "`MESSAGE` to send first; repeat it for several"},
			&cli.GenericFlag{Value: new(repeated), Name: "expect", Aliases: []string{"e"}, Category: categoryScript, Usage: "`REGEX` that a message must match, to end well; repeated, one after the other"},
			secondsFlag("timeout", categoryScript, "for connecting and for what is expected: seconds or a duration; 0 is for ever", 10*time.Second),
			secondsFlag("wait", categoryScript, "for messages, after the last one was sent or came, if nothing is expected", time.Second),
			&cli.BoolFlag{Name: "typed", Category: categoryScript, Usage: "read lines beside --send and --expect"},
			&cli.BoolFlag{Name: "raw", Category: categoryScript, Usage: "show messages alone, as they are"},
		},
		HideHelpCommand: true,
		Action:          connectTo,
	}
}

func connectTo(c *cli.Context) error {
	if c.NArg() > 1 {
		return usageFault("connect: want one URL")
	}
	o := connect.Options{
		Address: defaultConnect, Secure: c.Bool("tls"),
		Header: http.Header{}, Subprotocols: repeatedOf(c, "subprotocol"), Binary: c.Bool("binary"), Compress: c.Bool("compress"),
		Insecure: c.Bool("insecure"), CA: c.String("ca"), Cert: c.String("cert"), Key: c.String("key"), SNI: c.String("sni"),
		Send: repeatedOf(c, "send"), Timeout: secondsOf(c, "timeout"), Wait: secondsOf(c, "wait"), Raw: c.Bool("raw"),
		Stdin: os.Stdin, Stdout: c.App.Writer, Stderr: c.App.ErrWriter, Color: isTerminal(c.App.Writer),
	}
	if c.NArg() == 1 {
		o.Address = c.Args().First()
	}
	if err := o.Check(); err != nil {
		return usageFault("connect: " + o.Address + ": " + err.Error())
	}
	for _, h := range repeatedOf(c, "header") {
		name, value, ok := strings.Cut(h, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return &flagError{"header", h, `want "Name: value"`}
		}
		o.Header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	if origin := c.String("origin"); origin != "" {
		o.Header.Set("Origin", origin)
	}
	for _, text := range repeatedOf(c, "expect") {
		re, err := regexp.Compile(text)
		if err != nil {
			return &flagError{"expect", text, err.Error()}
		}
		o.Expect = append(o.Expect, re)
	}
	o.Typed = c.Bool("typed") || len(o.Send)+len(o.Expect) == 0
	ctx, stop := signal.NotifyContext(c.Context, os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := connect.Run(ctx, o)
	if errors.Is(err, connect.ErrExpected) {
		return &codedError{exitUnexpected, err}
	}
	return err
}

// repeated are the values of a flag that may be given several times. They may
// have commas, where those of a StringSliceFlag may not.
type repeated []string

// isSet is what the flag's value says of itself when it has some: urfave/cli gives
// that to each other name of the flag.
const isSet = "\x00"

func (r *repeated) String() string {
	if len(*r) > 0 {
		return isSet
	}
	return ""
}

func (r *repeated) Set(text string) error {
	if text != isSet {
		*r = append(*r, text)
	}
	return nil
}

func repeatedOf(c *cli.Context, name string) []string {
	if r, ok := c.Generic(name).(*repeated); ok {
		return slices.Clone(*r)
	}
	return nil
}
