package main

import (
	"fmt"
	"io"
	"regexp"
	"slices"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/bench"
)

// atRate is what differs in the name of an open loop from run to run.
var atRate = regexp.MustCompile(` at \d+/s$`)

// figures are those of one scenario, by what was measured.
type figures struct {
	names []string // in order
	off   map[string][]float64
	on    map[string][]float64
	worse []string // what makes them doubtful
}

func (f *figures) add(reports []bench.Report, on bool) {
	if f.off == nil {
		f.off, f.on = map[string][]float64{}, map[string][]float64{}
	}
	note := func(name string, value float64) {
		if !slices.Contains(f.names, name) {
			f.names = append(f.names, name)
		}
		if on {
			f.on[name] = append(f.on[name], value)
		} else {
			f.off[name] = append(f.off[name], value)
		}
	}
	for _, r := range reports {
		if !r.Complete() {
			f.worse = append(f.worse, r.Scenario+" lost messages")
		}
		for _, p := range r.Phases {
			for _, use := range p.CPU {
				if use.Role == "gateway" {
					note(atRate.ReplaceAllString(p.Name, "")+", CPU us per "+p.Unit, use.PerUnit)
				}
			}
		}
		for _, m := range r.Memory {
			if m.Role == "gateway" && m.PerConnection > 0 {
				note(m.Moment+", bytes of PSS per client", m.PerConnection)
			}
		}
	}
}

// print prints a row for each figure.
func (f *figures) print(out io.Writer, scenario string) {
	fmt.Fprintf(out, "%s\n  %-55s %12s %12s %8s %8s\n", scenario, "", "off", "on", "on/off", "of least")
	for _, name := range f.names {
		off, on := median(f.off[name]), median(f.on[name])
		fmt.Fprintf(out, "  %-55s %12.3f %12.3f %8.3f %8.3f   (%s | %s)\n", name, off, on, on/off, least(f.on[name])/least(f.off[name]), span(f.off[name]), span(f.on[name]))
	}
	for _, text := range f.worse {
		fmt.Fprintf(out, "  %s\n", text)
	}
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	if n := len(sorted); n%2 == 0 {
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return sorted[len(sorted)/2]
}

// least is what a round took that nothing else disturbed.
func least(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	return slices.Min(values)
}

// span is from the least to the most.
func span(values []float64) string {
	if len(values) == 0 {
		return "-"
	}
	return fmt.Sprintf("%.3g to %.3g", slices.Min(values), slices.Max(values))
}
