package startfile

import (
	"os"
	"path/filepath"
	"testing"
)

// Whatever a file says, reading it ends, and ends well.
func FuzzRead(f *testing.F) {
	for _, pattern := range []string{"../../testdata/import/*/*.php", "../../testdata/import/*/*/*/*.php", "../../testdata/import/*/*/*/*/*/*.php"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatal(files, err)
		}
		for _, file := range files {
			src, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(src))
		}
	}
	f.Add(`<?php $s = 'x'; while (1) { $s .= $s; $a = [$a, $a]; } f(); function f() { f(); }`)
	f.Add(`<?php class A extends B { public $x = self::Y; const Y = self::Y; } class B extends A {} new A; new B;`)
	f.Add(`<?php include __FILE__; require __FILE__; $a[][][1]['x'] = range(1, 1000); list(, $b) = $a; unset($a[0]);`)
	f.Add(`<?php switch (1) { case 1: continue 2; } try { throw $x; } finally { } match (1) {}; 5 % 0; 1 << 99; -PHP_INT_MAX - 9;`)
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, src string) {
		file := filepath.Join(dir, "start.php")
		if err := os.WriteFile(file, []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
		if p, err := Read(file); err == nil {
			p.Framework()
		}
	})
}
