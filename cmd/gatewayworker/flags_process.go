package main

import (
	"time"

	"github.com/sirupsen/logrus"
	"github.com/urfave/cli/v2"
)

// processFlags are those of every command that serves.
func processFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "log-level", Category: categoryProcess, Usage: "error, warn, info or debug", Value: "info", EnvVars: env("log-level")},
		&cli.StringFlag{Name: "log-format", Category: categoryProcess, Usage: "text or json, on stderr", Value: "text", EnvVars: env("log-format")},
		secondsFlag("stop-timeout", categoryProcess, "after SIGINT or SIGTERM, how long what is waiting may take to be sent", 5*time.Second),
	}
}

// newLogger makes the logger that the flags ask for.
func newLogger(c *cli.Context) (*logrus.Logger, error) {
	level, err := logrus.ParseLevel(c.String("log-level"))
	if err != nil {
		return nil, &flagError{"log-level", c.String("log-level"), "want error, warn, info or debug"}
	}
	log := logrus.New()
	log.SetOutput(c.App.ErrWriter)
	log.SetLevel(level)
	switch format := c.String("log-format"); format {
	case "text":
		log.SetFormatter(&logrus.TextFormatter{FullTimestamp: true})
	case "json":
		log.SetFormatter(&logrus.JSONFormatter{})
	default:
		return nil, &flagError{"log-format", format, "want text or json"}
	}
	return log, nil
}
