package compattests

import (
	"encoding/json"
	"os/exec"
	"reflect"
	"regexp"
	"slices"
	"testing"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
)

// withoutParity are the methods of gatewayclient.Client that PHP has nothing
// to compare with.
var withoutParity = map[string]string{
	"Close":   "PHP's library has no clients, only static methods",
	"Clients": "Select as an iterator",
	"Drain":   "Sync, then Close",
	"Stats":   "no counterpart in PHP",
	"Ping":    "measures time; no counterpart in PHP",
	"Sync":    "no counterpart in PHP; each command of a parity scenario is followed by one, and by a look at what it waited for",
}

// onlyInWorkers are the public methods of PHP's libraries that no parity
// scenario calls.
var onlyInWorkers = map[string]string{
	"setBusinessWorker":    "called by BusinessWorker",
	"sendToCurrentClient":  "concerns the client of the event; in Go that is businessworker's",
	"closeCurrentClient":   "concerns the client of the event; in Go that is businessworker's",
	"destoryCurrentClient": "concerns the client of the event; in Go that is businessworker's",
}

var parityForm = regexp.MustCompile(`^lib calls (\w+) .* = (\w+)$`)

// parityCalls returns which methods the transcripts compare without a deliberate
// difference: PHP's and gatewayclient's.
func parityCalls(t *testing.T) (php, golang map[string]bool) {
	t.Helper()
	php, golang = map[string]bool{}, map[string]bool{}
	for _, sc := range sortedScenarios() {
		if !sc.parity || len(sc.differs) > 0 {
			continue
		}
		recorded, err := loadTranscript(sc.name, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range recorded.lines {
			if m := parityForm.FindStringSubmatch(line); m != nil {
				php[m[1]], golang[m[2]] = true, true
			}
		}
	}
	return php, golang
}

// TestParityOfEveryMethod fails when gatewayclient.Client has a method that no
// parity scenario compares with PHP's.
func TestParityOfEveryMethod(t *testing.T) {
	_, compared := parityCalls(t)
	client := reflect.TypeFor[*gatewayclient.Client]()
	for method := range client.Methods() {
		name := method.Name
		if _, exempt := withoutParity[name]; exempt == compared[name] {
			t.Errorf("%s: compared with PHP: %v, listed as without parity: %v", name, compared[name], exempt)
		}
	}
	for name := range withoutParity {
		if _, ok := client.MethodByName(name); !ok {
			t.Errorf("%s is listed as without parity, but Client has no such method", name)
		}
	}
}

// TestParityOfEveryPHPMethod fails when PHP's libraries have a public method
// that no parity scenario calls.
func TestParityOfEveryPHPMethod(t *testing.T) {
	e := startE2E(t)
	const script = `require getenv('GATEWAYWORKER_PHP_AUTOLOAD');
		echo json_encode(array_values(array_unique(array_merge(
			get_class_methods('GatewayClient\\Gateway'), get_class_methods('GatewayWorker\\Lib\\Gateway')))));`
	out, err := exec.CommandContext(e.Context(), "php", "-r", script).Output()
	if err != nil {
		t.Fatal(err)
	}
	var methods []string
	if err := json.Unmarshal(out, &methods); err != nil {
		t.Fatal(err)
	}
	compared, _ := parityCalls(t)
	for _, name := range methods {
		if _, exempt := onlyInWorkers[name]; exempt == compared[name] {
			t.Errorf("%s: compared: %v, listed as only in workers: %v", name, compared[name], exempt)
		}
	}
	for name := range onlyInWorkers {
		if !slices.Contains(methods, name) {
			t.Errorf("%s is listed as only in workers, but PHP has no such method", name)
		}
	}
}
