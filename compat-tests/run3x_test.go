package compattests

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-gatewayworker/gatewayworker/gateway"
)

// autoload3xVariable names the environment variable that lets scenarios run
// live against gateways of GatewayWorker 3.x: the path of an autoload file that
// finds GatewayWorker 3.x and a Workerman before 5.
const autoload3xVariable = "GATEWAYWORKER_PHP3_AUTOLOAD"

// kind3x is the kind of the transcripts of GatewayWorker 3.x (see transcriptFile).
const kind3x = ".3x"

// ours3x is our gateway for workers that come from there.
var ours3x implementation = golang{handshakeData: gateway.HandshakeData3}

// in3x says that GatewayWorker 3.x is recorded in a scenario too: in those of
// the handshake.
func (sc *scenario) in3x() bool {
	return strings.HasPrefix(sc.name, "handshake/") && len(sc.differs) == 0 && !slices.Contains(not3x, sc.name)
}

// not3x are scenarios of the handshake that GatewayWorker 3.x cannot play: those
// wait for the end of a client that it accepts, this one sends an array, which
// ends its gateway.
var not3x = []string{
	"handshake/refused-version-8", "handshake/refused-version-blank-behind", "handshake/refused-version-empty", "handshake/refused-version-missing",
	"handshake/messages-wait-for-it",
}

// TestScenarios3x runs the scenarios of the handshake with HandshakeData3, and
// compares with what GatewayWorker 3.x did and, live, with what it does.
func TestScenarios3x(t *testing.T) {
	versions, noPHP := versionsOf(autoload3xVariable)
	if noPHP != nil && !errors.Is(noPHP, errNotSet) {
		t.Fatal(noPHP)
	}
	for _, sc := range sortedScenarios() {
		if !sc.in3x() {
			continue
		}
		t.Run(sc.name, func(t *testing.T) {
			t.Parallel()
			outcome := tally3x.begin(sc)
			defer func() { outcome.end(t) }()
			if noPHP == nil {
				runPHP3x(t, sc, versions)
				outcome.live = true
			}
			recorded, err := loadTranscript(sc.name, kind3x)
			if err != nil {
				t.Fatal(err)
			}
			lines, err := sc.perform(t, cast{name: "Go, HandshakeData 3", register: ours, gateway: ours3x}, recorded)
			if err != nil {
				t.Fatalf("Go: %v", err)
			}
			if diff := cmp.Diff(recorded.lines, lines); diff != "" {
				t.Errorf("Go does not do what GatewayWorker 3.x does (-PHP +Go):\n%s", diff)
			}
			outcome.replayed = !outcome.live
		})
	}
}

// runPHP3x runs the scenario with GatewayWorker 3.x only. Versions that do the
// same share a transcript, which names them all.
func runPHP3x(t *testing.T, sc *scenario, versions string) {
	t.Helper()
	lines, err := sc.perform(t, cast{name: "PHP 3.x", register: php3x(), gateway: php3x()}, nil)
	if err != nil {
		t.Fatalf("PHP: %v", err)
	}
	recorded, err := loadTranscript(sc.name, kind3x)
	same := err == nil && slices.Equal(recorded.lines, lines)
	switch {
	case same && (!*update || strings.Contains(recorded.versions, versions)):
	case *update:
		tr := &transcript{name: sc.name, versions: versions, lines: lines}
		if same {
			tr.versions = recorded.versions + "; " + versions
		}
		if err := tr.save(kind3x); err != nil {
			t.Fatal(err)
		}
	case errors.Is(err, fs.ErrNotExist):
		t.Errorf("no transcript yet: record it with -update")
	case err != nil:
		t.Fatal(err)
	default:
		t.Errorf("GatewayWorker 3.x does not do what its transcript says (-recorded +now):\n%s", cmp.Diff(recorded.lines, lines))
	}
}

// TestTranscripts3x: each scenario of GatewayWorker 3.x has a transcript, and
// there is no other.
func TestTranscripts3x(t *testing.T) {
	var want []string
	for _, sc := range sortedScenarios() {
		if sc.in3x() {
			want = append(want, transcriptFile(sc.name, kind3x))
		}
	}
	got, err := filepath.Glob(filepath.Join("testdata", "transcripts", "*", "*"+kind3x+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-scenarios +transcripts):\n%s", diff)
	}
}

func php3x() php { return php{os.Getenv(autoload3xVariable)} }

// TestActors3x runs workers and libraries of GatewayWorker 3.x with our Register
// and gateways: they say, get and return what those of GatewayWorker 4 do. Only
// which connection they use may differ (see said).
func TestActors3x(t *testing.T) {
	switch _, err := versionsOf(autoload3xVariable); {
	case errors.Is(err, errNotSet):
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
	for _, sc := range sortedScenarios() {
		if !sc.actors || sc.parity || len(sc.differs) > 0 {
			continue
		}
		t.Run(sc.name, func(t *testing.T) {
			t.Parallel()
			outcome := tally3x.begin(sc)
			defer func() { outcome.end(t) }()
			recorded, err := loadTranscript(sc.name, "")
			if err != nil {
				t.Fatal(err)
			}
			outcome.live = true
			lines, err := sc.perform(t, cast{name: "GatewayWorker 3.x on Go", register: ours, gateway: ours, original: php3x()}, recorded)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(said(recorded.lines), said(lines)); diff != "" {
				t.Errorf("(-GatewayWorker 4 +3.x):\n%s", diff)
			}
		})
	}
}

// said leaves out of a transcript which of its connections an actor used, when
// it asked for gateways and gave the key, and when it hung up: libraries before
// 3.0.26 make a connection for each question, those before 3.0.24 ask the
// Register once a second and not for each call.
func said(lines []string) []string {
	var out []string
	for _, line := range lines {
		if m := actorLineForm.FindStringSubmatch(line); m != nil {
			if strings.HasPrefix(m[2], "register") || m[5] == "close" || m[5] == "closed" || strings.HasPrefix(m[5], "CMD_GATEWAY_CLIENT_CONNECT") {
				continue
			}
			line = strings.Join([]string{m[1], m[2], m[4], m[5]}, " ")
		}
		out = append(out, line)
	}
	return out
}
