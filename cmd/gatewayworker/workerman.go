package main

import "github.com/urfave/cli/v2"

const noDaemon = "gatewayworker stays in the foreground and logs to stderr; systemd, a container or nohup run it in the background"

// workermanCommands say what to do in place of the commands that Workerman's
// start.php has and this program has not.
func workermanCommands() []*cli.Command {
	var commands []*cli.Command
	for name, answer := range map[string]string{
		"stop":        "end the process with SIGTERM (kill PID, systemctl stop, docker stop): it stops in good order, within --stop-timeout; a second SIGTERM ends it at once",
		"restart":     "stop the process with SIGTERM and start it again, or let systemd or docker do it: clients are disconnected by that",
		"connections": `"gatewayworker client clients" lists who is online, "gatewayworker status" counts`,
	} {
		commands = append(commands, &cli.Command{
			Name: name, Hidden: true, HideHelp: true, SkipFlagParsing: true,
			Action: func(*cli.Context) error { return usageFault("there is no command " + name + ": " + answer) },
		})
	}
	return commands
}
