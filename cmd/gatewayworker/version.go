package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// release is set by releases: -ldflags "-X main.release=v1.2.3".
var release string

// version is the release, else what the go command noted when it built: the
// module's version, or the commit.
func version() string {
	v := release
	if v == "" {
		v = "(devel)"
		if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
			v = info.Main.Version
		}
	}
	return fmt.Sprintf("%s (%s, %s/%s)", v, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
