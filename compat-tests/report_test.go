package compattests

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// The report is made from the stored transcripts: what PHP did there, ours does
// too, or TestScenarios fails; where it differs on purpose there is a transcript
// of ours beside it.
const reportFile = "compatibility.md"

// groupTitles are the scenario groups in the order of the report.
var groupTitles = [][2]string{
	{"register", "Register"},
	{"inner", "Inner port: frames"},
	{"auth", "Inner port: secret key and authorisation"},
	{"uid", "Uids"}, {"group", "Groups"}, {"session", "Sessions"}, {"select", "Select"}, {"send", "Sending"},
	{"close", "Closing, kicking, destroying"},
	{"routing", "Workers: binding, conflicts, least connections"},
	{"handshake", "WebSocket: handshake and its event"}, {"websocket", "WebSocket: frames"},
	{"text", "Text protocol"}, {"frame", "Frame protocol"}, {"tcp", "Tcp protocol"},
	{"text-tls", "Text over TLS"}, {"frame-tls", "Frame over TLS"}, {"tcp-tls", "Tcp over TLS"}, {"tls", "WebSocket over TLS, client certificates"},
	{"heartbeat", "Heartbeats"}, {"buffer", "Send buffers"},
	{"crash", "What kills a PHP gateway"},
	{"announce", "Gateways at the Register"},
	{"parity", "`gatewayclient`: the results of PHP's libraries"},
	{"library", "PHP libraries outside of workers"}, {"businessworker", "PHP BusinessWorker"},
}

// A recording is a scenario with what it left.
type recording struct {
	*scenario
	php  *transcript
	ours bool // there is a transcript of ours beside it
}

func recordings() (map[string][]recording, error) {
	groups := map[string][]recording{}
	for _, sc := range sortedScenarios() {
		tr, err := loadTranscript(sc.name, "")
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		_, err = os.Stat(transcriptFile(sc.name, ".ours"))
		group, _, _ := strings.Cut(sc.name, "/")
		groups[group] = append(groups[group], recording{sc, tr, err == nil})
	}
	return groups, nil
}

var (
	commandForm = regexp.MustCompile(`[<>] (CMD_\w+)`)
	methodForm  = regexp.MustCompile(`(?:lib calls|has the worker call) (\w+)`)
)

// report writes docs/compatibility.md in a language.
func report(in *reportWords) (string, error) {
	groups, err := recordings()
	if err != nil {
		return "", err
	}
	list, err := loadDifferences()
	if err != nil {
		return "", err
	}
	known := map[string]bool{}
	var b strings.Builder
	b.WriteString(in.head)
	var all, equal int
	for _, g := range groupTitles {
		known[g[0]] = true
		n, same := len(groups[g[0]]), 0
		var ids []string
		for _, r := range groups[g[0]] {
			if !r.ours {
				same++
			}
			for _, id := range r.differs {
				if !slices.Contains(ids, id) {
					ids = append(ids, id)
				}
			}
		}
		if n == 0 {
			continue
		}
		all, equal = all+n, equal+same
		slices.Sort(ids)
		fmt.Fprintf(&b, "| %s | %d | %d | %s |\n", in.word(g[1]), n, same, links(ids))
	}
	for g := range groups {
		if !known[g] {
			return "", fmt.Errorf("group %q has no title", g)
		}
	}
	fmt.Fprintf(&b, "| **%s** | **%d** | **%d** | |\n\n", in.word("All"), all, equal)
	writeCounts(&b, in, "Commands", "command", groups, commandForm, allCommands())
	writeCounts(&b, in, "Methods of `GatewayClient\\Gateway` and `Lib\\Gateway`", "method", groups, methodForm, nil)
	fmt.Fprintf(&b, "## %s\n\n", in.word("Deliberate differences"))
	for _, part := range differenceParts {
		fmt.Fprintf(&b, "### %s\n\n", in.word(partTitle(part)))
		for _, d := range list {
			if d.Part == part {
				in.difference(&b, d)
				b.WriteString("\n")
			}
		}
	}
	section, err := report3x(in.section3x)
	b.WriteString(section)
	return b.String(), err
}

// partTitle returns a part of the system as a heading.
func partTitle(part string) string { return strings.ToUpper(part[:1]) + part[1:] }

func links(ids []string) string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = fmt.Sprintf("[%s](#%s)", id, id)
	}
	return strings.Join(out, ", ")
}

// defined reports whether the protocol has a name for the command.
func defined(c gp.Command) bool { return c.String() != fmt.Sprintf("CMD_%d", int(c)) }

func allCommands() []string {
	var names []string
	for c := range 256 {
		if defined(gp.Command(c)) {
			names = append(names, gp.Command(c).String())
		}
	}
	return names
}

// writeCounts writes how many scenarios show each match of form. With names,
// all of them appear, and nothing else.
func writeCounts(b *strings.Builder, in *reportWords, title, column string, groups map[string][]recording, form *regexp.Regexp, names []string) {
	equal, differ := map[string]int{}, map[string]int{}
	for _, g := range groups {
		for _, r := range g {
			seen := map[string]bool{}
			for _, line := range r.php.lines {
				line = strings.Replace(line, "events to ", "< CMD_ON_CONNECT ", 1) // the short form
				if m := form.FindStringSubmatch(line); m != nil && !seen[m[1]] {
					seen[m[1]] = true
					if r.ours {
						differ[m[1]]++
					} else {
						equal[m[1]]++
					}
				}
			}
		}
	}
	if names == nil {
		for name := range equal {
			names = append(names, name)
		}
		slices.Sort(names)
	}
	fmt.Fprintf(b, "## %s\n\n| %s | %s | %s |\n|---|---|---|\n", in.word(title), in.word(column), in.word("scenarios that are equal"), in.word("with a deliberate difference"))
	for _, name := range names {
		fmt.Fprintf(b, "| %s | %d | %d |\n", name, equal[name], differ[name])
	}
	b.WriteString("\n")
}

// TestReport keeps docs/compatibility.md, in both languages, and README's table of differences in
// step with the scenarios.
func TestReport(t *testing.T) {
	for _, in := range []*reportWords{&englishReport, &chineseReport} {
		text, err := report(in)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, filepath.Join("..", in.folder, reportFile), text)
	}

	list, err := loadDifferences()
	if err != nil {
		t.Fatal(err)
	}
	english, chinese := "| PHP | here |\n|---|---|\n", "| PHP | 本项目 |\n|---|---|\n"
	for _, d := range list {
		if d.Readme && d.ZH != nil {
			english += fmt.Sprintf("| %s | %s |\n", d.PHP, d.Ours)
			chinese += fmt.Sprintf("| %s | %s |\n", d.ZH.PHP, d.ZH.Ours)
		}
	}
	english += fmt.Sprintf("\n[All %d of them](docs/%s#deliberate-differences), with reasons and what shows them.\n", len(list), reportFile)
	chinese += fmt.Sprintf("\n[全部 %d 项，附理由和对应的测试](docs/zh-CN/%s#有意的不同)。\n", len(list), reportFile)
	for name, table := range map[string]string{"README.md": english, "README.zh-CN.md": chinese} {
		readme := filepath.Join("..", name)
		data, err := os.ReadFile(readme)
		if err != nil {
			t.Fatal(err)
		}
		const begin, end = "<!-- differences:begin -->\n", "<!-- differences:end -->"
		before, rest, ok := strings.Cut(string(data), begin)
		_, after, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Errorf("%s has no %s...%s", readme, begin, end)
			continue
		}
		golden(t, readme, before+begin+table+end+after)
	}
}

// golden compares a generated file with the stored one; -update writes it.
func golden(t *testing.T, file, text string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err == nil && string(data) == text {
		return
	}
	if !*update {
		t.Errorf("%s is not what the scenarios make of it; run go test ./compat-tests -update", filepath.Base(file))
		return
	}
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}
