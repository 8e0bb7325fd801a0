package main

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/startfile"
	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/translate"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

func importCommand() *cli.Command {
	return &cli.Command{
		Name:      "import",
		Usage:     "print the command lines that equal PHP's start files",
		ArgsUsage: "start_gateway.php [start_register.php ...]",
		Description: "Reads start files, or the configuration of webman's gateway-worker plugin or of\n" +
			"think-worker, and prints the command line of each Gateway and Register in them, or with --yaml a\n" +
			"configuration file for one process with all of them. What has\n" +
			"no flag is listed on stderr, with the line it stands on; the exit code is then 4.\n\n" +
			"PHP runs the files where it is, with classes that open nothing and with functions that\n" +
			"start or change something switched off. Without PHP the files are read by this program,\n" +
			"which knows what start files usually say.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "yaml", Usage: "print a configuration file in place of command lines", EnvVars: env("import-yaml")},
			&cli.StringFlag{Name: "php", Usage: "`PROGRAM` to ask; empty asks none", Value: "php", EnvVars: env("import-php")},
			&cli.DurationFlag{Name: "php-timeout", Usage: "how long PHP may take for a file", Value: 10 * time.Second, EnvVars: env("import-php-timeout")},
		},
		Action: func(c *cli.Context) error {
			if c.NArg() == 0 {
				return usageFault("import: which file? Usually Applications/YourApp/start_gateway.php")
			}
			if c.Duration("php-timeout") <= 0 {
				return &flagError{"php-timeout", c.Duration("php-timeout").String(), "want more than 0"}
			}
			return importFiles(c)
		},
	}
}

func importFiles(c *cli.Context) error {
	var programs []*startfile.Program
	for _, file := range c.Args().Slice() {
		p, err := readStartFile(c, file)
		if err != nil {
			return err
		}
		programs = append(programs, p)
	}
	servers, rest := translate.Programs(programs)
	if len(servers) == 0 {
		for _, p := range programs {
			printRemarks(c.App.ErrWriter, p.Remarks)
		}
		return fmt.Errorf("there is no Gateway and no Register in %s", c.Args().First())
	}
	table := append(gatewayCommand().Flags, registerCommand().Flags...)
	if err := printServers(c, servers, table); err != nil {
		return err
	}
	complete := true
	for _, p := range programs {
		complete = complete && len(p.Remarks) == 0
		printRemarks(c.App.ErrWriter, p.Remarks)
	}
	var left, notes []translate.Item
	for _, s := range servers {
		if item, ok := withoutKey(s); ok {
			left = append(left, item)
		}
		left, notes = append(left, s.Left...), append(notes, s.Notes...)
	}
	complete = complete && len(left) == 0
	printItems(c.App.ErrWriter, "not translated", left)
	printItems(c.App.ErrWriter, "not needed", notes)
	printItems(c.App.ErrWriter, "not part of it", rest)
	if !complete {
		return &codedError{exitPartial, errors.New("import: look at what is not translated before you start it")}
	}
	return nil
}

// withoutKey says that a server would not start as it stands: PHP opens ports for
// workers to everybody without a secret key, this program does so only if told.
func withoutKey(s *translate.Server) (translate.Item, bool) {
	address := s.Option("inner-listen")
	if address == "" {
		address = s.Option("lan-ip")
	}
	if s.Command == "register" {
		if a, err := gatewayprotocol.ParseListenAddress(s.Option("listen")); err == nil {
			address = a.Host
		}
	}
	if ip, err := netip.ParseAddr(address); s.Option("secret-key") != "" || err != nil || !openToEverybody(ip) {
		return translate.Item{}, false
	}
	return translate.Item{Place: s.Place, Name: "secretKey", Text: "there is none, and the port for workers is open to everybody: set one in all parts of the cluster, or confirm it with --allow-no-secret-key"}, true
}

func printServers(c *cli.Context, servers []*translate.Server, table []cli.Flag) error {
	if c.Bool("yaml") {
		text, command, err := translate.Config(servers, table)
		if err != nil {
			return fmt.Errorf("import: %w", err)
		}
		fmt.Fprintf(c.App.Writer, "# %s %s --config FILE\n%s", c.App.Name, command, text)
		return nil
	}
	for i, s := range servers {
		if i > 0 {
			fmt.Fprintln(c.App.Writer)
		}
		fmt.Fprintf(c.App.Writer, "# %s: %s\n%s\n", s.Place, s.PHP, translate.CommandLine(c.App.Name, s, table))
	}
	return nil
}

// readStartFile asks PHP, or reads the file where PHP cannot be asked.
func readStartFile(c *cli.Context, file string) (*startfile.Program, error) {
	var p *startfile.Program
	why := startfile.ErrNoPHP
	if php := c.String("php"); php != "" {
		p, why = startfile.Ask(c.Context, file, startfile.Asking{PHP: php, Timeout: c.Duration("php-timeout")})
	}
	if why != nil {
		var err error
		if p, err = startfile.Read(file); err != nil {
			return nil, fmt.Errorf("import: %w", err)
		}
		if c.String("php") != "" && (!errors.Is(why, startfile.ErrNoPHP) || c.IsSet("php")) {
			fmt.Fprintf(c.App.ErrWriter, "%s: read without PHP: %v\n", file, why)
		}
	}
	p.Framework()
	return p, nil
}

func printRemarks(w io.Writer, remarks []startfile.Remark) {
	for _, r := range remarks {
		fmt.Fprintf(w, "not translated: %s: %s\n", r.Place, r.Text)
	}
}

// printItems prints each item once: a loop over ports says it for each.
func printItems(w io.Writer, title string, items []translate.Item) {
	printed := map[translate.Item]bool{}
	for _, it := range items {
		if !printed[it] {
			printed[it] = true
			fmt.Fprintf(w, "%s: %s: %s: %s\n", title, it.Place, it.Name, it.Text)
		}
	}
}
