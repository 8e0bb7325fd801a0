package fuzzvolume

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzExample finds a magic word; TestFinds runs it in bulk.
func FuzzExample(tf *testing.F) {
	f := For(tf)
	f.Add([]byte("a magic wosd"), "x", uint16(3), true, byte(1), 5, uint32(7))
	f.Fuzz(func(t *testing.T, b []byte, _ string, _ uint16, _ bool, _ byte, _ int, _ uint32) {
		if os.Getenv("FUZZ_EXAMPLE") != "" && bytes.Contains(b, []byte("word")) {
			t.Fatal("found")
		}
	})
}

// TestFinds: what makes the target fail is found, written down, and fails again
// from there.
func TestFinds(t *testing.T) {
	dir := t.TempDir()
	run := func(env ...string) string {
		cmd := exec.Command(os.Args[0], "-test.run", "^FuzzExample$", "-test.v")
		cmd.Dir = dir
		cmd.Env = append(append(os.Environ(), "FUZZ_EXAMPLE=1"), env...)
		out, err := cmd.CombinedOutput()
		if err == nil {
			t.Fatalf("nothing is found:\n%s", out)
		}
		return string(out)
	}
	first := run(volumeVariable + "=1e7")
	if !strings.Contains(first, "its input is in testdata") {
		t.Fatalf("no input is named:\n%s", first)
	}
	kept, err := filepath.Glob(filepath.Join(dir, "testdata", "fuzz", "FuzzExample", "*"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept: %v, %v", kept, err)
	}
	if again := run(); !strings.Contains(again, "found") {
		t.Errorf("the input does not fail again:\n%s", again)
	}
}

func TestSameSeedSameInputs(t *testing.T) {
	seeds := [][]any{{[]byte("one two three 123"), 4, false}, {[]byte("x"), 0, true}, {[]byte{}, -1, true}}
	a, b, c := newMutator(seeds, 1), newMutator(seeds, 1), newMutator(seeds, 2)
	differ := 0
	for range 5000 {
		x, y, z := a.next(), b.next(), c.next()
		if !cmp.Equal(x, y) {
			t.Fatalf("%v and %v", x, y)
		}
		if !cmp.Equal(x, z) {
			differ++
		}
		if len(x[0].([]byte)) > maxInput {
			t.Fatalf("an input of %d bytes", len(x[0].([]byte)))
		}
	}
	if differ < 4000 {
		t.Errorf("of 5000 inputs of another seed only %d differ", differ)
	}
	if string(seeds[0][0].([]byte)) != "one two three 123" {
		t.Errorf("a seed was changed: %q", seeds[0][0])
	}
}

func TestInputsAreWrittenAndRead(t *testing.T) {
	want := []any{[]byte("a\x00\xff\n\"\t"), "text\t", true, byte(200), uint16(65535), uint32(1 << 31), -5}
	lines := strings.Split(strings.TrimSuffix(string(writeInput(want)), "\n"), "\n")
	got, err := readInput(lines[1:])
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("%q became %v, %v", lines, got, err)
	}
	for _, bad := range []string{"", "5", "int()", "int(x)", "bool(2)", "struct(1)", "string(5)", "uint16(70000)", "int(1, 2)"} {
		if v, err := readInput([]string{bad}); err == nil {
			t.Errorf("%q is read as %v", bad, v)
		}
	}
	path := filepath.Join(t.TempDir(), "corpus")
	if err := os.WriteFile(path, []byte("# found\n[]byte(\"x\")\tint(5)\n\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := readCorpus(path); err != nil || !cmp.Equal(got, [][]any{{[]byte("x"), 5}}) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestVolumeOf(t *testing.T) {
	for _, bad := range [][2]string{{"x", ""}, {"0", ""}, {"1e20", ""}, {"1e6,", ""}, {"1e6,5", ""}, {"1e6", "x"}} {
		if v, err := volumeOf(bad[0], bad[1]); err == nil {
			t.Errorf("%v is read as %v", bad, v)
		}
	}
	if v, err := volumeOf("1e6,2s", "9"); err != nil || v != (volume{1e6, 2e9, 9}) {
		t.Errorf("%v, %v", v, err)
	}
}
