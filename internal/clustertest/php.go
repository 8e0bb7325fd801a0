package clustertest

import (
	"fmt"
	"io"
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
	dir := t.TempDir()
	log, err := os.Create(filepath.Join(dir, "output.log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("php", fixture(script))
	cmd.Env = append(append(os.Environ(), "FIXTURE_DIR="+dir), env...)
	cmd.Stdout, cmd.Stderr = log, log
	OwnSession(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return func() {
		if t.Failed() {
			if out, err := os.ReadFile(log.Name()); err == nil && len(out) > 0 {
				t.Logf("%s:\n%s", script, out)
			}
		}
		KillSession(cmd)
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

// NeedPHP skips the test where the PHP originals are not present.
func NeedPHP(t testing.TB) {
	t.Helper()
	if os.Getenv(autoloadVariable) == "" {
		skipped.Add(1)
		t.Skipf("%s is not set", autoloadVariable)
	}
	ran.Add(1)
}

// StartPHPCalls starts the script of php-fixtures that calls methods of
// GatewayClient\Gateway: requests are written to it and answers read. It ends with
// the test.
func StartPHPCalls(t testing.TB, env ...string) io.ReadWriter {
	t.Helper()
	cmd := exec.Command("php", fixture("client_calls.php"))
	cmd.Env = append(append(os.Environ(), "FIXTURE_DIR="+t.TempDir()), env...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close() // the script ends
		_ = cmd.Wait()
	})
	return struct {
		io.Reader
		io.Writer
	}{out, in}
}

// fixture returns the path of a script in php-fixtures.
func fixture(name string) string {
	_, here, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(here), "..", "..", "php-fixtures", name)
}

// waitNoPort returns when no process listens any more: PHP's processes end one after
// another, and the last to be killed still takes connections and has the port.
func waitNoPort(addr string) {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		nc, err := net.Dial("tcp", addr)
		if err != nil {
			return
		}
		nc.Close()
	}
}

// waitPort waits until a process listens on addr. There is no event for that, so
// it tries again and again.
func waitPort(t testing.TB, addr string) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if nc, err := net.Dial("tcp", addr); err == nil {
			nc.Close()
			return
		}
	}
	t.Fatalf("no process listens on %s", addr)
}
