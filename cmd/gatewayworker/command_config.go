package main

import (
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sirupsen/logrus"
	"github.com/urfave/cli/v2"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/config"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

func configCommand() *cli.Command {
	return &cli.Command{
		Name:        "config",
		Usage:       "check a configuration file, print the defaults or the reference",
		Description: "Options come from the file that --config names, from environment variables and from flags;\neach of them outranks the one before.",
		Action:      noSubcommand,
		Subcommands: []*cli.Command{
			{
				Name:      "check",
				Usage:     "check a configuration file, and the files that it names, without starting anything",
				ArgsUsage: "[FILE]",
				Flags: []cli.Flag{
					configFlag(),
					&cli.StringFlag{Name: "for", Usage: "the `COMMAND` that will read it: start, gateway or register", Value: "start"},
				},
				Action: checkConfig,
			},
			{
				Name:  "defaults",
				Usage: "print a configuration file with every option and its default, all of them commented out",
				Action: func(c *cli.Context) error {
					if err := noArguments(c); err != nil {
						return err
					}
					printDefaults(c.App.Writer)
					return nil
				},
			},
			{
				Name:  "docs",
				Usage: "print the reference of all options, as Markdown",
				Action: func(c *cli.Context) error {
					if err := noArguments(c); err != nil {
						return err
					}
					printReference(c.App.Writer)
					return nil
				},
			},
		},
	}
}

func checkConfig(c *cli.Context) error {
	if c.NArg() > 1 {
		return usageFault(fmt.Sprintf("config check: unexpected argument %q", c.Args().Get(1)))
	}
	commands := servingCommands()
	i := slices.IndexFunc(commands, func(command *cli.Command) bool { return command.Name == c.String("for") })
	if i < 0 {
		return &flagError{"for", c.String("for"), "want start, gateway or register"}
	}
	ctx, err := untyped(c, commands[i])
	if err != nil {
		return err
	}
	file := c.Args().First()
	if file == "" {
		file = c.String("config")
	}
	if file == "" {
		return usageFault("config check: which file? give it as an argument, or set --config")
	}
	if err := ctx.Set("config", file); err != nil {
		return err
	}
	s, err := loadSettings(ctx)
	if err != nil {
		return err
	}
	lines, err := s.check()
	if err != nil {
		return err
	}
	fmt.Fprintf(c.App.Writer, "%s: good for gatewayworker %s\n", file, commands[i].Name)
	for _, line := range lines {
		fmt.Fprintln(c.App.Writer, line)
	}
	return nil
}

// untyped is the context of a command that was called without flags: it has its
// environment variables only.
func untyped(c *cli.Context, command *cli.Command) (*cli.Context, error) {
	set := flag.NewFlagSet(command.Name, flag.ContinueOnError)
	for _, f := range command.Flags {
		if err := f.Apply(set); err != nil {
			return nil, usageError(c, err, true)
		}
	}
	ctx := cli.NewContext(c.App, set, nil)
	ctx.Command = command
	return ctx, nil
}

// check goes as far as a start does before it opens anything, and returns what the
// process would listen on.
func (s *settings) check() (lines []string, err error) {
	quiet := logrus.New()
	quiet.SetOutput(io.Discard)
	p := &process{log: quiet, ownRegister: "127.0.0.1:1236"}
	sc := s.process
	if _, err := logrus.ParseLevel(sc.String("log-level")); err != nil {
		return nil, sc.blame(&flagError{"log-level", sc.String("log-level"), "want error, warn, info or debug"})
	}
	if sc.Command.Name != "gateway" {
		name := "register-listen"
		if sc.Command.Name == "register" {
			name = "listen"
		}
		if _, err := registerListenAddress(sc.Context, name); err != nil {
			return nil, sc.blame(err)
		}
		lines = append(lines, "register: "+sc.String(name))
	}
	if sc.Command.Name == "register" {
		return lines, nil
	}
	units, err := p.newUnits(s)
	if err != nil {
		return nil, err
	}
	for _, u := range units {
		name := "gateway"
		if u.scope.name != "" {
			name = u.scope.name
		}
		listens := []string{u.opts.Listen}
		for _, l := range u.opts.Listeners {
			listens = append(listens, l.Listen)
		}
		for i, files := range u.tls {
			if files != nil {
				listens[i] += " (TLS)"
			}
		}
		lines = append(lines, fmt.Sprintf("%s: %s; inner address %s:%d", name, strings.Join(listens, ", "), u.opts.LanIP, u.opts.StartPort))
	}
	return lines, checkListens(units)
}

// checkListens refuses two listeners on one address.
func checkListens(units []*unit) error {
	seen := map[string]bool{}
	for _, u := range units {
		scopes := append([]*scope{u.scope}, u.scope.listeners...)
		for _, sc := range scopes {
			a, err := gatewayprotocol.ParseListenAddress(sc.String("listen"))
			if err != nil || a.Port == 0 {
				continue
			}
			if seen[a.HostPort()] {
				return sc.blame(&flagError{"listen", sc.String("listen"), "another listener has this address"})
			}
			seen[a.HostPort()] = true
		}
	}
	return nil
}

// options are the options of all commands that serve, each once, in the order of
// start's flags, and the key of each.
func allOptions() (flags []cli.Flag, keys []string) {
	for _, command := range servingCommands() {
		for _, f := range command.Flags {
			if key := keyOf(f); key != "" && !slices.Contains(keys, key) {
				flags, keys = append(flags, f), append(keys, key)
			}
		}
	}
	return flags, keys
}

// categoriesInOrder are the groups of the reference, as they first come.
func categoriesInOrder(flags []cli.Flag) []string {
	var all []string
	for _, f := range flags {
		if category := categoryOf(f); !slices.Contains(all, category) {
			all = append(all, category)
		}
	}
	return all
}

func categoryOf(f cli.Flag) string {
	if f, ok := f.(cli.CategorizableFlag); ok && f.GetCategory() != "" {
		return f.GetCategory()
	}
	return categoryProcess
}

// usageOf is what the help says of a flag, without the marks of its value's name.
func usageOf(f cli.Flag) string {
	return strings.ReplaceAll(f.(cli.DocGenerationFlag).GetUsage(), "`", "")
}

// printDefaults prints a file whose every line is a comment.
func printDefaults(w io.Writer) {
	flags, keys := allOptions()
	fmt.Fprintln(w, "# Configuration of gatewayworker. Environment variables outrank this file, flags outrank both.")
	for _, category := range categoriesInOrder(flags) {
		fmt.Fprintf(w, "\n# %s\n", category)
		for i, f := range flags {
			if categoryOf(f) != category {
				continue
			}
			fmt.Fprintf(w, "\n# %s\n#%s: %s\n", usageOf(f), keys[i], yamlDefault(f))
		}
	}
	fmt.Fprintf(w, "\n# Several gateways in one process. Each may have any option of a gateway, and its own\n"+
		"# listeners; what it does not set is as above. Without %s there is the one of above.\n"+
		"#%s:\n#  - %s: web\n#    listen: websocket://0.0.0.0:8282\n#    start-port: 2900\n#    %s:\n"+
		"#      - listen: websocket://0.0.0.0:8443\n#        transport: ssl\n#        ssl-cert: /etc/gatewayworker/tls/fullchain.pem\n"+
		"#        ssl-key: /etc/gatewayworker/tls/privkey.pem\n",
		config.GatewaysKey, config.GatewaysKey, config.NameKey, config.ListenersKey)
}

// yamlDefault is the default of a flag as a file has it.
func yamlDefault(f cli.Flag) string {
	switch f := f.(type) {
	case *cli.StringSliceFlag:
		return "[]"
	case *cli.StringFlag:
		if f.Value == "" {
			return `""`
		}
		return f.Value
	case *cli.BoolFlag:
		return fmt.Sprint(f.Value)
	}
	return f.(cli.DocGenerationFlag).GetValue()
}

// codeOf sets a value as code, an empty one as nothing.
func codeOf(value string) string {
	if value == "" || value == `""` || value == "[]" {
		return ""
	}
	return "`" + value + "`"
}

// printReference prints a table of all options.
func printReference(w io.Writer) {
	flags, keys := allOptions()
	for _, category := range categoriesInOrder(flags) {
		fmt.Fprintf(w, "### %s\n\n| key | default | while running | meaning |\n|---|---|---|---|\n", category)
		for i, f := range flags {
			if categoryOf(f) != category {
				continue
			}
			running := "restart"
			if changesWhileRunning(f.Names()[0]) {
				running = "reload"
			}
			fmt.Fprintf(w, "| `%s` | %s | %s | %s |\n", keys[i], codeOf(yamlDefault(f)), running, strings.ReplaceAll(usageOf(f), "|", "\\|"))
		}
		fmt.Fprintln(w)
	}
}
