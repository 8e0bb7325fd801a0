package upgrade

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/internal/certtest"
)

// report is what of a report of "gatewayworker bench" counts here.
type report struct {
	Problems []string
	Phases   []struct {
		Name                     string
		Expected, Received, Lost int64
		Surplus                  int64
		OutOfOrder               int64 `json:"out_of_order"`
	}
}

// TestLoad has the program replaced while it is under load: everything arrives once
// and in order, and no connection ends.
func TestLoad(t *testing.T) { loads(t, "websocket") }

// TestLoadTLS is TestLoad with clients under TLS: several processes at a time go on
// for those that came to them.
func TestLoadTLS(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	certText, keyText := certtest.SelfSigned(t, time.Hour, "127.0.0.1")
	for name, text := range map[string][]byte{cert: certText, key: keyText} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	loads(t, "wss", "--transport", "ssl", "--ssl-cert", cert, "--ssl-key", key)
}

// loads puts each load on a program that is started with args, by clients of scheme.
func loads(t *testing.T, scheme string, programArgs ...string) {
	for _, load := range []struct {
		scenario string
		args     []string
	}{
		{"echo", []string{"--clients", "100"}},
		{"broadcast", []string{"--clients", "200", "--messages", "300"}},
		{"uplink", []string{"--clients", "50"}},
		{"churn", []string{"--clients", "100", "--messages", "5"}},
		{"mixed", []string{"--clients", "200", "--rate", "2000"}},
	} {
		t.Run(load.scenario, func(t *testing.T) {
			ports := freePorts(t, 2)
			p := start(t, append([]string{"gateway", "--listen", "websocket://127.0.0.1:" + ports[0], "--start-port", ports[1], "--register-address", "127.0.0.1:9"}, programArgs...)...)
			args := append([]string{"bench", load.scenario, "--json", "--address", scheme + "://127.0.0.1:" + ports[0], "--inner", "127.0.0.1:" + ports[1],
				"--duration", "700ms", "--interval", "20ms", "--settle", "1ms", "--stall", "1m"}, load.args...)
			longest, delivered := 0.0, int64(0)
			for done := 0; done < *times; {
				reports, upgrades := p.underLoad(args, *times-done)
				done += len(upgrades)
				for _, u := range upgrades {
					longest = max(longest, u.pause)
				}
				for _, r := range reports {
					for _, problem := range r.Problems {
						t.Log(problem)
					}
					for _, phase := range r.Phases {
						delivered += phase.Received
						if phase.Lost != 0 || phase.Surplus != 0 || phase.OutOfOrder != 0 {
							t.Errorf("%s: %+v", load.scenario, phase)
						}
					}
				}
				if t.Failed() {
					return
				}
			}
			t.Logf("%d upgrades, %d arrivals, none lost, twice or out of order; the longest pause was %.1f ms", *times, delivered, longest)
		})
	}
}

// underLoad runs the load generator once, and replaces the program meanwhile, at
// most so many times.
func (p *program) underLoad(args []string, atMost int) (reports []report, upgrades []upgraded) {
	p.t.Helper()
	var stdout, stderr bytes.Buffer
	bench := exec.Command(binary, args...)
	bench.Stdout, bench.Stderr = &stdout, &stderr
	if err := bench.Start(); err != nil {
		p.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- bench.Wait() }()
	for tick := time.NewTicker(150 * time.Millisecond); ; {
		select {
		case <-tick.C:
			if len(upgrades) == atMost {
				continue
			}
			u, err := p.upgrade()
			if err != nil {
				_ = bench.Process.Kill()
				<-ended
				p.t.Fatal(err)
			}
			upgrades = append(upgrades, u)
			continue
		case err := <-ended:
			tick.Stop()
			if err != nil {
				p.t.Fatal(fmt.Errorf("bench: %w: %s%s", err, stderr.Bytes(), stdout.Bytes()))
			}
		}
		break
	}
	if err := fromJSON(stdout.Bytes(), &reports); err != nil {
		p.t.Fatal(err)
	}
	return reports, upgrades
}
