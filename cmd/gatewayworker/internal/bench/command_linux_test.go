package bench

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

func runCommand(t *testing.T, args ...string) (out string, err error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	app := &cli.App{Writer: &stdout, ErrWriter: &stderr, Commands: []*cli.Command{Command()}, ExitErrHandler: func(*cli.Context, error) {}}
	err = app.RunContext(t.Context(), append([]string{"gatewayworker", "bench"}, args...))
	if stderr.Len() > 0 {
		t.Errorf("progress on what is no terminal: %q", stderr.String())
	}
	return stdout.String(), err
}

func TestCommand(t *testing.T) {
	f := startFake(t, &fakeGateway{})
	flags := []string{"-a", f.clientAddr, "-i", f.inner, "-c", "5", "-n", "3", "-d", "10ms", "--interval", "2ms", "--settle", "1ms", "--stall", "1m"}
	out, err := runCommand(t, append(flags, "broadcast", "storm")...)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"broadcast: 5 clients", "15 of 15, none lost", "storm: 5 clients", "5 of 5, none lost"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}

	out, err = runCommand(t, append(append([]string{"--json"}, flags...), "broadcast", "storm")...)
	if err != nil {
		t.Fatal(err)
	}
	var reports []Report
	if err := json.Unmarshal([]byte(out), &reports); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if len(reports) != 2 || reports[0].Phases[0].Received != 15 || reports[1].Scenario != "storm" {
		t.Errorf("got %+v", reports)
	}
}

func TestCommandErrors(t *testing.T) {
	lossy := startFake(t, &fakeGateway{fault: func(n int) int { return n & 1 }})
	for _, c := range []struct {
		name, args, err string
		code            int
	}{
		{"no scenario", "", "which scenario", 2},
		{"unknown scenario", "sing", `"sing" is unknown`, 2},
		{"a typing mistake in the second", "floor eho", `"eho" is unknown`, 2},
		{"another machine", "-a ws://192.0.2.1:80 echo", "127.0.0.0/8", 2},
		{"lost messages", "-a " + lossy.clientAddr + " -i " + lossy.inner + " -c 4 -n 4 -d 10ms --interval 2ms --settle 1ms --stall " + lossStall.String() + " broadcast", "not every message arrived", 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := runCommand(t, strings.Fields(c.args)...)
			var code cli.ExitCoder
			if !errors.As(err, &code) || code.ExitCode() != c.code || !strings.Contains(err.Error(), c.err) {
				t.Errorf("got %v, want exit %d about %q", err, c.code, c.err)
			}
			if c.code == 4 && !strings.Contains(out, "8 LOST") {
				t.Errorf("the report does not say what is lost:\n%s", out)
			}
		})
	}
}
