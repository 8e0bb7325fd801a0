package main

import (
	"bytes"
	"debug/buildinfo"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
)

// licenses is the text of the licenses of Go and of all modules in a program:
// most of them ask for it beside a binary.
func licenses(source string, info *buildinfo.BuildInfo) ([]byte, error) {
	var text bytes.Buffer
	root, err := output(source, "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	if err := addLicense(&text, "Go "+strings.TrimPrefix(info.GoVersion, "go"), root); err != nil {
		return nil, err
	}
	for _, m := range modules(info) {
		dir, err := output(source, "go", "list", "-m", "-f", "{{.Dir}}", m.Path)
		if err != nil {
			return nil, err
		}
		if err := addLicense(&text, m.Path+" "+m.Version, dir); err != nil {
			return nil, err
		}
	}
	return text.Bytes(), nil
}

// modules are those that a program contains, besides its own.
func modules(info *buildinfo.BuildInfo) []*debug.Module {
	list := slices.Clone(info.Deps)
	slices.SortFunc(list, func(a, b *debug.Module) int { return strings.Compare(a.Path, b.Path) })
	return list
}

func addLicense(text *bytes.Buffer, name, dir string) error {
	found := false
	for _, pattern := range []string{"LICENSE*", "LICENCE*", "COPYING*", "NOTICE*"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return err
		}
		for _, f := range files {
			data, err := os.ReadFile(f)
			if err != nil {
				return err
			}
			fmt.Fprintf(text, "==== %s: %s\n\n%s\n", name, filepath.Base(f), bytes.TrimRight(data, "\n"))
			text.WriteByte('\n')
			found = true
		}
	}
	if !found {
		// Distributions of Go put the license of GOROOT elsewhere.
		if strings.HasPrefix(name, "Go ") {
			return nil
		}
		return fmt.Errorf("%s has no license in %s", name, dir)
	}
	return nil
}
