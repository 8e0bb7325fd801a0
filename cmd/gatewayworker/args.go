package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// asTyped prepares a command line for urfave/cli: "help" may stand in front of
// a command and of an operation, and flags may stand behind arguments.
func asTyped(app *cli.App, args []string) []string {
	return flagsFirst(app, helpLast(app, args))
}

// helpLast makes "help client groups" and "client help groups" what urfave/cli
// understands: "client groups --help".
func helpLast(app *cli.App, args []string) []string {
	commands := app.Commands
	for i := 1; i < len(args) && len(commands) > 0; i++ {
		if args[i] == "help" {
			return append(slices.Delete(slices.Clone(args), i, i+1), "--help")
		}
		n := slices.IndexFunc(commands, func(c *cli.Command) bool { return c.HasName(args[i]) })
		if n < 0 {
			break
		}
		commands = commands[n].Subcommands
	}
	return args
}

// flagsFirst moves the flags that stand behind the arguments of a command in
// front of them, where the flag package wants them:
//
//	client online 7f0000010b5400000001 --json
//
// What follows "--", a lone "-" and what looks like a negative number stay
// arguments.
func flagsFirst(app *cli.App, args []string) []string {
	if len(args) == 0 {
		return nil
	}
	out, rest := args[:1:1], args[1:]
	commands, flags := app.Commands, app.Flags
	for {
		n := 0
		for n < len(rest) && isFlag(rest[n]) {
			n = min(n+flagLength(flags, rest[n:]), len(rest))
		}
		out, rest = append(out, rest[:n]...), rest[n:]
		if len(rest) == 0 || rest[0] == "--" {
			return append(out, rest...)
		}
		var command *cli.Command
		for _, c := range commands {
			if c.HasName(rest[0]) {
				command = c
			}
		}
		if command == nil {
			return append(out, rest...)
		}
		out, rest = append(out, rest[0]), rest[1:]
		commands, flags = command.Subcommands, command.Flags
		if len(commands) == 0 {
			return append(out, permute(flags, rest)...)
		}
	}
}

// permute is flagsFirst for what follows the name of the last command.
func permute(flags []cli.Flag, args []string) []string {
	var first, last []string
	for len(args) > 0 {
		if args[0] == "--" {
			last = append(last, args[1:]...)
			break
		}
		if !isFlag(args[0]) {
			last, args = append(last, args[0]), args[1:]
			continue
		}
		n := flagLength(flags, args)
		if n > len(args) {
			return append(first, args...) // for the flag package to complain
		}
		first, args = append(first, args[:n]...), args[n:]
	}
	if len(last) > 0 {
		first = append(first, "--")
	}
	return append(first, last...)
}

func isFlag(arg string) bool {
	return len(arg) > 1 && arg[0] == '-' && arg != "--" && (arg[1] < '0' || arg[1] > '9')
}

// flagLength is the number of arguments that the flag args[0] takes with its
// value, which may not be there. A flag that does not exist takes none.
func flagLength(flags []cli.Flag, args []string) int {
	name, _, hasValue := strings.Cut(strings.TrimLeft(args[0], "-"), "=")
	if hasValue {
		return 1
	}
	for _, f := range flags {
		for _, n := range f.Names() {
			if d, ok := f.(cli.DocGenerationFlag); ok && n == name && d.TakesValue() {
				return 2
			}
		}
	}
	return 1
}
