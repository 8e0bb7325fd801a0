package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// noCommand prints the help without a command, and refuses an unknown one.
func noCommand(c *cli.Context) error {
	name := c.Args().First()
	if name == "" {
		return cli.ShowAppHelp(c)
	}
	hint := didYouMean(name, commandNames(c.App.Commands))
	if hint == "" {
		hint = "; see gatewayworker --help"
	}
	return usageFault(fmt.Sprintf("unknown command %q%s", name, hint))
}

// noSubcommand prints the help without an operation, and refuses an unknown one.
func noSubcommand(c *cli.Context) error {
	name := c.Args().First()
	if name == "" {
		return cli.ShowSubcommandHelp(c)
	}
	return usageFault(fmt.Sprintf("%s: unknown operation %q%s", c.Command.Name, name, didYouMean(name, commandNames(c.Command.Subcommands))))
}

// noArguments refuses arguments of a command that takes none: one may have been
// meant as the value of a flag.
func noArguments(c *cli.Context) error {
	if c.NArg() > 0 {
		return usageFault(fmt.Sprintf("%s: unexpected argument %q", c.Command.Name, c.Args().First()))
	}
	return nil
}

func commandNames(commands []*cli.Command) []string {
	var names []string
	for _, c := range commands {
		if !c.Hidden {
			names = append(names, c.Name)
		}
	}
	return names
}

// flagNames are the long names of flags.
func flagNames(flags []cli.Flag) []string {
	var names []string
	for _, f := range flags {
		names = append(names, slices.DeleteFunc(f.Names(), func(n string) bool { return len(n) == 1 })...)
	}
	return names
}

// Errors of the flag package and of urfave/cli.
var (
	unknownFlag  = regexp.MustCompile(`^flag provided but not defined: -+(.*)$`)
	missingValue = regexp.MustCompile(`^flag needs an argument: -+(.*)$`)
	badValue     = regexp.MustCompile(`(?s)^invalid (?:boolean )?value ("(?:[^"\\]|\\.)*") for (?:flag )?-+([\w-]+): (.*)$`)
	badVariable  = regexp.MustCompile(`(?s)^could not parse ("(?:[^"\\]|\\.)*") (?:as [\w ]+ )?from environment variable "(\w+)" (?:as value )?for flag ([\w-]+): (.*)$`)
)

// usageError puts what is wrong with the flags in the words that the rest of the
// program uses. It also keeps urfave/cli from printing the help to stdout.
func usageError(c *cli.Context, err error, _ bool) error {
	flags := c.App.Flags
	if c.Command != nil {
		flags = append(slices.Clone(c.Command.Flags), flags...)
	}
	text := err.Error()
	if m := unknownFlag.FindStringSubmatch(text); m != nil {
		text = "flag provided but not defined: " + dashes(m[1]) + unknownFlagHint(c, m[1], flags)
	} else if m := missingValue.FindStringSubmatch(text); m != nil {
		text = "flag needs an argument: " + dashes(m[1])
	} else if m := badValue.FindStringSubmatch(text); m != nil {
		text = fmt.Sprintf("%s %s: %s", dashes(m[2]), m[1], reason(flags, m[2], m[3]))
	} else if m := badVariable.FindStringSubmatch(text); m != nil {
		text = fmt.Sprintf("%s %s: %s", m[2], m[1], reason(flags, m[3], m[4]))
	}
	return usageFault(text)
}

// dashes is a flag as it is typed.
func dashes(flag string) string {
	if len(flag) == 1 {
		return "-" + flag
	}
	return "--" + flag
}

// unknownFlagHint says which flag may have been meant.
func unknownFlagHint(c *cli.Context, name string, flags []cli.Flag) string {
	if c.Command != nil && c.Command.Name == "start" && slices.Contains([]string{"d", "q", "g"}, name) {
		return "; " + noDaemon
	}
	found := similar(name, flagNames(flags))
	for i := range found {
		found[i] = dashes(found[i])
	}
	if len(found) > 0 {
		return "; did you mean " + strings.Join(found, " or ") + "?"
	}
	return ""
}

// reason says why a flag cannot take a value: text, or what the flag wants where
// text is an error of the standard library's parsers.
func reason(flags []cli.Flag, name, text string) string {
	if text != "parse error" && text != "value out of range" && !strings.Contains(text, "strconv.") && !strings.HasPrefix(text, "time: ") {
		return text
	}
	for _, f := range flags {
		if !slices.Contains(f.Names(), name) {
			continue
		}
		switch f.(type) {
		case *cli.BoolFlag:
			return "want true or false"
		case *cli.IntFlag, *cli.IntSliceFlag:
			return "want a whole number"
		case *cli.Float64Flag:
			return "want a number"
		case *cli.DurationFlag:
			return "want a duration, as 55s"
		}
	}
	return "cannot be read"
}
