package main

import (
	"os"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// docs/command-line.md has every operation, and every flag.
func TestClientDocs(t *testing.T) {
	text, err := os.ReadFile("../../docs/command-line.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(text)
	var check func(c *cli.Command, line string)
	check = func(c *cli.Command, line string) {
		for _, flag := range c.Flags {
			if !strings.Contains(doc, "--"+flag.Names()[0]) {
				t.Errorf("docs/command-line.md does not have --%s of %s", flag.Names()[0], c.Name)
			}
		}
		for _, sub := range c.Subcommands {
			check(sub, strings.TrimSpace(line+" "+sub.Name))
		}
		if line != "" && len(c.Subcommands) == 0 && !strings.Contains(doc, "\n| `"+line) {
			t.Errorf("docs/command-line.md does not have %s", line)
		}
	}
	check(clientCommand(), "")
	check(statusCommand(), "")
}
