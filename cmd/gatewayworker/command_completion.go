package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// completionCommand prints what makes a shell complete commands, flags and
// operations; man prints the manual page.
func completionCommand() *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print the completion for a shell: bash, zsh or fish",
		ArgsUsage: "SHELL",
		Description: "bash: gatewayworker completion bash > /etc/bash_completion.d/gatewayworker\n" +
			"zsh:  gatewayworker completion zsh > \"${fpath[1]}/_gatewayworker\"\n" +
			"fish: gatewayworker completion fish > ~/.config/fish/completions/gatewayworker.fish",
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return usageFault("completion: for which shell? bash, zsh or fish")
			}
			switch shell := c.Args().First(); shell {
			case "bash":
				printBash(c.App.Writer, c.App)
			case "zsh":
				fmt.Fprint(c.App.Writer, "#compdef gatewayworker\nautoload -U +X bashcompinit && bashcompinit\n")
				printBash(c.App.Writer, c.App)
			case "fish":
				text, err := c.App.ToFishCompletion()
				if err != nil {
					return err
				}
				fmt.Fprint(c.App.Writer, text)
			default:
				return usageFault(fmt.Sprintf("completion: unknown shell %q; there are bash, zsh and fish", shell))
			}
			return nil
		},
	}
}

// printBash prints a function that knows all words: nothing is run to complete.
func printBash(w io.Writer, app *cli.App) {
	fmt.Fprint(w, "_gatewayworker() {\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} path= word words\n"+
		"\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n\t\tcase $word in -*) ;; *) path=\"$path $word\" ;; esac\n\tdone\n\tcase $path in\n")
	var walk func(path string, commands []*cli.Command, flags []cli.Flag)
	walk = func(path string, commands []*cli.Command, flags []cli.Flag) {
		for _, c := range commands {
			if !c.Hidden {
				walk(path+" "+c.Name, c.Subcommands, c.Flags)
			}
		}
		words := commandNames(commands)
		for _, name := range flagNames(flags) {
			words = append(words, "--"+name)
		}
		slices.Sort(words)
		pattern := `"` + path + `"`
		if path != "" {
			pattern += "*"
		}
		fmt.Fprintf(w, "\t%s) words=%q ;;\n", pattern, strings.Join(words, " "))
	}
	walk("", app.Commands, nil)
	fmt.Fprint(w, "\tesac\n\tif [[ -n $words ]]; then\n\t\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n\tfi\n"+
		"\tif [[ ${#COMPREPLY[@]} -eq 0 && $cur != -* ]]; then\n\t\tCOMPREPLY=($(compgen -f -- \"$cur\"))\n\tfi\n}\ncomplete -F _gatewayworker gatewayworker\n")
}

func manCommand() *cli.Command {
	return &cli.Command{
		Name:  "man",
		Usage: "print the manual page",
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			text, err := c.App.ToMan()
			if err != nil {
				return err
			}
			// urfave/cli names section 8, for programs of administrators.
			_, err = fmt.Fprint(c.App.Writer, text)
			return err
		},
	}
}
