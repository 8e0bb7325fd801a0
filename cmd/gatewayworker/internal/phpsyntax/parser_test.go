package phpsyntax

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, src := range []string{
		``, `text`, `<?php`, "#!/usr/bin/env php\n<?php exit(0);", `<?php $a = 1 ?>`, `<?= $a, "b" ?> text <?php echo 1;`,
		`<?php use A\B; use A\{C, D as E}; use function A\f; new B; new E(1, ...$x); new \A\C;`,
		`<?php $a = ['x' => 1, 'y' => [2, 3,],]; [$a, , $b] = f(); list('a' => $c) = $d;`,
		`<?php if ($a): b(); elseif ($c): d(); else: e(); endif; if ($a) b(); else if ($c) d(); else { e(); }`,
		`<?php foreach (glob(__DIR__ . '/*.php') as $i => $f) { require_once $f; } for ($i = 0; $i < 3; $i++): f(); endfor; while (1) { break; } do { continue 2; } while (0);`,
		`<?php switch ($a) { case 1: case 2: f(); break; default: g(); }`,
		`<?php $f = function (array &$a, ?int $b = 2, A|B ...$c) use ($d, &$e): ?string { return 1; }; $g = static fn(int $x): int => $x * 2;`,
		`<?php class A extends B implements C { use T; const int X = 1, Y = 2; private static ?string $a = 'x', $b; abstract function f(); #[Attr(']')] public function __construct(private readonly int $x = 3) { $this->a['b'][] = 1; } }`,
		`<?php enum Suit: string { case A = 'a'; public function f() {} } final class X {} abstract class Y { } interface Z { }`,
		`<?php try { f(); } catch (A | B $e) { g(); } finally { h(); }`,
		`<?php $a?->b()?->c ?? d(); $a ?: $b; $x = !$y = f(); $a = $b <=> $c; $n = -2 ** 3; $a->{'b'}(); $a::$b; A::$b['c']; $$n = 1; ${'n'} = 1; @f();`,
		`<?php match (true) { $a, $b => 1, default => throw new X(), };`,
		`<?php echo "a $b[c] $b[0] $b->c {$b['c']->d()} ${e} \$x \x41\u{48}\101 $";`,
		"<?php $a = <<<EOT\n  a $b\n  EOT . <<<'X'\n$a\nX;\n",
		`<?php namespace A { f(); } namespace { g(); } declare(strict_types=1);`,
		`<?php f(a: 1, b: 2); $f = strlen(...); (function () {})(); new class(1) extends A { public $x = 1; };`,
		`<?php static $a = 1, $b; global $c; unset($c['x'], $d); const E = 1; goto x; `,
		`<?php function &f() { yield 1; yield; } __halt_compiler(); garbage " ' (`,
		`<?php $a = 1_000 + 0x1F + 0b11 + 017 + 1.5e-3 + .5; // ?> text <?php # x`,
		`<?php $a = $b instanceof C && (string)$d . (int) $e; $x = $a and $b or $c; print $x; exit;`,
	} {
		_, err := Parse(src)
		if strings.Contains(src, "goto") {
			if err == nil {
				t.Errorf("%s: goto is read", src)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s\n%v", src, err)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for src, want := range map[string]string{
		"<?php\n\n$a = ;":                                          `line 3: unexpected ";"`,
		"<?php f(":                                                 "line 1: unexpected the end of the file",
		"<?php 'abc":                                               "line 1: a string without an end",
		"<?php if ($a {":                                           `line 1: unexpected "{", want ")"`,
		"<?php `ls`;":                                              "line 1: a command in backticks",
		"<?php <<<X\na":                                            "line 1: <<<X without an end",
		"<?php $a = \x01;":                                         "line 1: unexpected character \"\x01\"",
		"<?php class A":                                            "line 1: unexpected the end of the file",
		strings.Repeat("(", 10) + "?":                              "", // text outside of PHP
		"<?php " + strings.Repeat("(", 100_000):                    "line 1: nested too deep",
		"<?php " + strings.Repeat("{", 100_000):                    "line 1: nested too deep",
		"<?php " + strings.Repeat("!", 100_000):                    "line 1: nested too deep",
		`<?php "` + strings.Repeat(`{$a["`, 100):                   "line 1: nested too deep",
		"<?php $a" + strings.Repeat("[1]", 100_000):                "line 1: an expression that is too long",
		"<?php 1" + strings.Repeat("+1", 100_000) + ";":            "line 1: an expression that is too long",
		"<?php " + strings.Repeat("if (1) {} else ", 1000):         "line 1: nested too deep",
		"<?php if (1) {}" + strings.Repeat("elseif (1) {} ", 1000): "line 1: nested too deep",
		"<?php " + strings.Repeat(" ", MaxSize):                    "line 1: the file has more than 1 MB",
		"<?php new " + strings.Repeat("class extends A { public $a = new ", 400): "line 1: nested too deep",
	} {
		_, err := Parse(src)
		if got := fmt.Sprint(err); want == "" && err != nil || want != "" && got != want && !strings.Contains(src, `{$a["`) {
			t.Errorf("%.60q: %v, want %s", src, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("../../testdata/import/*/*.php")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(src))
	}
	f.Add(`<?php $a = "x {$b["c {$d}"]} $e[f]" . <<<'X'` + "\n X;")
	f.Add(`<?php class A { const X = 1; function f(int|string $a = [1]) { yield; } }`)
	f.Fuzz(func(_ *testing.T, src string) { _, _ = Parse(src) })
}
