package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/bench"
)

// TestEverything: the program takes the configuration with everything on.
func TestEverything(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "gatewayworker")
	if out, err := exec.Command("go", "build", "-o", program, "../../..").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	file, err := writeEverything(dir, []string{"1", "2", "3", "4", "5"})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(program, "config", "check", file).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestFigures(t *testing.T) {
	report := func(cpu, memory float64) []bench.Report {
		return []bench.Report{{
			Scenario: "idle",
			Phases:   []bench.Phase{{Name: "all at 123/s", Unit: "delivery", CPU: []bench.CPUUse{{Role: "gateway", PerUnit: cpu}, {Role: "generator", PerUnit: 7}}}},
			Memory:   []bench.MemoryUse{{Moment: "start", Role: "gateway"}, {Moment: "connected", Role: "gateway", PerConnection: memory}},
		}}
	}
	var f figures
	for _, n := range []float64{1, 2, 6} {
		f.add(report(n, 100), false)
		f.add(report(n+1, 110), true)
	}
	var out bytes.Buffer
	f.print(&out, "idle")
	want := []string{
		"idle",
		"off on on/off of least",
		"all, CPU us per delivery 2.000 3.000 1.500 2.000 (1 to 6 | 2 to 7)",
		"connected, bytes of PSS per client 100.000 110.000 1.100 1.100 (100 to 100 | 110 to 110)",
	}
	var got []string
	for line := range strings.Lines(out.String()) {
		got = append(got, strings.Join(strings.Fields(line), " "))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
