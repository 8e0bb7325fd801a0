package upgrade

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/internal/browsertest"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
)

var times = flag.Int("upgrades", 2, "how often the program is replaced in each part of a test")

// patience is for what comes at once unless the machine is very busy.
const patience = time.Minute

var binary string // of the program

func TestMain(m *testing.M) {
	flag.Parse()
	dir, err := os.MkdirTemp("", "gw")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "gatewayworker")
	if out, err := exec.Command("go", "build", "-o", binary, "../../cmd/gatewayworker").CombinedOutput(); err != nil {
		fmt.Printf("go build: %v\n%s", err, out)
		os.Exit(1)
	}
	code := clustertest.Main(m, func() error { return nil })
	browsertest.PrintSkipped()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// program is a running gatewayworker that is replaced.
type program struct {
	t       *testing.T
	cmd     *exec.Cmd
	socket  string
	serving chan struct{} // closed when it has said so
	ended   chan struct{}

	mu  sync.Mutex // guards log
	log []string
}

// start starts the program, and returns when it serves.
func start(t *testing.T, args ...string) *program {
	t.Helper()
	dir, err := os.MkdirTemp("", "gw") //nolint:usetesting // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	p := &program{t: t, socket: filepath.Join(dir, "control"), serving: make(chan struct{}), ended: make(chan struct{})}
	p.cmd = exec.Command(binary, append(args, "--control-socket", p.socket)...)
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		said := false
		for s := bufio.NewScanner(stderr); s.Scan(); {
			p.mu.Lock()
			p.log = append(p.log, s.Text())
			p.mu.Unlock()
			if !said && strings.Contains(s.Text(), "gateway is serving") {
				said = true
				close(p.serving)
			}
		}
		_ = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.ended:
		case <-time.After(patience):
			_ = p.cmd.Process.Kill()
			t.Error("the program does not end")
		}
		if t.Failed() {
			p.mu.Lock()
			defer p.mu.Unlock()
			t.Logf("the end of its log:\n%s", strings.Join(p.log[max(0, len(p.log)-40):], "\n"))
		}
	})
	select {
	case <-p.serving:
	case <-p.ended:
		t.Fatal("the program has ended at its start")
	case <-time.After(patience):
		t.Fatal("the program does not serve")
	}
	return p
}

// upgraded is what the command says of an upgrade.
type upgraded struct {
	clients, inner int
	pause          float64 // ms
	text           string
}

// upgrade replaces the program.
func (p *program) upgrade() (upgraded, error) {
	out, err := exec.Command(binary, "upgrade", "--control-socket", p.socket, "--timeout", "5m", "--max-pause", "5m").CombinedOutput()
	u := upgraded{text: string(out)}
	if err != nil {
		return u, fmt.Errorf("upgrade: %w: %s", err, out)
	}
	for line := range strings.Lines(u.text) {
		name, value, _ := strings.Cut(line, ":")
		value, _, _ = strings.Cut(strings.TrimSpace(value), " ")
		switch name {
		case "clients":
			u.clients, err = strconv.Atoi(value)
		case "inner connections":
			u.inner, err = strconv.Atoi(value)
		case "pause":
			u.pause, err = strconv.ParseFloat(value, 64)
		}
		if err != nil {
			return u, fmt.Errorf("upgrade says\n%s", out)
		}
	}
	return u, nil
}

// freePorts returns ports that are the test's until it ends.
func freePorts(t *testing.T, n int) []string {
	t.Helper()
	var ports []string
	for range n {
		port, release := clustertest.ReservePort()
		t.Cleanup(release)
		ports = append(ports, strconv.Itoa(port))
	}
	return ports
}

// fromJSON reads what a command has printed.
func fromJSON(text []byte, into any) error {
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%w: %.200s", err, text)
	}
	return nil
}
