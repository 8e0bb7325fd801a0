package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var updateImport = flag.Bool("update-import", false, "write what import prints to testdata/import/*/want.txt")

// Start files as users have them are translated alike by PHP and without it.
func TestImport(t *testing.T) {
	dirs, err := filepath.Glob("testdata/import/*")
	if err != nil || len(dirs) == 0 {
		t.Fatal(dirs, err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Chdir(dir)
			args, err := os.ReadFile("args")
			if err != nil {
				t.Fatal(err)
			}
			files := strings.Fields(string(args))
			t.Run("read", func(t *testing.T) { compareImport(t, "want.txt", runImport(t, "", files)) })
			t.Run("ask", func(t *testing.T) {
				php := needPHP(t)
				got := runImport(t, php, files)
				why, rest := takeLine(got, ": read without PHP: ")
				if cannot := slices.Contains([]string{"laravel", "unknowns"}, filepath.Base(dir)); cannot != (why != "") {
					t.Errorf("PHP was asked: %q", why)
				}
				compareImport(t, "want.txt", rest)
			})
		})
	}
}

// With --yaml the same comes as a configuration file that config check takes.
func TestImportYAML(t *testing.T) {
	for _, name := range []string{"skeleton", "several", "webman", "think", "laravel"} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(filepath.Join("testdata", "import", name))
			args, err := os.ReadFile("args")
			if err != nil {
				t.Fatal(err)
			}
			var stdout, stderr bytes.Buffer
			code := run(append([]string{"gatewayworker", "import", "--yaml", "--php", ""}, strings.Fields(string(args))...), &stdout, &stderr)
			if code != 0 && code != exitPartial {
				t.Fatalf("exit code %d: %s", code, &stderr)
			}
			dir, err := os.Getwd()
			if err != nil {
				t.Fatal(err)
			}
			compareImport(t, "want.yaml", strings.ReplaceAll(stdout.String(), filepath.ToSlash(dir), "DIR"))
			if strings.Contains(stdout.String(), "ssl-cert") {
				return // config check looks for the file
			}
			if strings.Contains(stderr.String(), "secretKey: there is none") {
				stdout.WriteString("allow-no-secret-key: true\n") // as import says
			}
			file := filepath.Join(t.TempDir(), "gatewayworker.yaml")
			if err := os.WriteFile(file, stdout.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			stdout.Reset()
			if code := run([]string{"gatewayworker", "config", "check", file}, &stdout, &stderr); code != 0 {
				t.Errorf("config check: exit code %d: %s%s", code, &stdout, &stderr)
			}
		})
	}
}

// takeLine returns the line of text that contains part, and text without it.
func takeLine(text, part string) (line, rest string) {
	for l := range strings.Lines(text) {
		if strings.Contains(l, part) {
			line = l
		} else {
			rest += l
		}
	}
	return line, rest
}

// What would open, run or change something has no effect while PHP is asked.
func TestImportRunsNothing(t *testing.T) {
	php := needPHP(t)
	t.Chdir(t.TempDir())
	src := `<?php
foreach (['exec', 'shell_exec', 'system', 'passthru', 'popen', 'proc_open'] as $f) {
	try { $f('touch ' . __DIR__ . '/made'); } catch (\Throwable $e) {}
}
try { file_put_contents(__DIR__ . '/made', 'x'); } catch (\Throwable $e) {}
try { mkdir(__DIR__ . '/made'); } catch (\Throwable $e) {}
try { unlink(__FILE__); } catch (\Throwable $e) {}
try { stream_socket_server('tcp://127.0.0.1:0') && touch(__DIR__ . '/made'); } catch (\Throwable $e) {}
try { if (pcntl_fork() === 0) { touch(__DIR__ . '/made'); exit; } } catch (\Throwable $e) {}
echo "printed";
$g = new GatewayWorker\Gateway('websocket://0.0.0.0:8282');
$g->listen();
GatewayWorker\Gateway::runAll();
`
	if err := os.WriteFile("start.php", []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	got := runImport(t, php, []string{"start.php"})
	if !strings.HasSuffix(got, "--\n-- exit code 0\n") || strings.Contains(got, "printed") {
		t.Error(got)
	}
	if files, _ := filepath.Glob("*"); !slices.Equal(files, []string{"start.php"}) {
		t.Errorf("there are %q", files)
	}
}

// A file that does not end is given up, by PHP and without it.
func TestImportEndless(t *testing.T) {
	php := needPHP(t)
	t.Chdir(t.TempDir())
	if err := os.WriteFile("start.php", []byte("<?php while (true) {}"), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	code := run([]string{"gatewayworker", "import", "--php", php, "--php-timeout", "100ms", "start.php"}, &stdout, &stderr)
	if code != exitFailure || !strings.Contains(stderr.String(), "computes too long") || stdout.Len() > 0 {
		t.Errorf("exit code %d: %s%s", code, &stdout, &stderr)
	}
}

// needPHP skips where there is no PHP 8.
func needPHP(t *testing.T) string {
	t.Helper()
	php, err := exec.LookPath("php")
	if err != nil {
		t.Skip("SKIPPED: there is no php to ask")
	}
	if out, err := exec.Command(php, "-r", "exit(PHP_VERSION_ID >= 80000 ? 0 : 1);").CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: php is older than 8: %s", out)
	}
	return php
}

// runImport returns what import prints, with the folder left out.
func runImport(t *testing.T, php string, files []string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	args := append([]string{"gatewayworker", "import", "--php", php, "--php-timeout", "2m"}, files...)
	code := run(args, &stdout, &stderr)
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("%s--\n%s-- exit code %d\n", &stdout, &stderr, code)
	return strings.ReplaceAll(text, filepath.ToSlash(dir), "DIR")
}

func compareImport(t *testing.T, file, got string) {
	t.Helper()
	if *updateImport {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
