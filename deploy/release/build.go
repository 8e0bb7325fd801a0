package main

import (
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// build is the program for one platform.
type build struct {
	*release
	goos, arch string
	program    string // the file that is built
}

func (b *build) make() error {
	if err := b.compile(); err != nil {
		return err
	}
	info, err := buildinfo.ReadFile(b.program)
	if err != nil {
		return err
	}
	licenses, err := licenses(b.source, info)
	if err != nil {
		return err
	}
	program, err := os.ReadFile(b.program)
	if err != nil {
		return err
	}
	sbom, err := b.sbom(info, program)
	if err != nil {
		return err
	}
	if err := os.WriteFile(b.path(b.goos+"_"+b.arch+".cdx.json"), sbom, 0o644); err != nil {
		return err
	}
	name := "gatewayworker"
	if b.goos == "windows" {
		name += ".exe"
	}
	files := []file{{name, program, 0o755}, {"THIRD-PARTY-LICENSES.txt", licenses, 0o644}, {"sbom.cdx.json", sbom, 0o644}}
	for _, doc := range []string{"LICENSE", "README.md", "README.zh-CN.md", "CHANGELOG.md"} {
		text, err := os.ReadFile(filepath.Join(b.source, doc))
		if err != nil {
			return err
		}
		files = append(files, file{doc, text, 0o644})
	}
	folder := fmt.Sprintf("gatewayworker_%s_%s_%s", b.version, b.goos, b.arch)
	if b.goos == "windows" {
		return writeZip(b.path(b.goos+"_"+b.arch+".zip"), folder, files, b.time)
	}
	return writeTarGz(b.path(b.goos+"_"+b.arch+".tar.gz"), folder, files, b.time)
}

// compile builds without cgo and without paths, so that folder and machine do
// not show. The commit is told to the program: what the go command would note
// about version control depends on the folder's .git.
func (b *build) compile() error {
	flags := fmt.Sprintf("-s -w -buildid= -X main.release=%s -X main.commit=%s -X main.committed=%s", b.version, b.commit, b.time.Format(time.RFC3339))
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", b.program, "./cmd/gatewayworker")
	cmd.Dir, cmd.Stdout, cmd.Stderr = b.source, os.Stderr, os.Stderr
	cmd.Env = append(os.Environ(), "GOOS="+b.goos, "GOARCH="+b.arch, "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off", "GOAMD64=v1", "GOARM64=v8.0", "GOEXPERIMENT=")
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("building for %s/%s: %w", b.goos, b.arch, err)
	}
	return nil
}
