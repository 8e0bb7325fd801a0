package deploy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.yaml.in/yaml/v3"
)

// tool returns the path of a program, or skips the test.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not there", name)
	}
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// documents decodes a file of YAML documents.
func documents(t *testing.T, path string) []map[string]any {
	t.Helper()
	var all []map[string]any
	for d := yaml.NewDecoder(strings.NewReader(read(t, path))); ; {
		var doc map[string]any
		switch err := d.Decode(&doc); {
		case errors.Is(err, io.EOF):
			return all
		case err != nil:
			t.Fatalf("%s: %v", path, err)
		}
		all = append(all, doc)
	}
}

// exposureBound is the exposure that systemd-analyze may find, in tenths; a service
// without hardening has 96.
const exposureBound = 20

// TestUnit: systemd understands the unit, and finds it well locked up.
func TestUnit(t *testing.T) {
	analyze := tool(t, "systemd-analyze")
	unit := filepath.Join(t.TempDir(), "gatewayworker.service")
	// The program need not be installed here.
	text := strings.ReplaceAll(read(t, "systemd/gatewayworker.service"), "/usr/bin/gatewayworker", "/bin/true")
	if err := os.WriteFile(unit, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(analyze, "verify", "--man=no", unit).CombinedOutput()
	if err != nil || bytes.Contains(out, []byte("gatewayworker.service:")) {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
	out, err = exec.Command(analyze, "security", "--no-pager", "--offline=true", fmt.Sprintf("--threshold=%d", exposureBound), unit).CombinedOutput()
	if err != nil {
		t.Errorf("systemd-analyze security: %v\n%s", err, out)
	}
	t.Log(regexp.MustCompile(`(?m)^.*Overall exposure.*$`).FindString(string(out)))
}

// TestUnitNames: the unit does what its file promises.
func TestUnitNames(t *testing.T) {
	text := read(t, "systemd/gatewayworker.service")
	for _, line := range []string{"[Install]", "WantedBy=multi-user.target", "After=network-online.target", "Type=notify", "DynamicUser=yes", "WatchdogSec=60"} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("the unit lacks %s", line)
		}
	}
}

var programFolder string

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "deploy")
	if err != nil {
		panic(err)
	}
	programFolder = folder
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// build makes the program, once.
var build = sync.OnceValues(func() (string, error) {
	program := filepath.Join(programFolder, "gatewayworker")
	out, err := exec.Command("go", "build", "-o", program, "../cmd/gatewayworker").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, out)
	}
	return program, err
})

func gatewayworker(t *testing.T) string {
	t.Helper()
	program, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// TestConfigurations: the configuration files of the packages and manifests are
// good, variables and commands included.
func TestConfigurations(t *testing.T) {
	program := gatewayworker(t)
	check := func(name, path, command string, env ...string) {
		t.Helper()
		cmd := exec.Command(program, "config", "check", "--for", command, path)
		cmd.Env = append(os.Environ(), env...)
		if out, err := cmd.CombinedOutput(); err != nil || bytes.Contains(out, []byte("warning")) {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
	check("package", "package/gatewayworker.yaml", "start")

	dir := t.TempDir()
	secret := filepath.Join(dir, "secret-key")
	if err := os.WriteFile(secret, []byte("key\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	found := false
	for _, doc := range documents(t, "kubernetes/gatewayworker.yaml") {
		if doc["kind"] != "ConfigMap" {
			continue
		}
		found = true
		text := doc["data"].(map[string]any)["gatewayworker.yaml"].(string)
		text = strings.ReplaceAll(text, "/etc/gatewayworker-secret/secret-key", secret)
		path := filepath.Join(dir, "gatewayworker.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		check("kubernetes", path, "gateway", "GATEWAYWORKER_LAN_IP=10.0.0.7")
		check("kubernetes", path, "register")
		checkPreStop(t, path)
	}
	if !found {
		t.Error("there is no ConfigMap")
	}

	// The variables of the compose file and the image are known.
	compose := documents(t, "docker/compose.yaml")[0]
	env := compose["services"].(map[string]any)["gateway"].(map[string]any)["environment"].(map[string]any)
	docs, err := exec.Command(program, "config", "docs").Output()
	if err != nil {
		t.Fatal(err)
	}
	for name := range env {
		key := strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, "GATEWAYWORKER_")), "_", "-")
		if !bytes.Contains(docs, []byte("| `"+key+"` |")) {
			t.Errorf("compose.yaml: there is no option %s", key)
		}
	}
}

// checkPreStop: what Kubernetes runs before it stops a gateway finds, by the
// configuration, the socket of the process, in a folder that the process may write to;
// and the pod has the time for it.
func checkPreStop(t *testing.T, config string) {
	t.Helper()
	for _, doc := range documents(t, "kubernetes/gatewayworker.yaml") {
		spec := at(doc, "spec", "template", "spec")
		if doc["kind"] != "Deployment" || at(doc, "metadata", "name") != "gatewayworker" {
			continue
		}
		container := at(spec, "containers").([]any)[0]
		var args []string
		for _, arg := range at(container, "lifecycle", "preStop", "exec", "command").([]any) {
			args = append(args, strings.ReplaceAll(arg.(string), "/etc/gatewayworker/gatewayworker.yaml", config))
		}
		const socket = "/run/gatewayworker/control.sock"
		out, err := exec.Command(gatewayworker(t), args[1:]...).CombinedOutput()
		if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 1 || !bytes.Contains(out, []byte("no process answers at "+socket)) {
			t.Errorf("%q: %v\n%s", args, err, out)
		}
		mounted := slices.ContainsFunc(at(container, "volumeMounts").([]any), func(m any) bool { return at(m, "mountPath") == filepath.Dir(socket) })
		if !mounted {
			t.Errorf("nothing is mounted where %s is to be", socket)
		}
		if grace := at(spec, "terminationGracePeriodSeconds"); grace != 60 {
			t.Errorf("terminationGracePeriodSeconds is %v, want 60: drain-time 30, stop-timeout 5 and some", grace)
		}
		return
	}
	t.Error("there is no Deployment gatewayworker")
}

// at returns what is at a path of a document, nil if nothing is.
func at(v any, path ...string) any {
	for _, p := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[p]
	}
	return v
}

// TestManifests: what belongs together does, and nothing runs as root.
func TestManifests(t *testing.T) {
	docs := documents(t, "kubernetes/gatewayworker.yaml")
	kinds := map[string]int{}
	labels := map[string]bool{}
	for _, doc := range docs {
		kinds[fmt.Sprint(doc["kind"])]++
		if doc["apiVersion"] == nil || at(doc, "metadata", "name") == nil {
			t.Errorf("a %v without apiVersion or name", doc["kind"])
		}
		if doc["kind"] != "Deployment" {
			continue
		}
		app := fmt.Sprint(at(doc, "spec", "template", "metadata", "labels", "app"))
		labels[app] = true
		if at(doc, "spec", "selector", "matchLabels", "app") != app {
			t.Errorf("%s: selector and labels differ", app)
		}
		if at(doc, "spec", "template", "spec", "securityContext", "runAsNonRoot") != true {
			t.Errorf("%s may run as root", app)
		}
		for _, c := range at(doc, "spec", "template", "spec", "containers").([]any) {
			names := []string{}
			for _, p := range at(c, "ports").([]any) {
				names = append(names, fmt.Sprint(at(p, "name")))
			}
			for _, probe := range []string{"livenessProbe", "readinessProbe"} {
				port := at(c, probe, "httpGet", "port")
				if port == nil {
					port = at(c, probe, "tcpSocket", "port")
				}
				if !slices.Contains(names, fmt.Sprint(port)) {
					t.Errorf("%s: %s asks a port %v that is none of %q", app, probe, port, names)
				}
			}
		}
	}
	for _, doc := range docs {
		if doc["kind"] == "Service" && !labels[fmt.Sprint(at(doc, "spec", "selector", "app"))] {
			t.Errorf("service %v selects nobody", at(doc, "metadata", "name"))
		}
	}
	if kinds["Deployment"] != 2 || kinds["Service"] != 2 || kinds["Secret"] != 1 {
		t.Errorf("kinds: %v", kinds)
	}
}

// TestCompletionsAndManual: shells and man take what the program prints.
func TestCompletionsAndManual(t *testing.T) {
	program := gatewayworker(t)
	output := func(args ...string) string {
		t.Helper()
		out, err := exec.Command(program, args...).Output()
		if err != nil {
			t.Fatalf("%q: %v", args, err)
		}
		return string(out)
	}
	t.Run("bash", func(t *testing.T) {
		bash := tool(t, "bash")
		for line, want := range map[string]string{
			"gatewayworker sta":                 "start status",
			"gatewayworker config che":          "check",
			"gatewayworker start --ping-i":      "--ping-interval",
			"gatewayworker client --json group": "groups",
		} {
			words := strings.Fields(line)
			script := output("completion", "bash") + fmt.Sprintf("\nCOMP_WORDS=(%s) COMP_CWORD=%d\n_gatewayworker\necho \"${COMPREPLY[@]}\"", line, len(words)-1)
			out, err := exec.Command(bash, "-c", script).CombinedOutput()
			if got := strings.TrimSpace(string(out)); err != nil || got != want {
				t.Errorf("%s: completes to %q, %v; want %q", line, got, err, want)
			}
		}
	})
	for _, shell := range []string{"zsh", "fish"} {
		t.Run(shell, func(t *testing.T) {
			text := output("completion", shell)
			if !strings.Contains(text, "reload") || !strings.Contains(text, "ping-interval") {
				t.Errorf("the completion lacks commands or flags")
			}
			cmd := exec.Command(tool(t, shell), "-n")
			cmd.Stdin = strings.NewReader(text)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	t.Run("man", func(t *testing.T) {
		page := output("man")
		for _, want := range []string{".TH gatewayworker", "ping-interval", "reload"} {
			if !strings.Contains(page, want) {
				t.Errorf("the manual page lacks %s", want)
			}
		}
	})
}

// TestDockerfile: the image has no root, no shell, and asks itself how it is.
func TestDockerfile(t *testing.T) {
	text := read(t, "docker/Dockerfile")
	for _, want := range []string{"\nUSER 65532:65532\n", "CMD [\"/usr/bin/gatewayworker\", \"health\"]\n", "\nFROM scratch\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("the Dockerfile lacks %q", want)
		}
	}
}

// TestPackage: nfpm makes a deb of its configuration, which has all that belongs into
// it.
func TestPackage(t *testing.T) {
	nfpm, contents := tool(t, "nfpm"), tool(t, "dpkg-deb")
	generated, dist := t.TempDir(), t.TempDir()
	for _, name := range []string{"gatewayworker.8.gz", "gatewayworker.bash", "_gatewayworker", "gatewayworker.fish"} {
		if err := os.WriteFile(filepath.Join(generated, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(nfpm, "package", "--config", "deploy/package/nfpm.yaml", "--packager", "deb", "--target", dist+"/")
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "VERSION=v1.2.3", "ARCH=amd64", "PROGRAM="+gatewayworker(t), "GENERATED="+generated)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.Command(contents, "--contents", filepath.Join(dist, "gatewayworker_1.2.3_amd64.deb")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"./usr/bin/gatewayworker", "./lib/systemd/system/gatewayworker.service", "./etc/gatewayworker/gatewayworker.yaml", "./usr/share/man/man8/gatewayworker.8.gz", "./usr/share/bash-completion/completions/gatewayworker"} {
		if !strings.Contains(string(out), " "+want+"\n") {
			t.Errorf("the package lacks %s", want)
		}
	}
}

// TestManifestFields: Kubernetes knows every field of the Deployments. Without a
// cluster kubectl decodes them into its own types for a local change, and what it
// does not know is missing from what it prints.
func TestManifestFields(t *testing.T) {
	kubectl := tool(t, "kubectl")
	// It fails for what is no Deployment, and prints the others all the same.
	cmd := exec.Command(kubectl, "set", "image", "--local", "-f", "kubernetes/gatewayworker.yaml", "*=gatewayworker:another", "-o", "json")
	out, _ := cmd.Output()
	known := map[string]any{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var doc map[string]any
		if err := d.Decode(&doc); err != nil {
			break
		}
		known[fmt.Sprint(doc["metadata"].(map[string]any)["name"])] = doc
	}
	checked := 0
	for _, doc := range documents(t, "kubernetes/gatewayworker.yaml") {
		if doc["kind"] != "Deployment" {
			continue
		}
		name := fmt.Sprint(doc["metadata"].(map[string]any)["name"])
		if known[name] == nil {
			t.Fatalf("kubectl does not print %s; it prints\n%s", name, out)
		}
		missing(t, name, doc, known[name])
		checked++
	}
	if checked != 2 {
		t.Errorf("%d Deployments", checked)
	}
}

// missing reports what of a value another one does not have.
func missing(t *testing.T, path string, v, in any) {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		m, _ := in.(map[string]any)
		for key, value := range v {
			if _, ok := m[key]; !ok {
				t.Errorf("%s.%s is not known to Kubernetes", path, key)
				continue
			}
			missing(t, path+"."+key, value, m[key])
		}
	case []any:
		list, _ := in.([]any)
		if len(list) != len(v) {
			t.Errorf("%s has %d items for Kubernetes, %d in the file", path, len(list), len(v))
			return
		}
		for i := range v {
			missing(t, fmt.Sprintf("%s[%d]", path, i), v[i], list[i])
		}
	}
}
