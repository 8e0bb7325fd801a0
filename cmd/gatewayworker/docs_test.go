package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// manuals returns a page of docs/ in every language, by its path.
func manuals(t *testing.T, page string) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../../docs/*/" + page)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, file := range append(files, "../../docs/"+page) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[file] = string(text)
	}
	return texts
}

// flags.md has every flag of the commands that serve.
func TestFlagDocs(t *testing.T) {
	for file, text := range manuals(t, "flags.md") {
		for _, command := range []*cli.Command{startCommand(), gatewayCommand(), registerCommand()} {
			for _, flag := range command.Flags {
				if long := "`--" + flag.Names()[0] + "`"; !strings.Contains(text, long) {
					t.Errorf("%s does not have %s of %s", file, long, command.Name)
				}
			}
		}
	}
}

// command-line.md has every operation of client, and every flag of client and
// status.
func TestClientDocs(t *testing.T) {
	for file, text := range manuals(t, "command-line.md") {
		var check func(c *cli.Command, line string)
		check = func(c *cli.Command, line string) {
			for _, flag := range c.Flags {
				if !strings.Contains(text, "--"+flag.Names()[0]) {
					t.Errorf("%s does not have --%s of %s", file, flag.Names()[0], c.Name)
				}
			}
			for _, sub := range c.Subcommands {
				check(sub, strings.TrimSpace(line+" "+sub.Name))
			}
			if line != "" && len(c.Subcommands) == 0 && !strings.Contains(text, "\n| `"+line) {
				t.Errorf("%s does not have %s", file, line)
			}
		}
		check(clientCommand(), "")
		check(statusCommand(), "")
	}
}
