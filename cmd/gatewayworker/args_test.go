package main

import (
	"slices"
	"strings"
	"testing"
)

func TestFlagsFirst(t *testing.T) {
	for given, want := range map[string]string{
		"":                         "",
		"client":                   "client",
		"--version":                "--version",
		"begin --json":             "begin --json",
		"client clients --json":    "client clients --json",
		"client online a --json b": "client online --json -- a b",
		"client send-to-group g m --exclude c -g": "client send-to-group --exclude c -g -- g m",
		"client send-to-all m --exclude=c --raw":  "client send-to-all --exclude=c --raw -- m",
		"client send-to-all - --raw":              "client send-to-all --raw -- -",
		"client send-to-all -- --raw":             "client send-to-all -- --raw",
		"client uid-online -5 --json":             "client uid-online --json -- -5",
		"client session get a --json":             "client session get --json -- a",
		"client clients --group":                  "client clients --group",
		"client clients -g x y":                   "client clients -g x -- y",
		"client clients --group --json":           "client clients --group --json",
		"client online a --timeout":               "client online --timeout",
		"gateway --lan-ip":                        "gateway --lan-ip",
		"gateway a --lan-ip 127.0.0.1":            "gateway --lan-ip 127.0.0.1 -- a",
	} {
		got := flagsFirst(newApp(), append([]string{"gatewayworker"}, strings.Fields(given)...))
		if !slices.Equal(got[1:], strings.Fields(want)) {
			t.Errorf("%s: %q", given, got)
		}
	}
}
