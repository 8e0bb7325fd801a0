package admin

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// expressions are those of a dashboard or of alert rules.
func expressions(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile("../../../../deploy/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	if !strings.HasSuffix(file, ".json") {
		for _, m := range regexp.MustCompile(`(?m)^ +expr: (.+)$`).FindAllStringSubmatch(string(text), -1) {
			found = append(found, m[1])
		}
		return found
	}
	var dashboard struct {
		Templating struct{ List []struct{ Query string } }
		Panels     []struct {
			ID      int
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	for _, v := range dashboard.Templating.List {
		if strings.Contains(v.Query, "(") {
			found = append(found, v.Query)
		}
	}
	for _, p := range dashboard.Panels {
		for _, target := range p.Targets {
			found = append(found, target.Expr)
		}
	}
	return found
}

// TestDeployed: the dashboard and the alert rules name metrics and labels that
// there are, and their brackets close.
func TestDeployed(t *testing.T) {
	selector := regexp.MustCompile(`\b((?:gatewayworker|process)_[a-z_]+)(?:\{([^}]*)\})?`)
	label := regexp.MustCompile(`(\w+)=~?"`)
	grouped := regexp.MustCompile(`\bby \(([^)]*)\)`)
	ofScrape := []string{"job", "instance", "le"}
	process := []string{"process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds", "process_max_fds"}
	for file, atLeast := range map[string]int{"grafana/gatewayworker.json": 20, "prometheus/gatewayworker.rules.yml": 8} {
		all := expressions(t, file)
		if len(all) < atLeast {
			t.Errorf("%s: only %d expressions", file, len(all))
		}
		for _, expr := range all {
			if err := balanced(expr); err != nil {
				t.Errorf("%s: %s: %v", file, expr, err)
			}
			labels := slices.Clone(ofScrape)
			for _, m := range selector.FindAllStringSubmatch(expr, -1) {
				name := m[1]
				if strings.HasPrefix(name, "process_") {
					if !slices.Contains(process, name) {
						t.Errorf("%s: %s: which metric is %s?", file, expr, name)
					}
					continue
				}
				own := labelsOf(name)
				if own == nil {
					t.Errorf("%s: %s: there is no metric %s", file, expr, name)
					continue
				}
				labels = append(labels, own...)
				for _, l := range label.FindAllStringSubmatch(m[2], -1) {
					if !slices.Contains(own, l[1]) && !slices.Contains(ofScrape, l[1]) {
						t.Errorf("%s: %s: %s has no label %s", file, expr, name, l[1])
					}
				}
			}
			for _, m := range grouped.FindAllStringSubmatch(expr, -1) {
				for l := range strings.SplitSeq(m[1], ",") {
					if !slices.Contains(labels, strings.TrimSpace(l)) {
						t.Errorf("%s: %s: no label %s", file, expr, l)
					}
				}
			}
		}
	}
}

// labelsOf returns the labels of a metric, nil if there is none of that name.
func labelsOf(name string) []string {
	for _, m := range metrics {
		if name == m.name || m.kindName() == "histogram" && strings.HasPrefix(name, m.name) && knownMetric(name) {
			return append([]string{}, m.labels...)
		}
	}
	return nil
}

// balanced reports an error unless brackets close in order, and quotes too.
func balanced(expr string) error {
	var open []rune
	quoted := false
	closing := map[rune]rune{')': '(', ']': '[', '}': '{'}
	for _, r := range expr {
		switch {
		case r == '"':
			quoted = !quoted
		case quoted:
		case strings.ContainsRune("([{", r):
			open = append(open, r)
		case closing[r] != 0:
			if len(open) == 0 || open[len(open)-1] != closing[r] {
				return fmt.Errorf("a %c too many", r)
			}
			open = open[:len(open)-1]
		}
	}
	if quoted || len(open) > 0 {
		return fmt.Errorf("something is not closed: %q", string(open))
	}
	return nil
}
