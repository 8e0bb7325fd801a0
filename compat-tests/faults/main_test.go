//go:build linux

package faults

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

var (
	seed    = flag.Uint64("seed", 1, "of the schedule of faults; 0 is another one each time")
	each    = flag.Int("each", 1, "how often each fault happens")
	casts   = flag.String("cast", "", "run this cast alone: go, mixed or php (default: go, and mixed where PHP is)")
	only    = flag.String("fault", "", "a regular expression: only faults whose names match")
	measure = flag.Bool("measure", false, "one fault at a time, each process restarted at once, a second of stop: for tables of the time to recover")
)

// patience is how long anything may take on a busy machine.
const patience = time.Minute

// roleVariable makes the test binary play a part in the cluster.
const roleVariable = "FAULTS_ROLE"

// autoloadVariable names the environment variable with the path of an autoload
// file that finds the PHP originals.
const autoloadVariable = "GATEWAYWORKER_PHP_AUTOLOAD"

var (
	phpRuns, phpSkipped int
	binaryDir           string
)

func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case "worker":
		os.Exit(workerMain())
	case "caller":
		os.Exit(callerMain())
	}
	flag.Parse()
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "gatewayworker-faults")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binaryDir = dir
	code := m.Run()
	fmt.Printf("faults: %d runs with PHP, %d skipped\n", phpRuns, phpSkipped)
	return code
}

// binary builds the command, with the race detector if the tests have it, and
// returns its path.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(binaryDir, "gatewayworker")
	args := []string{"build", "-o", path}
	if raceEnabled {
		args = append(args, "-race")
	}
	out, err := exec.Command("go", append(args, "github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker")...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// needPHP skips the test where the PHP originals are not present.
func needPHP(t *testing.T) {
	t.Helper()
	if os.Getenv(autoloadVariable) == "" {
		phpSkipped++
		t.Skipf("%s is not set", autoloadVariable)
	}
	phpRuns++
}
