package main

import (
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// A value that a flag cannot take is one line that names the flag or variable,
// in words that are not the standard library's; the exit code is 2.
func TestBadValues(t *testing.T) {
	const bad = "12 apples"
	for _, v := range os.Environ() { // those of the tests themselves would be warned of
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, envPrefix) {
			t.Setenv(name, "") // puts it back in the end
			os.Unsetenv(name)
		}
	}
	refused := func(args []string, name string) {
		t.Helper()
		var stderr strings.Builder
		code := run(append([]string{"gatewayworker"}, args...), io.Discard, &stderr)
		text := stderr.String()
		if code != exitUsage || !strings.HasPrefix(text, "gatewayworker: "+name+` "`+bad+`": want `) || strings.Contains(text, "strconv") || strings.Count(text, "\n") != 1 {
			t.Errorf("%q: exit code %d, %q", args, code, text)
		}
	}
	tried := 0
	var try func(path []string, commands []*cli.Command)
	try = func(path []string, commands []*cli.Command) {
		for _, c := range commands {
			path := append(slices.Clone(path), c.Name)
			for _, f := range c.Flags {
				switch f := f.(type) {
				case *cli.StringFlag, *cli.StringSliceFlag:
					continue
				case *cli.GenericFlag:
					if _, ok := f.Value.(*repeated); ok {
						continue
					}
				}
				name := f.Names()[0]
				refused(append(slices.Clone(path), "--"+name+"="+bad), "--"+name)
				tried++
				for _, variable := range f.(cli.DocGenerationFlag).GetEnvVars() {
					t.Run(variable, func(t *testing.T) {
						t.Setenv(variable, bad)
						refused(path, variable)
					})
				}
			}
			try(path, c.Subcommands)
		}
	}
	try(nil, newApp().Commands)
	if tried < 30 {
		t.Errorf("%d flags tried", tried)
	}
}
