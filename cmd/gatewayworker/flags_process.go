package main

import (
	"time"

	"github.com/urfave/cli/v2"
)

// processFlags are those of every command that serves.
func processFlags() []cli.Flag {
	return []cli.Flag{
		configFlag(),
		controlSocketFlag(),
		&cli.StringFlag{Name: "log-level", Category: categoryProcess, Usage: "error, warn, info or debug", Value: "info", EnvVars: env("log-level")},
		&cli.StringFlag{Name: "log-format", Category: categoryProcess, Usage: "text or json, on stderr", Value: "text", EnvVars: env("log-format")},
		secondsFlag("stop-timeout", categoryProcess, "after SIGINT or SIGTERM, how long what is waiting may take to be sent", 5*time.Second),
		masterFlag(),
	}
}
