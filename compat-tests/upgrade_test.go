package compattests

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// upgradeVariable names the environment variable that runs this project's part of
// every scenario in processes of their own, which are replaced in the middle of it:
// as often as it says, between two steps. What peers see must be the same. On Linux.
const upgradeVariable = "GATEWAYWORKER_TEST_UPGRADE"

// program is the command, which is upgraded while a scenario goes on.
type program struct {
	binary   string
	upgrades int // in a scenario
}

// useUpgrades makes the command the implementation that is tested, if
// upgradeVariable is set. forget removes the program that it has built.
func useUpgrades() (forget func(), err error) {
	times := os.Getenv(upgradeVariable)
	if times == "" {
		return func() {}, nil
	}
	n, err := strconv.Atoi(times)
	if err != nil || n < 1 {
		return nil, fmt.Errorf("%s is %q, want how many upgrades a scenario has", upgradeVariable, times)
	}
	dir, err := os.MkdirTemp("", "gatewayworker")
	if err != nil {
		return nil, err
	}
	p := program{binary: filepath.Join(dir, "gatewayworker"), upgrades: n}
	if out, err := exec.Command("go", "build", "-o", p.binary, "../cmd/gatewayworker").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build: %w\n%s", err, out)
	}
	ours = p
	return func() { _ = os.RemoveAll(dir) }, nil
}

func (program) name() string { return "Go" }

func (p program) startGateway(s *stage, cfg gatewayConfig, listen, innerPort int) (func(), error) {
	args := []string{
		"gateway",
		"--listen", cfg.Listen + "://" + net.JoinHostPort(cfg.host(), strconv.Itoa(listen)),
		"--lan-ip", cfg.LanIP,
		"--start-port", strconv.Itoa(innerPort),
		"--secret-key", cfg.SecretKey,
		"--allow-no-secret-key",
		"--ping-interval", cfg.PingInterval.String(),
		"--ping-not-response-limit", strconv.Itoa(cfg.PingNotResponseLimit),
		"--ping-data", cfg.PingData,
	}
	if cfg.InnerListen != "" {
		args = append(args, "--inner-listen", cfg.InnerListen)
	}
	for _, r := range cfg.Registers {
		args = append(args, "--register-address", r)
	}
	if n := cfg.SendToClientBufferSize; n > 0 {
		args = append(args, "--send-to-client-buffer-size", strconv.Itoa(n))
	}
	if n := cfg.SendToWorkerBufferSize; n > 0 {
		args = append(args, "--send-to-worker-buffer-size", strconv.Itoa(n))
	}
	if cfg.Binary {
		args = append(args, "--binary-frames")
	}
	if cfg.Random {
		args = append(args, "--router", "random")
	}
	if cfg.TLS {
		files, err := tlsFiles(s.dir)
		if err != nil {
			return nil, err
		}
		args = append(args, "--transport", "ssl", "--ssl-cert", files.cert, "--ssl-key", files.key)
		if cfg.ClientCA {
			args = append(args, "--ssl-client-ca", files.ca)
		}
	}
	return p.start(s, "gateway", args)
}

func (p program) startRegister(s *stage, port int, secretKey string) (func(), error) {
	return p.start(s, "register", []string{"register", "--listen", "text://127.0.0.1:" + strconv.Itoa(port), "--secret-key", secretKey, "--allow-no-secret-key"})
}

// start starts the command, and has the scenario upgrade it.
func (p program) start(s *stage, role string, args []string) (stop func(), err error) {
	logs, err := os.MkdirTemp(s.dir, role)
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(logs, role+".log"))
	if err != nil {
		return nil, err
	}
	sockets, err := os.MkdirTemp("", "gw") // its path has to be short
	if err != nil {
		return nil, err
	}
	socket := filepath.Join(sockets, "control")
	cmd := exec.Command(p.binary, append(args, "--control-socket", socket)...)
	cmd.Stderr = struct{ io.Writer }{log} // by a pipe, so that Wait waits for all processes
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	stop = func() {
		_ = cmd.Process.Signal(syscall.SIGKILL)
		<-ended
		log.Close()
		_ = os.RemoveAll(sockets)
	}
	for begun := time.Now(); ; time.Sleep(2 * time.Millisecond) {
		text, _ := os.ReadFile(log.Name())
		if bytes.Contains(text, []byte(" is serving")) {
			s.upgrades = append(s.upgrades, func() error { return p.upgrade(socket) })
			return stop, nil
		}
		select {
		case <-ended:
			stop()
			return nil, fmt.Errorf("gatewayworker %s ended at its start: %s", role, text)
		default:
		}
		if time.Since(begun) > patience {
			stop()
			return nil, fmt.Errorf("gatewayworker %s did not start within %v", role, patience)
		}
	}
}

func (p program) upgrade(socket string) error {
	out, err := exec.Command(p.binary, "upgrade", "--control-socket", socket).CombinedOutput()
	if err != nil {
		return fmt.Errorf("upgrade: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}

// upgradeBetweenSteps upgrades the programs under test when the transcript has
// come to the places for it: evenly over it.
func (s *stage) upgradeBetweenSteps() {
	p, ok := ours.(program)
	if !ok || s.play == nil || len(s.upgrades) == 0 || s.upgraded == p.upgrades {
		return
	}
	if next := len(s.play.lines) * (s.upgraded + 1) / (p.upgrades + 1); len(s.lines) < next {
		return
	}
	s.upgraded++
	for _, upgrade := range s.upgrades {
		s.check(upgrade())
	}
}
