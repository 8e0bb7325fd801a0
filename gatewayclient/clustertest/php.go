package clustertest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// Main runs the tests of a package and prints how many runs against the PHP
// originals there were; verify, which may be nil, then checks for leaks.
func Main(m *testing.M, verify func() error) int {
	code := m.Run()
	fmt.Printf("clustertest: %d runs against PHP, %d skipped\n", ran.Load(), skipped.Load())
	if code == 0 && verify != nil {
		if err := verify(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return code
}

// startPHP runs one of the scripts in php-fixtures in a session of its own; the
// function returned kills that.
func startPHP(t testing.TB, script string, env ...string) (kill func()) {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	path := filepath.Join(filepath.Dir(here), "..", "..", "php-fixtures", script)
	dir := t.TempDir()
	log, err := os.Create(filepath.Join(dir, "output.log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("php", path)
	cmd.Env = append(append(os.Environ(), "FIXTURE_DIR="+dir), env...)
	cmd.Stdout, cmd.Stderr = log, log
	ownSession(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return func() {
		if t.Failed() {
			if out, err := os.ReadFile(log.Name()); err == nil && len(out) > 0 {
				t.Logf("%s:\n%s", script, out)
			}
		}
		killSession(cmd)
		_ = cmd.Wait()
		log.Close()
	}
}

// StartPHPWorker starts the PHP business worker of php-fixtures with the given
// environment. It ends with the test, or by the function returned.
func StartPHPWorker(t testing.TB, env ...string) (kill func()) {
	t.Helper()
	kill = startPHP(t, "start_businessworker.php", env...)
	t.Cleanup(kill)
	return kill
}

// waitPort waits until somebody listens on addr. There is no event for that:
// it tries again and again.
func waitPort(t testing.TB, addr string) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if nc, err := net.Dial("tcp", addr); err == nil {
			nc.Close()
			return
		}
	}
	t.Fatalf("nobody listens on %s", addr)
}
