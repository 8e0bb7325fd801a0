package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// Each docs/flags.md has every flag of the commands that serve.
func TestFlagDocs(t *testing.T) {
	files, err := filepath.Glob("../../docs/*/flags.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, "../../docs/flags.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, command := range []*cli.Command{startCommand(), gatewayCommand(), registerCommand()} {
			for _, flag := range command.Flags {
				if long := "`--" + flag.Names()[0] + "`"; !strings.Contains(string(text), long) {
					t.Errorf("%s does not have %s of %s", file, long, command.Name)
				}
			}
		}
	}
}
