package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

// healthCommand is for containers that have no other program to ask with.
func healthCommand() *cli.Command {
	return &cli.Command{
		Name:  "health",
		Usage: "ask a process of this machine whether it is well, by its admin port",
		Description: "For HEALTHCHECK in a container, and for scripts. The process is found by admin-listen, from\n" +
			"its variable, the configuration file or here.\n\nExit codes: 0 well; 1 not, or no answer; 2 wrong usage.",
		Flags: []cli.Flag{
			configFlag(),
			&cli.StringFlag{Name: "admin-listen", Category: categoryAdmin, Usage: "`HOST:PORT` of the admin", Value: defaultAdminListen, EnvVars: env("admin-listen")},
			&cli.BoolFlag{Name: "ready", Usage: "ask whether new clients are welcome: registered, and a worker there"},
			secondsFlag("timeout", "", "for the answer: seconds or a duration", 3*time.Second),
		},
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			s, err := loadSettings(c)
			if err != nil {
				return err
			}
			path := "/healthz"
			if c.Bool("ready") {
				path = "/readyz"
			}
			return askHealth(c, s.process.String("admin-listen"), path)
		},
	}
}

func askHealth(c *cli.Context, addr, path string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return &flagError{"admin-listen", addr, "want host:port, as in " + defaultAdminListen}
	}
	if host == "" || host == "0.0.0.0" || host == "::" {
		host = "127.0.0.1"
	}
	client := &http.Client{Timeout: secondsOf(c, "timeout"), Transport: &http.Transport{DisableKeepAlives: true}}
	request, err := http.NewRequestWithContext(c.Context, http.MethodGet, "http://"+net.JoinHostPort(host, port)+path, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("health: %w", err)
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(response.Body, 4<<10))
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("health: %s: %s", response.Status, strings.TrimSpace(string(text)))
	}
	fmt.Fprintln(c.App.Writer, strings.TrimSpace(string(text)))
	return nil
}
