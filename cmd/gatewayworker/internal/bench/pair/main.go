// Command pair measures what the options of operators cost: a gateway with all of
// them on against one with none, in turn, by gatewayworker bench.
//
//	go run ./cmd/gatewayworker/internal/bench/pair [-rounds 5] [-program FILE] [idle storm echo broadcast]
//
// It prints the medians of each phase, of CPU time of the gateway per unit and of
// memory per client, and what the options change: of the medians, and of the least,
// where other programs disturb. Limits are set so high that none is met. A connect
// hook is not among them: it asks somebody for each client, and what that takes is the
// other one's.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/bench"
)

// longer has arguments of bench for scenarios that are over in a moment otherwise:
// some milliseconds of one round that are not the other's would tell more than what
// is measured.
var longer = map[string][]string{
	"storm":     {"--clients", "15000"},
	"broadcast": {"--messages", "400"},
}

func main() {
	rounds := flag.Int("rounds", 5, "pairs of each scenario")
	program := flag.String("program", "", "gatewayworker; without it, it is built")
	flag.Parse()
	scenarios := flag.Args()
	if len(scenarios) == 0 {
		scenarios = []string{"idle", "storm", "echo", "broadcast"}
	}
	if err := run(context.Background(), os.Stdout, *program, *rounds, scenarios); err != nil {
		fmt.Fprintf(os.Stderr, "pair: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, program string, rounds int, scenarios []string) error {
	dir, err := os.MkdirTemp("", "pair")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if program == "" {
		program = filepath.Join(dir, "gatewayworker")
		if text, err := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/gatewayworker").CombinedOutput(); err != nil {
			return fmt.Errorf("go build: %w\n%s", err, text)
		}
	}
	for _, scenario := range scenarios {
		var all figures
		for round := range rounds {
			// Who comes first changes from round to round.
			for _, on := range []bool{round%2 == 1, round%2 == 0} {
				reports, err := measure(ctx, program, dir, scenario, on)
				if err != nil {
					return fmt.Errorf("%s: %w", scenario, err)
				}
				all.add(reports, on)
			}
		}
		all.print(out, scenario)
	}
	return nil
}

// measure runs one scenario against a gateway of its own.
func measure(ctx context.Context, program, dir, scenario string, on bool) ([]bench.Report, error) {
	g, err := startGateway(ctx, program, dir, on)
	if err != nil {
		return nil, err
	}
	defer g.stop()
	if on {
		scraping, stop := context.WithCancel(ctx)
		defer stop()
		// What the first one takes for good (code, buffers) is not the clients'.
		g.scrapeOnce(scraping)
		go g.scrape(scraping)
	}
	args := append([]string{"bench", "--json", "--gateway-pid", fmt.Sprint(g.cmd.Process.Pid), "-a", "websocket://" + g.client, "-i", g.inner}, g.benchArgs...)
	args = append(append(args, longer[scenario]...), scenario)
	text, err := exec.CommandContext(ctx, program, args...).Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return nil, fmt.Errorf("%w\n%s", err, exit.Stderr)
	}
	if err != nil {
		return nil, err
	}
	var reports []bench.Report
	return reports, json.Unmarshal(text, &reports)
}

// gatewayProcess is a gateway under test.
type gatewayProcess struct {
	cmd                  *exec.Cmd
	client, inner, admin string
	benchArgs            []string
	closeNotify          func()
}

func startGateway(ctx context.Context, program, dir string, on bool) (*gatewayProcess, error) {
	ports, err := freePorts(5)
	if err != nil {
		return nil, err
	}
	g := &gatewayProcess{client: "127.0.0.1:" + ports[0], inner: "127.0.0.1:" + ports[1], admin: "127.0.0.1:" + ports[2], closeNotify: func() {}}
	var env []string
	if on {
		file, err := writeEverything(dir, ports)
		if err != nil {
			return nil, err
		}
		g.cmd = exec.CommandContext(ctx, program, "gateway", "--config", file)
		g.benchArgs = []string{"--secret-key", secretKey}
		if env, g.closeNotify, err = watchdog(dir); err != nil {
			return nil, err
		}
	} else {
		g.cmd = exec.CommandContext(ctx, program, "gateway", "--listen", "websocket://"+g.client, "--start-port", ports[1], "--register-address", "127.0.0.1:"+ports[3], "--admin-listen", "off")
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	g.cmd.Stderr = log
	g.cmd.Env = append(os.Environ(), env...)
	if err := g.cmd.Start(); err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		conn, err := net.Dial("tcp", g.inner)
		if err == nil {
			_ = conn.Close()
			return g, nil
		}
		if time.Now().After(deadline) {
			g.stop()
			text, _ := os.ReadFile(log.Name())
			return nil, fmt.Errorf("the gateway does not serve: %w\n%s", err, text)
		}
	}
}

// stop ends the gateway, at once if it does not end by itself.
func (g *gatewayProcess) stop() {
	_ = g.cmd.Process.Signal(syscall.SIGTERM)
	timer := time.AfterFunc(20*time.Second, func() { _ = g.cmd.Process.Kill() })
	_ = g.cmd.Wait()
	timer.Stop()
	g.closeNotify()
}

// scrapeEvery is how often the metrics are asked for. One scrape takes a millisecond
// or two, also of a thousand clients; in a phase that takes a hundred of them, one a
// second would be what is measured.
const scrapeEvery = 15 * time.Second

// scrape asks for the metrics as Prometheus would.
func (g *gatewayProcess) scrape(ctx context.Context) {
	ticker := time.NewTicker(scrapeEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		g.scrapeOnce(ctx)
	}
}

func (g *gatewayProcess) scrapeOnce(ctx context.Context) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+g.admin+"/metrics", nil)
	if err != nil {
		return
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
}

// watchdog is systemd's, which wants to hear from the process; nobody is restarted.
func watchdog(dir string) (env []string, end func(), err error) {
	path := filepath.Join(dir, "notify")
	_ = os.Remove(path)
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return nil, nil, err
	}
	go func() {
		buf := make([]byte, 4<<10)
		for {
			if _, err := conn.Read(buf); err != nil {
				return
			}
		}
	}()
	return []string{"NOTIFY_SOCKET=" + path, "WATCHDOG_USEC=2000000"}, func() { _ = conn.Close() }, nil
}

func freePorts(n int) ([]string, error) {
	var ports []string
	for range n {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer ln.Close()
		_, port, err := net.SplitHostPort(ln.Addr().String())
		if err != nil {
			return nil, err
		}
		ports = append(ports, port)
	}
	return ports, nil
}
