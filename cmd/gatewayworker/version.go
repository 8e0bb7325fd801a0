package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/urfave/cli/v2"
)

// These are set by releases, see deploy/release:
// -ldflags "-X main.release=v1.2.3 -X main.commit=... -X main.committed=...".
var release, commit, committed string

// version says what was built: the release, or what the go command noted; the
// commit; and by which Go, for which platform.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return versionText(info)
}

func versionText(info *debug.BuildInfo) string {
	noted := map[string]string{}
	for _, s := range info.Settings {
		noted[s.Key] = s.Value
	}
	of := cmp.Or(commit, noted["vcs.revision"])
	at, _, _ := strings.Cut(cmp.Or(committed, noted["vcs.time"]), "T")
	text := cmp.Or(release, info.Main.Version, "(devel)") + " ("
	if of != "" {
		text += "commit " + of[:min(12, len(of))]
		if noted["vcs.modified"] == "true" {
			text += " with changes"
		}
		if at != "" {
			text += " of " + at
		}
		text += ", "
	}
	return text + fmt.Sprintf("%s, %s/%s)", runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func versionCommand() *cli.Command {
	return &cli.Command{
		Name: "version", Usage: "print the version", HideHelpCommand: true,
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			cli.ShowVersion(c)
			return nil
		},
	}
}
