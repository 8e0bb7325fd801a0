package main

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestVersionText(t *testing.T) {
	end := runtime.Version() + ", " + runtime.GOOS + "/" + runtime.GOARCH + ")"
	vcs := []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef0123"}, {Key: "vcs.time", Value: "2026-11-21T10:00:00Z"}}
	for _, tt := range []struct {
		release, commit, committed string
		info                       debug.BuildInfo
		want                       string
	}{
		{want: "(devel) (" + end},
		{info: debug.BuildInfo{Main: debug.Module{Version: "v0.1.0"}}, want: "v0.1.0 (" + end},
		{info: debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: vcs}, want: "(devel) (commit 0123456789ab of 2026-11-21, " + end},
		{info: debug.BuildInfo{Settings: append(vcs, debug.BuildSetting{Key: "vcs.modified", Value: "true"})}, want: "(devel) (commit 0123456789ab with changes of 2026-11-21, " + end},
		{release: "v0.1.0", commit: "fedcba9876543210", committed: "2026-11-20T01:02:03Z", info: debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, want: "v0.1.0 (commit fedcba987654 of 2026-11-20, " + end},
	} {
		release, commit, committed = tt.release, tt.commit, tt.committed
		if got := versionText(&tt.info); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
	release, commit, committed = "", "", ""
}
