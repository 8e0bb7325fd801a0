package phpserialize

import (
	"flag"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/internal/phporacle"
)

var (
	oracleSeed  = flag.Uint64("oracle.seed", 0, "seed of the generated cases, 0 is a new one")
	oracleCases = flag.Int("oracle.cases", 3000, "generated cases per test")
)

func newGenerator(t *testing.T) *generator {
	t.Helper()
	seed := *oracleSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", seed)
	return &generator{Rand: rand.New(rand.NewPCG(seed, 0))}
}

func ask(op string, args ...string) phporacle.Question {
	return phporacle.Question{Op: op, Args: args}
}

// again is serialize(unserialize($s)) in Go.
func again(s string) (string, error) {
	v, err := Unmarshal([]byte(s))
	if err != nil {
		return "", err
	}
	out, err := Marshal(v)
	return string(out), err
}

// containsItself tells whether s is an array that has itself as an element.
// serialize() writes no such text, as the outermost array is not a reference
// there. How far PHP unrolls it depends on its reference counts.
func containsItself(s string) bool {
	return strings.HasPrefix(s, "a:") && strings.Contains(s, "R:1;")
}

func TestOracleCorpus(t *testing.T) {
	var questions []phporacle.Question
	for _, c := range corpus {
		questions = append(questions, ask("serialize", c.in))
	}
	cases := append([]corpusCase(nil), corpus...)
	for _, inner := range []string{"a:0:{}", "i:1;", `O:1:"A":0:{}`} {
		for levels := DefaultMaxDepth - 1; levels < DefaultMaxDepth+2; levels++ {
			c := corpusCase{in: string(nested(levels, inner))}
			_, err := Unmarshal([]byte(c.in))
			c.bad = err != nil
			cases = append(cases, c)
			questions = append(questions, ask("serialize", c.in))
		}
	}
	for i, a := range phporacle.Ask(t, questions) {
		switch c := cases[i]; {
		case (a.Err != "") != c.bad && c.differs == "":
			t.Errorf("%q: PHP says %q, the table says bad: %v", c.in, a.Err, c.bad)
		case a.Err == "" && (a.Text == c.want()) == (c.differs != ""):
			t.Errorf("%q: PHP gives %q, the table %q, differs: %q", c.in, a.Text, c.want(), c.differs)
		}
	}
}

// Serialized text, sound and damaged, with references to anywhere.
func TestOracleSerialized(t *testing.T) {
	g := newGenerator(t)
	var questions []phporacle.Question
	for i := range *oracleCases {
		s := g.serialized(4)
		if i%2 == 1 {
			s = g.damaged(s)
		}
		questions = append(questions, ask("serialize", s))
	}
	refused := 0
	for i, a := range phporacle.Ask(t, questions) {
		in := questions[i].Args[0]
		out, err := again(in)
		if a.Err != "" {
			refused++
		}
		if (a.Err != "") != (err != nil) || out != a.Text && !containsItself(in) {
			t.Errorf("%q\n php %q %s\n  go %q %v", in, a.Text, a.Err, out, err)
		}
	}
	if refused > len(questions)*3/4 {
		t.Errorf("PHP refused %d of %d: the generator is no good", refused, len(questions))
	}
}

// Values made in Go, read by PHP.
func TestOracleFromGo(t *testing.T) {
	g := newGenerator(t)
	var questions []phporacle.Question
	for range *oracleCases {
		s, err := Marshal(g.value(4))
		if err != nil {
			t.Fatal(err)
		}
		questions = append(questions, ask("serialize", string(s)))
	}
	for i, a := range phporacle.Ask(t, questions) {
		if in := questions[i].Args[0]; a.Text != in {
			t.Errorf("wrote %q\n  php %q %s", in, a.Text, a.Err)
		}
	}
}

// Values made in PHP, with real objects, enums and references, read by Go.
func TestOracleFromPHP(t *testing.T) {
	g := newGenerator(t)
	var questions []phporacle.Question
	for range *oracleCases {
		questions = append(questions, ask("random", itoa(int(g.Int32N(math.MaxInt32)))))
	}
	for i, a := range phporacle.Ask(t, questions) {
		if out, err := again(a.Text); out != a.Text {
			t.Errorf("seed %s\n php %q %s\n  go %q %v", questions[i].Args[0], a.Text, a.Err, out, err)
		}
	}
}

func TestOracleReplaceRecursive(t *testing.T) {
	g := newGenerator(t)
	var questions []phporacle.Question
	for range *oracleCases {
		questions = append(questions, ask("replace", g.soundArray(), g.soundArray()))
	}
	merged := 0
	for i, a := range phporacle.Ask(t, questions) {
		args := questions[i].Args
		base, err1 := Unmarshal([]byte(args[0]))
		repl, err2 := Unmarshal([]byte(args[1]))
		if err1 != nil || err2 != nil {
			if a.Err == "" {
				t.Errorf("%q %q: %v, %v, but PHP took them", args[0], args[1], err1, err2)
			}
			continue
		}
		out := ArrayReplaceRecursive(base.(*Array), repl.(*Array))
		if a.Err != "" {
			if out != nil {
				t.Errorf("%q %q: PHP throws %s", args[0], args[1], a.Err)
			}
			continue
		}
		merged++
		if s, err := Marshal(out); string(s) != a.Text {
			t.Errorf("%q\n     %q\n php %q\n  go %q %v", args[0], args[1], a.Text, s, err)
		}
		for i, v := range []Value{base, repl} {
			want, _ := again(args[i])
			if s, _ := Marshal(v); string(s) != want {
				t.Errorf("%q: argument %d became %q", args, i, s)
			}
		}
	}
	if merged < len(questions)*9/10 {
		t.Errorf("merged only %d of %d", merged, len(questions))
	}
}

func TestOracleParseStr(t *testing.T) {
	g := newGenerator(t)
	questions := []phporacle.Question{
		ask("parse_str", strings.Repeat("&a[]=1", 1001)),
		ask("parse_str", "a"+strings.Repeat("[b]", 64)+"=1"),
		ask("parse_str", "a"+strings.Repeat("[b]", 65)+"=1"),
		ask("parse_str", "a=0&a"+strings.Repeat("[b]", 65)+"=1&c=2"),
		ask("parse_str", "1"+strings.Repeat("[]", 65)+"=1&c=2"),
		ask("parse_str", "a[9223372036854775807]=1&a[]=2"),
		ask("parse_str", "a[-5]=1&a[]=2"),
		ask("parse_str", "this=1&GLOBALS=2&_GET[a]=3"),
		ask("parse_str", ".._Host-a=1&__Host-b=2&..Secure-c=3&_.Secure-d=4&__Secure-e=5"),
	}
	for _, q := range querySeeds {
		questions = append(questions, ask("parse_str", q))
	}
	for range *oracleCases {
		questions = append(questions, ask("parse_str", g.query()))
	}
	for i, a := range phporacle.Ask(t, questions) {
		in := questions[i].Args[0]
		if s, err := Marshal(ParseStr(in)); string(s) != a.Text || a.Err != "" {
			t.Errorf("%q\n php %q %s\n  go %q %v", in, a.Text, a.Err, s, err)
		}
	}
}

// The PHP side needs Workerman: GATEWAYWORKER_PHP_AUTOLOAD names its autoload.php.
func TestOracleParseCookie(t *testing.T) {
	phporacle.AvailableWorkerman(t)
	g := newGenerator(t)
	var questions []phporacle.Question
	for _, h := range cookieSeeds {
		questions = append(questions, ask("cookie", h))
	}
	for range *oracleCases {
		questions = append(questions, ask("cookie", g.cookies()))
	}
	for i, a := range phporacle.Ask(t, questions) {
		in := strings.Trim(questions[i].Args[0], " \t") // as header values are
		if s, err := Marshal(ParseCookie(in)); string(s) != a.Text || a.Err != "" {
			t.Errorf("%q\n php %q %s\n  go %q %v", in, a.Text, a.Err, s, err)
		}
	}
}

func TestOracleConvert(t *testing.T) {
	g := newGenerator(t)
	var questions []phporacle.Question
	var values []Value
	for range *oracleCases {
		v := g.scalar()
		s, _ := Marshal(v)
		values = append(values, v)
		questions = append(questions, ask("convert", string(s)))
	}
	for i, a := range phporacle.Ask(t, questions) {
		text, _ := ToString(values[i])
		key, _ := ToKey(values[i])
		s, err := Marshal(ListOf(IsTruthy(values[i]), text, key.Value()))
		if string(s) != a.Text {
			t.Errorf("%#v\n php %q %s\n  go %q %v", values[i], a.Text, a.Err, s, err)
		}
	}
}
