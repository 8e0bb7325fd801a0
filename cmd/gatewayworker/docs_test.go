package main

import (
	"flag"
	"fmt"
	"io"
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

var update = flag.Bool("update", false, "write the reference of options into docs")

// configuration.md has the reference of all options: what config docs prints, in
// Chinese its columns without the meaning.
func TestConfigurationDocs(t *testing.T) {
	const begin, end = "<!-- options:begin -->\n", "<!-- options:end -->"
	for file, text := range manuals(t, "configuration.md") {
		var want strings.Builder
		if strings.Contains(file, "zh-CN") {
			printReferenceTable(&want)
		} else {
			printReference(&want)
		}
		before, rest, found := strings.Cut(text, begin)
		_, after, ended := strings.Cut(rest, end)
		if !found || !ended {
			t.Fatalf("%s has no place for the options", file)
		}
		if whole := before + begin + want.String() + end + after; whole != text {
			if !*update {
				t.Errorf("%s does not have the options as they are; write them with go test ./cmd/gatewayworker -run TestConfigurationDocs -update", file)
			} else if err := os.WriteFile(file, []byte(whole), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// printReferenceTable is printReference for readers of other languages: names and
// values, for which flags.md has the meaning.
func printReferenceTable(w io.Writer) {
	fmt.Fprintf(w, "| 键 | 默认值 | 运行中 |\n|---|---|---|\n")
	flags, keys := allOptions()
	for i, f := range flags {
		running := "重启"
		if changesWhileRunning(f.Names()[0]) {
			running = "reload"
		}
		fmt.Fprintf(w, "| `%s` | %s | %s |\n", keys[i], codeOf(yamlDefault(f)), running)
	}
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

// command-line.md has every operation of client, and every flag of client, status
// and connect.
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
		check(connectCommand(), "")
	}
}
