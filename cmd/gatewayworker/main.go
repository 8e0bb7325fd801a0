// Command gatewayworker runs the parts of a GatewayWorker cluster: Register,
// Gateway, or both in one process with a chat to try them; it asks, commands
// and measures clusters.
//
// The parts of a cluster are started in command_*.go, the operations of
// `gatewayworker client` are in client_*.go, status in status*.go, and the flags
// that several commands share in flags_*.go. Every flag is also an environment variable,
// see [env]. Logs and errors go to stderr; stdout has only what a command is
// asked to print.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/bench"
	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/workerman"
	"github.com/go-gatewayworker/gatewayworker/internal/logging"
)

func main() {
	forgetEmptyVariables()
	os.Exit(run(workerman.OwnArgs(), os.Stdout, os.Stderr))
}

// run is main with its surroundings as arguments; it returns the exit code.
func run(args []string, stdout, stderr io.Writer) int {
	app := newApp()
	app.Writer, app.ErrWriter = stdout, stderr
	s, err := successorFromEnvironment()
	if err == nil {
		app.Metadata = map[string]any{successorName: s}
		err = app.Run(asTyped(app, args))
		s.refuse(err)
	}
	code := exitCode(err, app)
	if s.served() {
		code = failUnderMaster(app, code)
	}
	if w, ok := app.ErrWriter.(*logging.Writer); ok {
		w.Close(logPatience)
	}
	relays, _ := app.Metadata[relaysName].(relaying)
	if ended, ok := app.Metadata[holdingName].(chan func()); ok {
		holdUntil(ended, relays)
	}
	if relays != nil {
		debug.FreeOSMemory()
		relays.run()
	}
	return code
}

// holdUntil holds the pid while another process serves, which needs no memory but
// for relays, which may be nil.
func holdUntil(ended <-chan func(), relays relaying) {
	if relays != nil {
		go relays.run()
	}
	debug.FreeOSMemory()
	end := <-ended
	if relays != nil {
		relays.finish()
	}
	end()
}

// exitCode prints err, and returns the exit code that stands for it.
func exitCode(err error, app *cli.App) int {
	if err == nil || errors.Is(err, errMoved) {
		return 0
	}
	if s, ok := app.Metadata[settingsName].(*settings); ok {
		err = s.process.blame(err)
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
		Commands: slices.Concat([]*cli.Command{
			startCommand(),
			gatewayCommand(),
			registerCommand(),
			withoutLog(clientCommand()),
			withoutLog(statusCommand()),
			withoutLog(connectCommand()),
			withoutLog(importCommand()),
			withoutLog(bench.Command()),
			configCommand(),
			reloadCommand(),
			upgradeCommand(),
			drainCommand(),
			healthCommand(),
			completionCommand(),
			manCommand(),
			versionCommand(),
		}, workermanCommands(), []*cli.Command{probeCommand()}),
		Action:         noCommand,
		OnUsageError:   usageError,
		ExitErrHandler: func(*cli.Context, error) {}, // run does it
	}
	for _, c := range app.Commands {
		setUsageError(c)
	}
	return app
}

func setUsageError(c *cli.Command) {
	c.OnUsageError = usageError
	for _, sub := range c.Subcommands {
		setUsageError(sub)
	}
}

// withoutLog prepares a command that does not serve and so has no log.
func withoutLog(c *cli.Command) *cli.Command {
	c.Before = warnOfVariables
	return c
}
