package compattests

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// packageVariable names the environment variable that runs this project's part
// of every scenario through the Composer package: PHP's start files, Workerman's
// master, and the program in the place of the worker process. It needs the
// originals, on Linux.
const packageVariable = "GATEWAYWORKER_TEST_PACKAGE"

// packaged is the program as the Composer package starts it.
type packaged struct{ binary string }

// usePackage makes the package the implementation that is tested, if
// packageVariable is set. forget removes the program that it has built.
func usePackage() (forget func(), err error) {
	if os.Getenv(packageVariable) == "" {
		return func() {}, nil
	}
	if _, err := phpVersions(); err != nil {
		return nil, fmt.Errorf("%s: %w", packageVariable, err)
	}
	dir, err := os.MkdirTemp("", "gatewayworker")
	if err != nil {
		return nil, err
	}
	binary := filepath.Join(dir, "gatewayworker")
	if out, err := exec.Command("go", "build", "-o", binary, "../cmd/gatewayworker").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build: %w\n%s", err, out)
	}
	ours = packaged{binary}
	return func() { _ = os.RemoveAll(dir) }, nil
}

func (packaged) name() string { return "Go" }

func (p packaged) env() []string {
	return []string{"FIXTURE_PACKAGE=1", "GATEWAYWORKER_BINARY=" + p.binary}
}

func (p packaged) startGateway(s *stage, cfg gatewayConfig, listen, innerPort int) (func(), error) {
	env, err := gatewayEnv(s, cfg, listen, innerPort)
	if err != nil {
		return nil, err
	}
	return startFixture(s, "start_gateway.php", serves("gateway", innerPort), append(env, p.env()...)...)
}

func (p packaged) startRegister(s *stage, port int, secretKey string) (func(), error) {
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	return startFixture(s, "start_register.php", serves("register", port), append(p.env(), "REGISTER_LISTEN="+address, "SECRET_KEY="+secretKey)...)
}

// serves tells from Workerman's log that the program serves. A Gateway that stays
// PHP (one with a callback) serves when its inner port is open.
func serves(role string, port int) func(dir string) bool {
	return func(dir string) bool {
		log, _ := os.ReadFile(filepath.Join(dir, role+".log"))
		return strings.Contains(string(log), " is serving ") || strings.Contains(string(log), " stays PHP: ") && listening(port)
	}
}

// listening reports whether a TCP port of the machine is open, without
// connecting to it.
func listening(port int) bool {
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		table, _ := os.ReadFile(file)
		for line := range strings.Lines(string(table)) {
			fields := strings.Fields(line)
			if len(fields) > 3 && strings.HasSuffix(fields[1], fmt.Sprintf(":%04X", port)) && fields[3] == "0A" {
				return true
			}
		}
	}
	return false
}
