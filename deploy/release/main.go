// Command release builds what users download:
//
//	go run ./deploy/release [-out dist] [-platforms linux/amd64,...] VERSION
//
// For each platform an archive, gatewayworker_VERSION_OS_ARCH.tar.gz (zip for
// Windows) with the program, its licenses and the READMEs; a container image for
// linux as an OCI archive, gatewayworker_VERSION_image.tar; an SBOM for each
// program, in CycloneDX's JSON; and SHA256SUMS over all.
//
// Two builds of one commit by one version of Go are equal byte for byte,
// whatever the folder, the time and the machine. It needs Go and git, and a tree
// without changes.
package main

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const defaultPlatforms = "linux/amd64,linux/arm64,windows/amd64,windows/arm64,darwin/amd64,darwin/arm64"

func main() {
	out := flag.String("out", "dist", "`folder` for the files; it must be empty or new")
	platforms := flag.String("platforms", defaultPlatforms, "`OS/ARCH` list")
	dirty := flag.Bool("dirty", false, "build a tree with changes, for trying")
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(flag.Arg(0), *out, strings.Split(*platforms, ","), *dirty); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// release is one version, built from one commit.
type release struct {
	version string // v0.1.0
	commit  string
	time    time.Time // of the commit
	source  string    // the folder of the module
	out     string
}

var semantic = regexp.MustCompile(`^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`)

func run(version, out string, platforms []string, dirty bool) error {
	if !semantic.MatchString(version) {
		return fmt.Errorf("the version %q: want one as v0.1.0", version)
	}
	r := &release{version: version, out: out}
	if err := r.look(dirty); err != nil {
		return err
	}
	if files, err := os.ReadDir(out); err == nil && len(files) > 0 {
		return fmt.Errorf("%s is not empty", out)
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "release-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()

	var images []imagePlatform
	for _, p := range platforms {
		goos, arch, ok := strings.Cut(p, "/")
		if !ok {
			return fmt.Errorf("the platform %q: want OS/ARCH", p)
		}
		b := &build{release: r, goos: goos, arch: arch, program: filepath.Join(work, goos+"_"+arch)}
		if err := b.make(); err != nil {
			return err
		}
		if goos == "linux" {
			images = append(images, imagePlatform{arch, b.program})
		}
	}
	if len(images) > 0 {
		if err := r.image(images); err != nil {
			return err
		}
	}
	return r.sums()
}

// look finds the module, and the commit that is checked out.
func (r *release) look(dirty bool) error {
	mod, err := output("", "go", "env", "GOMOD")
	if err != nil {
		return err
	}
	if filepath.Base(mod) != "go.mod" {
		return errors.New("run it in the module")
	}
	r.source = filepath.Dir(mod)
	if r.commit, err = output(r.source, "git", "rev-parse", "HEAD"); err != nil {
		return err
	}
	seconds, err := output(r.source, "git", "show", "-s", "--format=%ct", "HEAD")
	if err != nil {
		return err
	}
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return err
	}
	r.time = time.Unix(n, 0).UTC()
	changes, err := output(r.source, "git", "status", "--porcelain")
	if err != nil {
		return err
	}
	if changes != "" && !dirty {
		return fmt.Errorf("the tree has changes that are not committed:\n%s", changes)
	}
	return nil
}

func output(dir, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(text)), nil
}

// path is where a file of the release goes.
func (r *release) path(suffix string) string {
	return filepath.Join(r.out, "gatewayworker_"+r.version+"_"+suffix)
}

// sums writes SHA256SUMS, as sha256sum -c reads it.
func (r *release) sums() error {
	files, err := os.ReadDir(r.out)
	if err != nil {
		return err
	}
	slices.SortFunc(files, func(a, b os.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	var list strings.Builder
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(r.out, f.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&list, "%x  %s\n", sha256.Sum256(data), f.Name())
	}
	return os.WriteFile(filepath.Join(r.out, "SHA256SUMS"), []byte(list.String()), 0o644)
}
