package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// controlSocketFlag is where a process can be commanded.
func controlSocketFlag() cli.Flag {
	return &cli.StringFlag{Name: "control-socket", Category: categoryProcess, Usage: "`FILE` of a unix socket by which gatewayworker reload, upgrade and drain reach the process", EnvVars: env("control-socket"), TakesFile: true}
}

func configFlag() cli.Flag {
	return &cli.StringFlag{Name: "config", Aliases: []string{"c"}, Category: categoryProcess, Usage: "`FILE` with options: YAML, keys as the flags; variables and flags outrank it", EnvVars: env("config"), TakesFile: true}
}

func reloadCommand() *cli.Command {
	return &cli.Command{
		Name:  "reload",
		Usage: "have a running process read its configuration again",
		Description: "It applies what can change while it runs, and names what needs a restart. If anything is\n" +
			"wrong with the file, or with a file that it names, nothing changes. The process is found by\n" +
			"its control-socket, which the configuration file may name.\n\n" +
			"Exit codes: 0 applied; 1 nothing is changed, or no process answers; 2 wrong usage.",
		Flags: []cli.Flag{configFlag(), controlSocketFlag()},
		Action: func(c *cli.Context) error {
			path, err := controlSocketOf(c, "or send it SIGHUP; business code is loaded again by the BusinessWorkers, not here")
			if err != nil {
				return err
			}
			reply, err := askControl(c.Context, path, "reload", struct{}{}, controlTimeout)
			if err != nil {
				return err
			}
			if reply.Error != "" {
				return fmt.Errorf("nothing is changed: %s", reply.Error)
			}
			printReload(c, reply.Reload)
			return nil
		},
	}
}

// controlSocketOf is the socket of the process that a command without arguments is
// for. Where there is none, otherwise says what else does the same.
func controlSocketOf(c *cli.Context, otherwise string) (string, error) {
	if err := noArguments(c); err != nil {
		return "", err
	}
	s, err := loadSettings(c)
	if err != nil {
		return "", err
	}
	path := s.process.String("control-socket")
	if path == "" {
		return "", usageFault(c.Command.Name + ": which process? set control-socket, in its configuration and here, " + otherwise)
	}
	return path, nil
}

func printReload(c *cli.Context, r *reloadReport) {
	if r == nil {
		return
	}
	for _, line := range []struct {
		title string
		names []string
	}{{"changed", r.Changed}, {"certificates", r.Certificates}, {"needs a restart", r.NeedsRestart}} {
		if len(line.names) > 0 {
			fmt.Fprintf(c.App.Writer, "%s: %s\n", line.title, strings.Join(line.names, ", "))
		}
	}
	if len(r.Changed)+len(r.Certificates)+len(r.NeedsRestart) == 0 {
		fmt.Fprintln(c.App.Writer, "nothing has changed")
	}
}
