package main

import (
	"strconv"

	"github.com/urfave/cli/v2"

	"github.com/go-gatewayworker/gatewayworker/gateway"
)

// compressionFlags say which messages are compressed, and how.
func compressionFlags() []cli.Flag {
	number := func(name, usage string, value int) cli.Flag {
		return &cli.IntFlag{Name: name, Category: categoryClients, Usage: usage, Value: value, EnvVars: env(name)}
	}
	return []cli.Flag{
		&cli.BoolFlag{Name: "compression", Category: categoryClients, Usage: "compress messages of and to websocket clients that offer it (permessage-deflate), as browsers do", EnvVars: env("compression")},
		number("compression-level", "`LEVEL` of compression, from 1, the fastest, to 9", gateway.DefaultCompressionLevel),
		number("compression-min-size", "`BYTES` from which on messages are compressed", gateway.DefaultCompressionMinSize),
		number("compression-max-size", "`BYTES` up to which messages are compressed: other commands wait meanwhile", gateway.DefaultCompressionMaxSize),
	}
}

// readCompressionFlags reads compressionFlags into opts.
func readCompressionFlags(c *cli.Context, opts *gateway.Options) error {
	opts.Compression = c.Bool("compression")
	for name, to := range map[string]*int{
		"compression-level":    &opts.CompressionLevel,
		"compression-min-size": &opts.CompressionMinSize,
		"compression-max-size": &opts.CompressionMaxSize,
	} {
		if *to = c.Int(name); *to == 0 { // the default in Options
			return &flagError{name, strconv.Itoa(*to), "want a positive number"}
		}
	}
	return nil
}
