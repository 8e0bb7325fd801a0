package main

import (
	"github.com/urfave/cli/v2"

	"github.com/go-gatewayworker/gatewayworker/gateway"
)

// drainFlags say how clients are sent away, before a stop or by gatewayworker drain.
func drainFlags() []cli.Flag {
	return []cli.Flag{
		secondsFlag("drain-time", categoryLimits, "over which clients are closed, evenly, before a stop by SIGINT or SIGTERM, and by gatewayworker drain: seconds or a duration; 0 is all at once", 0),
		&cli.BoolFlag{Name: "drain-refuse", Category: categoryLimits, Usage: "take no new clients during drain-time", EnvVars: env("drain-refuse")},
		&cli.IntFlag{Name: "drain-code", Category: categoryLimits, Usage: "close `CODE` of websocket clients during drain-time: 1001, going away, or 1012, service restart", Value: 1001, EnvVars: env("drain-code")},
	}
}

func drainOptions(c *cli.Context) gateway.DrainOptions {
	return gateway.DrainOptions{
		Time:   secondsOf(c, "drain-time"),
		Refuse: c.Bool("drain-refuse"),
		Code:   uint16(c.Int("drain-code")),
	}
}

// checkDrainFlags refuses codes that no server may send.
func checkDrainFlags(c *cli.Context) error {
	switch code := c.Int("drain-code"); {
	case code == 1001, code == 1012, code >= 3000 && code <= 4999:
		return nil
	}
	return &flagError{"drain-code", c.String("drain-code"), "want 1001, 1012, or one from 3000 to 4999"}
}
