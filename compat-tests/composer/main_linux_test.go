package composer

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// patience is how long anything may take on a busy machine.
const patience = 60 * time.Second

// Environment variables. The last one is set in the process that runs in
// namespaces; it has the program's path.
const (
	chatVariable      = "GATEWAYWORKER_CHAT_DIR"
	sourcesVariable   = "GATEWAYWORKER_PHP_SOURCES"
	namespaceVariable = "COMPOSER_TEST_BINARY"
)

// inNamespaces runs the test again in another process, which has nothing but a
// loopback interface, and whose processes end with it. It reports whether this
// is that process.
func inNamespaces(t *testing.T) bool {
	if os.Getenv(namespaceVariable) != "" {
		return true
	}
	skip := func(why any) {
		fmt.Printf("SKIPPED %s: %v\n", t.Name(), why)
		t.Skip(why)
	}
	for _, variable := range []string{chatVariable, sourcesVariable} {
		if os.Getenv(variable) == "" {
			skip(variable + " is not set")
		}
	}
	for _, program := range []string{"php", "composer", "unshare", "ip"} {
		if _, err := exec.LookPath(program); err != nil {
			skip(err)
		}
	}
	namespaces := []string{"--net", "--pid", "--fork", "--mount-proc", "--kill-child"}
	if out, err := exec.Command("unshare", append(namespaces, "ip", "link", "set", "lo", "up")...).CombinedOutput(); err != nil {
		skip(fmt.Sprintf("no namespaces: %v %s", err, strings.TrimSpace(string(out))))
	}
	binary := filepath.Join(t.TempDir(), "gatewayworker")
	if out, err := exec.Command("go", "build", "-o", binary, "../../cmd/gatewayworker").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), "unshare", append(namespaces,
		"sh", "-c", `ip link set lo up && exec "$@"`, "sh", os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")...)
	cmd.Env = append(os.Environ(), namespaceVariable+"="+binary)
	out, err := cmd.CombinedOutput()
	t.Logf("in namespaces:\n%s", out)
	if err != nil {
		t.Error(err)
	}
	return false
}
