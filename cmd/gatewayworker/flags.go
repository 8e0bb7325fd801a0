package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"
)

// Categories of flags in the help, which sorts them by name.
const (
	categoryClients   = "Clients"
	categoryCluster   = "Cluster"
	categoryHeartbeat = "Heartbeat"
	categoryProcess   = "Process"
	categoryTLS       = "TLS"
)

// seconds is a flag value that takes seconds, as PHP's properties do, and Go's
// durations: 55, 0.5, 55s, 1m30s.
type seconds time.Duration

func (s *seconds) String() string { return time.Duration(*s).String() }

func (s *seconds) Set(text string) error {
	d, err := parseSeconds(text)
	if err != nil {
		return err
	}
	*s = seconds(d)
	return nil
}

var errNoSeconds = errors.New("want seconds, as 55, or a duration, as 55s")

func parseSeconds(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(n) || math.Abs(n) > math.MaxInt64/float64(2*time.Second) {
			return 0, errNoSeconds
		}
		d = time.Duration(math.Round(n * float64(time.Second)))
	}
	if d < 0 {
		return 0, errors.New("negative")
	}
	return d, nil
}

func secondsFlag(name, category, usage string, value time.Duration) cli.Flag {
	s := seconds(value)
	return &cli.GenericFlag{Name: name, Category: category, Usage: usage, Value: &s, EnvVars: env(name)}
}

func secondsOf(c *cli.Context, name string) time.Duration {
	return time.Duration(*c.Generic(name).(*seconds))
}

// flagError is a value that a flag cannot take. Its exit code is exitUsage.
type flagError struct {
	flag   string // without dashes
	value  string
	reason string
}

func (e *flagError) Error() string {
	if e.value == "" {
		return fmt.Sprintf("--%s: %s", e.flag, e.reason)
	}
	return fmt.Sprintf("--%s %q: %s", e.flag, e.value, e.reason)
}

func (e *flagError) ExitCode() int { return exitUsage }
