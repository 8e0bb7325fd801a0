//go:build unix

package gateway

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/commandtest"
)

// randomConversations is the number of made-up conversations held with PHP.
const randomConversations = 40

// TestConversationsWithPHP holds the conversations with PHP's gateway, over
// sockets. GATEWAYWORKER_PHP_AUTOLOAD names the autoload.php that finds it.
func TestConversationsWithPHP(t *testing.T) {
	if os.Getenv("GATEWAYWORKER_PHP_AUTOLOAD") == "" {
		t.Skipf("SKIPPED %d conversations with PHP: GATEWAYWORKER_PHP_AUTOLOAD is not set", len(commandtest.Conversations)+randomConversations)
	}
	php := startPHPGateways(t)
	all := commandtest.Conversations
	for seed := range uint64(randomConversations) {
		all = append(all[:len(all):len(all)], commandtest.Random(t, seed, 300))
	}
	for _, conv := range all {
		t.Run(conv.Name, func(t *testing.T) {
			i := 0
			switch {
			case conv.Websocket:
				i = 2
			case conv.SecretKey != "":
				i = 4
			}
			g := newLiveGateway(t, &conv, php.ports[i], php.ports[i+1])
			g.php = true
			g.run(false)
		})
	}
}

// phpGateways are the gateways of testdata/conversations.php.
type phpGateways struct{ ports []int }

func startPHPGateways(t *testing.T) *phpGateways {
	p := &phpGateways{ports: freePorts(t, 7)}
	dir := t.TempDir()
	env := []string{dir}
	for _, port := range p.ports {
		env = append(env, fmt.Sprint(port))
	}
	cmd := exec.Command("php", filepath.Join("testdata", "conversations.php"), "start")
	cmd.Env = append(os.Environ(), "CONVERSATIONS="+strings.Join(env, ","))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Logf("PHP printed:\n%s\nand logged:\n%s", out.String(), log)
		}
	})
	return p
}

func freePorts(t *testing.T, n int) (ports []int) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}
