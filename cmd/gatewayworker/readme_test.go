package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// The tables in the READMEs have every flag of the commands that serve.
func TestReadmesHaveEveryFlag(t *testing.T) {
	for _, name := range []string{"README.md", "README.zh-CN.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, command := range []*cli.Command{startCommand(), gatewayCommand(), registerCommand()} {
			for _, flag := range command.Flags {
				if long := "`--" + flag.Names()[0] + "`"; !strings.Contains(string(text), long) {
					t.Errorf("%s does not have %s of %s", name, long, command.Name)
				}
			}
		}
	}
}
