// Command gatewayworker runs the parts of a GatewayWorker cluster: Register,
// Gateway, or both in one process with a chat to try them; it asks, commands
// and measures clusters.
//
// Each command is in a file of its own, command_*.go; what several of them
// share as flags is in flags_*.go. Every flag is also an environment variable,
// see [env]. Logs and errors go to stderr; stdout has only what a command is
// asked to print.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/bench"
	"github.com/go-gatewayworker/gatewayworker/internal/logging"
)

func main() {
	forgetEmptyVariables()
	os.Exit(run(os.Args, os.Stdout, os.Stderr))
}

// run is main with its surroundings as arguments; it returns the exit code.
func run(args []string, stdout, stderr io.Writer) int {
	app := newApp()
	app.Writer, app.ErrWriter = stdout, stderr
	code := exitCode(app.Run(flagsFirst(app, args)), app)
	if w, ok := app.ErrWriter.(*logging.Writer); ok {
		w.Close(logPatience)
	}
	return code
}

// exitCode prints err, and returns the exit code that stands for it.
func exitCode(err error, app *cli.App) int {
	if err == nil {
		return 0
	}
	err = describe(err)
	fmt.Fprintf(app.ErrWriter, "gatewayworker: %v\n", err)
	if code, ok := errors.AsType[cli.ExitCoder](err); ok {
		return code.ExitCode()
	}
	return exitFailure
}

func newApp() *cli.App {
	app := &cli.App{
		Name:                  "gatewayworker",
		Usage:                 "PHP GatewayWorker's Register and Gateway in Go",
		Description:           "PHP BusinessWorkers and GatewayClients work with it unchanged.",
		Version:               version(),
		CustomAppHelpTemplate: cli.AppHelpTemplate + "\n",
		Commands: []*cli.Command{
			startCommand(),
			gatewayCommand(),
			registerCommand(),
			clientCommand(),
			statusCommand(),
			bench.Command(),
		},
		Action:         noCommand,
		OnUsageError:   usageError,
		ExitErrHandler: func(*cli.Context, error) {}, // run does it
	}
	for _, c := range app.Commands {
		if c.OnUsageError == nil {
			c.OnUsageError = usageError
		}
	}
	return app
}

// noCommand is what happens without a command, or with an unknown one.
func noCommand(c *cli.Context) error {
	name := c.Args().First()
	if name == "" {
		return cli.ShowAppHelp(c)
	}
	hint := "see gatewayworker --help"
	if similar := cli.SuggestCommand(c.App.Commands, name); similar != "" {
		hint = strings.ToLower(similar[:1]) + similar[1:] // Did you mean "start"?
	}
	return fmt.Errorf("unknown command %q; %s", name, hint)
}

// noArguments refuses what stands after the flags of a command that takes
// nothing there, such as a value that was meant for a flag.
func noArguments(c *cli.Context) error {
	if c.NArg() > 0 {
		return fmt.Errorf("%s: unexpected argument %q", c.Command.Name, c.Args().First())
	}
	return nil
}

// usageError keeps urfave/cli from printing the help to stdout, and gives flags
// the two dashes that the help gives them.
func usageError(_ *cli.Context, err error, _ bool) error {
	text := err.Error()
	for _, before := range []string{"for flag -", "not defined: -", "needs an argument: -"} {
		if i := strings.Index(text, before); i >= 0 && !strings.HasPrefix(text[i+len(before):], "-") {
			text = text[:i+len(before)] + "-" + text[i+len(before):]
		}
	}
	return errors.New(text)
}
