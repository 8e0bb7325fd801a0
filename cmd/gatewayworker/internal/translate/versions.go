package translate

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// handshakeData says which data of onWebSocketConnect the workers of a project
// expect, as the flag has it: 3 for Workerman before 5 and GatewayWorker before
// 4. It is empty where that cannot be seen, and for the default.
func handshakeData(file string) string {
	for dir := filepath.Dir(file); ; dir = filepath.Dir(dir) {
		versions := installed(filepath.Join(dir, "vendor"))
		workerman, gatewayworker := versions["workerman/workerman"], versions["workerman/gateway-worker"]
		if workerman > 0 && workerman < 5 || gatewayworker > 0 && gatewayworker < 4 {
			return "3"
		}
		if workerman > 0 || gatewayworker > 0 || dir == filepath.Dir(dir) {
			return ""
		}
	}
}

var versionConstant = regexp.MustCompile(`const\s+VERSION\s*=\s*['"]v?(\d+)\.`)

// installed returns the major versions of Composer's packages.
func installed(vendor string) map[string]int {
	majors := map[string]int{}
	type pkg struct{ Name, Version string }
	var list struct{ Packages []pkg }
	text, err := os.ReadFile(filepath.Join(vendor, "composer", "installed.json"))
	if err == nil && json.Unmarshal(text, &list) != nil {
		_ = json.Unmarshal(text, &list.Packages) // Composer 1
	}
	for _, p := range list.Packages {
		major, _, _ := strings.Cut(strings.TrimPrefix(p.Version, "v"), ".")
		if n, err := strconv.Atoi(major); err == nil {
			majors[p.Name] = n
		}
	}
	if majors["workerman/workerman"] > 0 {
		return majors
	}
	for _, name := range []string{"src/Worker.php", "Worker.php"} { // without Composer's list, or a branch of it
		if text, err := os.ReadFile(filepath.Join(vendor, "workerman", "workerman", name)); err == nil {
			if m := versionConstant.FindSubmatch(text); m != nil {
				majors["workerman/workerman"], _ = strconv.Atoi(string(m[1]))
			}
		}
	}
	return majors
}
