package composer

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// project is workerman-chat with the package required.
type project struct {
	*testing.T
	dir string
	php bool // go back to PHP
}

// newProject makes a copy of workerman-chat, adds repositories and the package to
// its composer.json, and has Composer install it.
func newProject(t *testing.T) *project {
	t.Helper()
	p := &project{T: t, dir: filepath.Join(t.TempDir(), "chat")}
	if err := os.CopyFS(p.dir, os.DirFS(os.Getenv(chatVariable))); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(p.dir, "composer.json")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var config map[string]any
	if err := json.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	repositories := []any{map[string]any{"packagist": false}, pathRepository(t, root, "dev-main")}
	for _, source := range filepath.SplitList(os.Getenv(sourcesVariable)) {
		repositories = append(repositories, pathRepository(t, source, sourceVersion(source)))
	}
	config["repositories"] = repositories
	config["minimum-stability"] = "dev"
	config["require"].(map[string]any)["go-gatewayworker/gateway"] = "dev-main"
	if text, err = json.MarshalIndent(config, "", "  "); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "composer", "install", "--no-interaction", "--no-progress")
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "COMPOSER_HOME="+t.TempDir(), "COMPOSER_DISABLE_NETWORK=1", "COMPOSER_ALLOW_SUPERUSER=1", "COMPOSER_ROOT_VERSION=dev-main")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("composer install: %v\n%s", err, out)
	}
	return p
}

// pathRepository is a directory as a repository of Composer's.
func pathRepository(t *testing.T, dir, version string) any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "composer.json"))
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	return map[string]any{"type": "path", "url": dir, "options": map[string]any{
		"symlink": true, "versions": map[string]string{config.Name: version},
	}}
}

var versionConstant = regexp.MustCompile(`const VERSION = '([\d.]+)'`)

// sourceVersion is the version that a source says it has; else, one that others
// accept.
func sourceVersion(dir string) string {
	for _, file := range []string{"src/Worker.php", "Worker.php", "src/Gateway.php"} {
		if text, err := os.ReadFile(filepath.Join(dir, file)); err == nil {
			if m := versionConstant.FindSubmatch(text); m != nil {
				return string(m[1])
			}
			return "4.0.99" // GatewayWorker, which has no such constant since 3.1
		}
	}
	return "1.1.99" // workerman/coroutine
}

// start runs one of Workerman's commands to its end, and returns what it prints.
func (p *project) start(arguments ...string) string {
	p.Helper()
	cmd := exec.CommandContext(p.Context(), "php", append([]string{"start.php"}, arguments...)...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "GATEWAYWORKER_BINARY="+os.Getenv(namespaceVariable))
	if p.php {
		cmd.Env = append(cmd.Env, "GATEWAYWORKER_PHP=1")
	}
	// A file, as daemons keep a pipe open.
	out, err := os.Create(filepath.Join(p.TempDir(), "output"))
	if err != nil {
		p.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	timer := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	err = cmd.Run()
	timer.Stop()
	text, _ := os.ReadFile(out.Name())
	if err != nil {
		p.Fatalf("php start.php %v: %v\n%s\nthe log:\n%s", arguments, err, text, p.log())
	}
	// The daemon goes on printing when the command has ended.
	for end := time.Now().Add(patience); slices.Contains(arguments, "-d") && !strings.Contains(string(text), "Start success"); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			p.Fatalf("php start.php %v prints no more than:\n%s", arguments, text)
		}
		text, _ = os.ReadFile(out.Name())
	}
	return string(text)
}

func (p *project) log() string {
	text, _ := os.ReadFile(filepath.Join(p.dir, "workerman.log"))
	return string(text)
}

// A row is a process in `status`.
type row struct{ pid, name, connections string }

var processRow = regexp.MustCompile(`(?m)^(\d+)\t\S+ +\S+ +(\S+) +(\d+) .*\[(\w+)\]`)

// settled asks for `status` until every process answers and every gateway that has
// connections has those of all four workers, and returns what was shown.
func (p *project) settled(without string) (shown string, rows []row) {
	p.Helper()
	for end := time.Now().Add(patience); ; {
		shown, rows = p.start("status"), nil
		good, serving := true, false
		for _, m := range processRow.FindAllStringSubmatch(shown, -1) {
			rows = append(rows, row{m[1], m[2], m[3]})
			if m[4] != "idle" || m[1] == without {
				good = false
			}
			if m[2] == "ChatGateway" && m[3] != "0" {
				n, _ := strconv.Atoi(m[3])
				serving = n >= 5 // one Register, four workers
				good = good && serving
			}
		}
		if good && serving && len(rows) == 9 && !strings.Contains(shown, "N/A") {
			return shown, rows
		}
		if time.Now().After(end) {
			p.Fatalf("it does not settle:\n%s\nthe log:\n%s", shown, p.log())
		}
	}
}

var (
	sizes   = regexp.MustCompile(`\b[\d.]+(B|KB|MB|M)\b`)
	numbers = regexp.MustCompile(`[\d.]+`)
	spaces  = regexp.MustCompile(` +`)
)

// words are the lines of a text without its figures, each once, in order of the
// alphabet.
func words(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		line = sizes.ReplaceAllString(line, "SIZE")
		line = numbers.ReplaceAllString(line, "N")
		line = spaces.ReplaceAllString(line, " ")
		lines = append(lines, strings.Trim(line, "-"))
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}
