package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

var at = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

// The same commit in another folder gives the same bytes.
func TestReproducible(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: -short: it compiles the program")
	}
	if runtime.GOOS != "linux" {
		t.Skip("SKIPPED: images are for linux")
	}
	top, err := output("", "git", "rev-parse", "--show-toplevel")
	if err != nil {
		t.Skipf("SKIPPED: no git, or no repository: %v", err)
	}
	var sums []string
	for _, name := range []string{"here", "there/and/deeper"} {
		dir := filepath.Join(t.TempDir(), name)
		if out, err := exec.Command("git", "clone", "-q", "--no-hardlinks", "--depth", "1", "file://"+top, dir).CombinedOutput(); err != nil {
			t.Skipf("SKIPPED: git clone: %v\n%s", err, out)
		}
		out := filepath.Join(t.TempDir(), "dist")
		t.Chdir(dir)
		if err := run("v0.1.0", out, []string{"linux/" + runtime.GOARCH}, false); err != nil {
			t.Fatal(err)
		}
		list, err := os.ReadFile(filepath.Join(out, "SHA256SUMS"))
		if err != nil {
			t.Fatal(err)
		}
		sums = append(sums, string(list))
		check(t, out, string(list))
	}
	if sums[0] != sums[1] {
		t.Errorf("two builds differ:\n%s\n%s", sums[0], sums[1])
	}
}

// check looks at what a release has: sums, the program's version, the image.
func check(t *testing.T, out, sums string) {
	t.Helper()
	for line := range strings.Lines(sums) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		data, err := os.ReadFile(filepath.Join(out, name))
		if err != nil || fmt.Sprintf("%x", sha256.Sum256(data)) != sum {
			t.Errorf("%s: %v", name, err)
		}
	}
	base := "gatewayworker_v0.1.0_linux_" + runtime.GOARCH
	files := untar(t, filepath.Join(out, base+".tar.gz"), true)
	for _, name := range []string{"gatewayworker", "LICENSE", "README.md", "README.zh-CN.md", "CHANGELOG.md", "THIRD-PARTY-LICENSES.txt", "sbom.cdx.json"} {
		if len(files[base+"/"+name]) == 0 {
			t.Errorf("the archive has no %s", name)
		}
	}
	program := filepath.Join(t.TempDir(), "gatewayworker")
	if err := os.WriteFile(program, files[base+"/gatewayworker"], 0o755); err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command(program, "version").Output()
	if err != nil || !strings.HasPrefix(string(text), "gatewayworker version v0.1.0 (commit ") {
		t.Errorf("version: %q, %v", text, err)
	}
	var sbom struct {
		BOMFormat  string
		Components []struct{ Name string }
	}
	if err := json.Unmarshal(files[base+"/sbom.cdx.json"], &sbom); err != nil || sbom.BOMFormat != "CycloneDX" || len(sbom.Components) < 5 {
		t.Errorf("SBOM: %v, %v", sbom, err)
	}
	if !bytes.Contains(files[base+"/THIRD-PARTY-LICENSES.txt"], []byte("==== github.com/urfave/cli/v2")) {
		t.Error("the licenses of the modules are not there")
	}
	checkImage(t, filepath.Join(out, "gatewayworker_v0.1.0_image.tar"), files[base+"/gatewayworker"])
}

// checkImage follows an OCI archive from its index to the program.
func checkImage(t *testing.T, path string, program []byte) {
	t.Helper()
	files := untar(t, path, false)
	follow := func(data []byte, v any) {
		t.Helper()
		if err := json.Unmarshal(data, v); err != nil {
			t.Fatal(err)
		}
	}
	blob := func(d descriptor) []byte {
		t.Helper()
		data := files["blobs/sha256/"+strings.TrimPrefix(d.Digest, "sha256:")]
		if len(data) != d.Size || fmt.Sprintf("sha256:%x", sha256.Sum256(data)) != d.Digest {
			t.Fatalf("the blob %s is not what it should be", d.Digest)
		}
		return data
	}
	var index struct{ Manifests []descriptor }
	follow(files["index.json"], &index)
	follow(blob(index.Manifests[0]), &index)
	if index.Manifests[0].Platform["architecture"] != runtime.GOARCH {
		t.Errorf("platform %v", index.Manifests[0].Platform)
	}
	var manifest struct {
		Config descriptor
		Layers []descriptor
	}
	follow(blob(index.Manifests[0]), &manifest)
	var config struct {
		Config struct{ Entrypoint []string }
		RootFS struct {
			DiffIDs []string `json:"diff_ids"`
		}
	}
	follow(blob(manifest.Config), &config)
	r, err := gzip.NewReader(bytes.NewReader(blob(manifest.Layers[0])))
	if err != nil {
		t.Fatal(err)
	}
	layer, err := io.ReadAll(r)
	if err != nil || fmt.Sprintf("sha256:%x", sha256.Sum256(layer)) != config.RootFS.DiffIDs[0] {
		t.Errorf("the layer is not that of the config: %v", err)
	}
	if !slices.Equal(config.Config.Entrypoint, []string{"/gatewayworker"}) || !bytes.Equal(entries(t, bytes.NewReader(layer))["gatewayworker"], program) {
		t.Error("the image does not run the program")
	}
}

func untar(t *testing.T, path string, compressed bool) map[string][]byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if !compressed {
		return entries(t, f)
	}
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	return entries(t, r)
}

func entries(t *testing.T, r io.Reader) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for tr := tar.NewReader(r); ; {
		head, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[head.Name], err = io.ReadAll(tr); err != nil {
			t.Fatal(err)
		}
	}
}

func TestZip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.zip")
	if err := writeZip(path, "folder", []file{{"gatewayworker.exe", []byte("MZ"), 0o755}}, at); err != nil {
		t.Fatal(err)
	}
	r, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if f := r.File[0]; f.Name != "folder/gatewayworker.exe" || f.Mode().Perm() != 0o755 || !f.Modified.Equal(at) {
		t.Errorf("%+v", f.FileHeader)
	}
}

func TestArguments(t *testing.T) {
	for _, version := range []string{"0.1.0", "v1", "latest", "v0.1.0; rm"} {
		if err := run(version, t.TempDir(), nil, false); err == nil || !strings.Contains(err.Error(), "want one as v0.1.0") {
			t.Errorf("%q: %v", version, err)
		}
	}
}
