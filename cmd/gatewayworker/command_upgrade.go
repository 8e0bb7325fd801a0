package main

import (
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"
)

func upgradeCommand() *cli.Command {
	return &cli.Command{
		Name:  "upgrade",
		Usage: "replace a running process by a new program or a new configuration; nobody is disconnected",
		Description: "A new process is started with the arguments and the environment of the running one. It reads\n" +
			"the configuration, and takes over listeners, clients, workers and all that is known of them.\n" +
			"If anything goes wrong the running process serves on as if nothing had happened. The process\n" +
			"is found by its control-socket, which the configuration file may name. On Linux only.\n\n" +
			"Exit codes: 0 the new process serves; 1 nothing is changed, or no process answers; 2 wrong\n" +
			"usage.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "binary", Usage: "`FILE` of the new program (default: the file that the running process was started from, as it is now)", TakesFile: true},
			secondsFlag("timeout", "", "how long the new process may take to read its configuration", defaultUpgradeTimeout),
			secondsFlag("max-pause", "", "how long nothing may be read or written at most; after that the running process goes on", defaultMaxPause),
			configFlag(), controlSocketFlag(),
		},
		Action: func(c *cli.Context) error {
			path, err := controlSocketOf(c, "or send it SIGUSR2")
			if err != nil {
				return err
			}
			opts := upgradeOptions{timeout: secondsOf(c, "timeout"), maxPause: secondsOf(c, "max-pause")}
			if binary := c.String("binary"); binary != "" {
				if opts.binary, err = filepath.Abs(binary); err != nil {
					return &flagError{"binary", binary, err.Error()}
				}
			}
			reply, err := askControl(c.Context, path, "upgrade?"+opts.query().Encode(), struct{}{}, opts.timeout+opts.maxPause+controlTimeout)
			if err != nil {
				return err
			}
			if reply.Error != "" {
				return fmt.Errorf("nothing is changed, the running process serves on: %s", reply.Error)
			}
			printUpgrade(c.App.Writer, reply.Upgrade)
			return nil
		},
	}
}

// query has the options as the control socket takes them.
func (o upgradeOptions) query() url.Values {
	return url.Values{"binary": {o.binary}, "timeout": {o.timeout.String()}, "max-pause": {o.maxPause.String()}}
}

// upgradeOptionsOf reads them again; what is missing or wrong has its default.
func upgradeOptionsOf(q url.Values) upgradeOptions {
	duration := func(name string, otherwise time.Duration) time.Duration {
		if d, err := time.ParseDuration(q.Get(name)); err == nil && d > 0 {
			return d
		}
		return otherwise
	}
	return upgradeOptions{q.Get("binary"), duration("timeout", defaultUpgradeTimeout), duration("max-pause", defaultMaxPause)}
}

func printUpgrade(w io.Writer, r *upgradeReport) {
	if r == nil {
		return
	}
	const mib = 1 << 20
	under := "0"
	if r.Relayed > 0 {
		under = fmt.Sprintf("%d, for which the process before goes on", r.Relayed)
	}
	for _, line := range [][2]string{
		{"from", r.From},
		{"to", r.To},
		{"clients", fmt.Sprint(r.Clients)},
		{"of them under TLS", under},
		{"inner connections", fmt.Sprint(r.Inner)},
		{"pause", fmt.Sprintf("%.1f ms", r.Pause)},
		{"in all", fmt.Sprintf("%.0f ms", r.Total)},
		{"memory", fmt.Sprintf("%.1f MiB before, %.1f MiB now", float64(r.MemoryOld)/mib, float64(r.MemoryNew)/mib)},
		{"process", fmt.Sprintf("%d, of which %d serves", r.PID, r.Serving)},
	} {
		fmt.Fprintf(w, "%-18s %s\n", line[0]+":", line[1])
	}
}
