package compattests

import (
	"errors"
	"io/fs"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestScenarios runs every scenario against this project's programs and
// compares with what PHP did: with the stored transcript, and, live, with PHP itself.
func TestScenarios(t *testing.T) {
	versions, noPHP := phpVersions()
	if noPHP != nil && (*update || !errors.Is(noPHP, errNotSet)) {
		t.Fatalf("no live run, and no recording: %v", noPHP)
	}
	for _, sc := range sortedScenarios() {
		t.Run(sc.name, func(t *testing.T) {
			t.Parallel()
			outcome := tally.begin(sc)
			defer func() { outcome.end(t) }()
			if sc.ipv6 && !hasIPv6() {
				outcome.skipped = true
				t.Skip("no IPv6 on this machine")
			}
			if noPHP == nil {
				runPHP(t, sc, versions)
				outcome.live = true
			}
			recorded, err := loadTranscript(sc.name, "")
			if errors.Is(err, fs.ErrNotExist) {
				outcome.skipped = true
				t.Skip("no transcript: record it with -update where PHP is")
			}
			if err != nil {
				t.Fatal(err)
			}
			if ours == nil {
				outcome.skipped = !outcome.live
				t.Skip("no Go implementation yet")
			}
			runOurs(t, sc, recorded)
			if outcome.live && sc.actors && !*update {
				runMixes(t, sc, recorded)
			}
			if outcome.live && sc.parity && !*update {
				runParity(t, sc, recorded)
			}
			outcome.replayed = !outcome.live
		})
	}
}

// runPHP runs the scenario with the originals only.
func runPHP(t *testing.T, sc *scenario, versions string) {
	t.Helper()
	lines, err := sc.perform(t, cast{name: "PHP", register: php{}, gateway: php{}}, nil)
	if err != nil {
		t.Fatalf("PHP: %v", err)
	}
	got := &transcript{name: sc.name, versions: versions, lines: lines}
	recorded, err := loadTranscript(sc.name, "")
	switch {
	case err == nil && slices.Equal(recorded.lines, lines):
	case *update:
		if err := got.save(""); err != nil {
			t.Fatal(err)
		}
	case errors.Is(err, fs.ErrNotExist):
		t.Errorf("no transcript yet: record it with -update")
	case err != nil:
		t.Fatal(err)
	default:
		t.Errorf("PHP does not do what its transcript says (-recorded +now):\n%s", cmp.Diff(recorded.lines, lines))
	}
}

// runOurs runs the scenario with this project's programs. Where a deliberate
// difference is named, what ours does is a transcript of its own.
func runOurs(t *testing.T, sc *scenario, recorded *transcript) {
	t.Helper()
	lines, err := sc.perform(t, cast{name: "Go", register: ours, gateway: ours, worker: actorReplay, client: actorReplay}, recorded)
	if err != nil {
		t.Fatalf("Go: %v", err)
	}
	if len(sc.differs) == 0 {
		if diff := cmp.Diff(recorded.lines, lines); diff != "" {
			t.Errorf("Go does not do what PHP does (-PHP +Go):\n%s", diff)
		}
		return
	}
	if slices.Equal(recorded.lines, lines) {
		t.Errorf("the difference %v no longer occurs", sc.differs)
	}
	if *update {
		if err := (&transcript{name: sc.name, versions: "ours: " + sc.differs[0], lines: lines}).save(".ours"); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := loadTranscript(sc.name, ".ours")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.lines, lines); diff != "" {
		t.Errorf("Go does not do what we chose (-chosen +Go):\n%s", diff)
	}
}

// runMixes runs a scenario with real PHP workers and libraries on every mix of
// PHP's and our Register and gateways.
func runMixes(t *testing.T, sc *scenario, recorded *transcript) {
	t.Helper()
	for _, c := range []cast{
		{name: "Register Go, gateways Go", register: ours, gateway: ours},
		{name: "Register PHP, gateways Go", register: php{}, gateway: ours},
		{name: "Register Go, gateways PHP", register: ours, gateway: php{}},
		{name: "Register PHP, gateways PHP and Go", register: php{}, gateway: php{}, second: ours},
		{name: "Register Go, gateways Go and PHP", register: ours, gateway: ours, second: php{}},
	} {
		lines, err := sc.perform(t, c, recorded)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if diff := cmp.Diff(recorded.lines, lines); diff != "" && len(sc.differs) == 0 {
			t.Errorf("%s (-PHP +mix):\n%s", c.name, diff)
		}
	}
}
