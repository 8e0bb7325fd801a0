package endurance

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// figures are what is told of an attack in docs/security.md.
type figures struct {
	quiet, hostile waits
	memory         uint64 // bytes at most; of this project's gateway
}

// tables are the documents with a row for each of attacks, in their order, between
// marks: the attack in words; how long bystanders wait, p50 and p99; by how much p99
// has moved; the same two of PHP's gateway; memory. between stands between two
// figures of a cell.
var tables = []struct{ path, between string }{
	{"../../docs/security.md", ", "},
	{"../../docs/zh-CN/security.md", "、"},
}

const (
	tableBegin = "<!-- attacks:begin -->\n"
	tableEnd   = "<!-- attacks:end -->\n"
)

// writeTables puts the figures of attacks that were measured into the documents.
func writeTables(t *testing.T, of map[string]figures, php bool) {
	t.Helper()
	for _, table := range tables {
		text, rows, rest := readTable(t, table.path)
		for i, attack := range attacks {
			f, ok := of[attack.name]
			if !ok || f.hostile.answers < 100 { // not measured, or hardly
				continue
			}
			cells := strings.Split(rows[i], "|")
			wait := " " + ms(f.hostile.p50) + table.between + ms(f.hostile.p99) + " "
			moved := " " + ms(max(0, f.hostile.p99-f.quiet.p99)) + " "
			if php {
				cells[4], cells[5] = wait, moved
			} else {
				cells[2], cells[3] = wait, moved
				cells[6] = fmt.Sprintf(" +%.0f ", mb(f.memory))
			}
			rows[i] = strings.Join(cells, "|")
		}
		if err := os.WriteFile(table.path, []byte(text+strings.Join(rows, "")+rest), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// readTable returns a document: what is before the rows, these, and what is behind.
func readTable(t *testing.T, path string) (text string, rows []string, rest string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, after, ok1 := strings.Cut(string(b), tableBegin)
	body, rest, ok2 := strings.Cut(after, tableEnd)
	lines := strings.SplitAfter(body, "\n")
	if !ok1 || !ok2 || len(lines) != 2+len(attacks)+1 {
		t.Fatalf("%s has no table of %d attacks between %q and %q", path, len(attacks), tableBegin, tableEnd)
	}
	rows = lines[2 : len(lines)-1]
	for _, row := range rows {
		if n := strings.Count(row, "|"); n != 7 {
			t.Fatalf("%s: this row has %d cells: %s", path, n-1, row)
		}
	}
	return before + tableBegin + lines[0] + lines[1], rows, tableEnd + rest
}

// TestTables: the documents have a row for each attack.
func TestTables(t *testing.T) {
	for _, table := range tables {
		readTable(t, table.path)
	}
}

// ms is a time in milliseconds, as exact as is worth it.
func ms(d time.Duration) string {
	switch v := float64(d.Microseconds()) / 1000; {
	case v < 1:
		return fmt.Sprintf("%.2f", v)
	case v < 10:
		return fmt.Sprintf("%.1f", v)
	case v < 1000:
		return fmt.Sprintf("%.0f", v)
	default:
		return fmt.Sprintf("%d,%03d", int(v)/1000, int(v)%1000)
	}
}
