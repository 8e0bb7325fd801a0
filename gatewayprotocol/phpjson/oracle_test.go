package phpjson

import (
	"flag"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/internal/phporacle"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

var (
	oracleSeed  = flag.Uint64("oracle.seed", 0, "seed of the generated cases, 0 is a new one")
	oracleCases = flag.Int("oracle.cases", 3000, "generated cases per test")
)

type generator struct{ *rand.Rand }

func newGenerator(t *testing.T) generator {
	t.Helper()
	seed := *oracleSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", seed)
	return generator{rand.New(rand.NewPCG(seed, 0))}
}

func pick[T any](g generator, list ...T) T { return list[g.IntN(len(list))] }

// json makes a text that is JSON more often than not.
func (g generator) json(depth int) string {
	space := func() string { return pick(g, "", "", "", "", " ", "\n", "\t\r") }
	var b strings.Builder
	b.WriteString(space())
	switch kind := g.IntN(9); {
	case kind < 2 && depth > 0:
		b.WriteByte('[')
		for i := range g.IntN(4) {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(g.json(depth - 1))
		}
		b.WriteString(space() + "]")
	case kind < 4 && depth > 0:
		b.WriteByte('{')
		for i := range g.IntN(4) {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(space() + g.quoted() + space() + ":" + g.json(depth-1))
		}
		b.WriteString(space() + "}")
	case kind < 5:
		b.WriteString(g.quoted())
	case kind < 7:
		b.WriteString(pick(g, "", "-") + pick(g, "0", "5", "123", "9223372036854775807", "9223372036854775808", "99999999999999999999") +
			pick(g, "", "", ".0", ".5", ".125") + pick(g, "", "", "", "e5", "E+3", "e-3", "e400"))
	case kind < 8:
		b.WriteString(strconv.FormatFloat(math.Float64frombits(g.Uint64()>>12|0x3ff<<52), 'g', -1, 64))
	default:
		b.WriteString(pick(g, "null", "true", "false"))
	}
	b.WriteString(space())
	return b.String()
}

func (g generator) quoted() string {
	var b strings.Builder
	b.WriteByte('"')
	for range g.IntN(5) {
		b.WriteString(pick(g, "a", "b", "5", "0", "-5", "é", "😀", "/", `\/`, `\n`, `\u00e9`, `\ud83d\ude00`, `\u0000`, `\"`, `\\`, "\u2028"))
	}
	if g.IntN(40) == 0 {
		b.WriteString(pick(g, `\ud83d`, `\udc00`, "\xff", "\x01", `\x`, "\xed\xa0\x80", "\xc0\x80"))
	}
	return b.String() + `"`
}

func (g generator) damaged(s string) string {
	b := []byte(s)
	i := g.IntN(len(b))
	switch g.IntN(4) {
	case 0:
		b[i] = pick(g, []byte("0123[]{},:\"\\eu. \x00\x7f\xff")...)
	case 1:
		b = append(b[:i], b[i+1:]...)
	case 2:
		b = append(b[:i], append([]byte{pick(g, []byte("0123[]{},:\"\\eu.-+ ")...)}, b[i:]...)...)
	case 3:
		b = b[:i]
	}
	return string(b)
}

func (g generator) text() string {
	var b strings.Builder
	for range g.IntN(6) {
		b.WriteString(pick(g, "a", "/", "\"", "\\", "é", "😀", "\u2028", "\u2029", "\x00", "\x1f", "\x7f", "\n", "\u07ff\u0800\uffff\U0010ffff", "5"))
	}
	if g.IntN(100) == 0 {
		b.WriteByte(byte(0x80 + g.IntN(128)))
	}
	return b.String()
}

func (g generator) value(depth int) phpserialize.Value {
	switch kind := g.IntN(10); {
	case kind < 2 && depth > 0:
		a := phpserialize.NewArray()
		for range g.IntN(4) {
			a.Append(g.value(depth - 1))
		}
		return a
	case kind < 4 && depth > 0:
		a := phpserialize.NewArray()
		for range g.IntN(4) {
			a.SetString(g.text(), g.value(depth-1))
		}
		return a
	case kind < 5 && depth > 0:
		o := &phpserialize.Object{Class: pick(g, "A", "stdClass", "App\\User", "é"), Props: phpserialize.NewArray()}
		for range g.IntN(4) {
			o.Props.SetString(pick(g, "", "\x00A\x00", "\x00*\x00")+g.text(), g.value(depth-1))
		}
		return o
	case kind < 6:
		return int64(g.Uint64()) >> g.IntN(64)
	case kind < 8:
		f := pick(g, math.Float64frombits(g.Uint64()), float64(g.IntN(1000))/8, 1e15, 1e17, -0.0001, 1e-5, 1e25, math.Copysign(0, -1))
		if g.IntN(30) != 0 && (math.IsNaN(f) || math.IsInf(f, 0)) {
			return nil
		}
		return f
	case kind < 9:
		return g.text()
	}
	return pick[phpserialize.Value](g, nil, true, false)
}

func TestOracleDecode(t *testing.T) {
	g := newGenerator(t)
	var questions []phporacle.Question
	for _, c := range decodeCorpus {
		questions = append(questions, phporacle.Question{Op: "json_decode", Args: []string{c.in}})
	}
	for _, inner := range []string{"", "1", "{}", "x"} {
		for levels := MaxDepth - 2; levels < MaxDepth+2; levels++ {
			s := strings.Repeat("[", levels) + inner + strings.Repeat("]", levels)
			questions = append(questions, phporacle.Question{Op: "json_decode", Args: []string{s}})
		}
	}
	for i := range *oracleCases {
		s := g.json(4)
		if i%2 == 1 {
			s = g.damaged(s)
		}
		questions = append(questions, phporacle.Question{Op: "json_decode", Args: []string{s}})
	}
	for i, a := range phporacle.Ask(t, questions) {
		in := questions[i].Args[0]
		v, err := Decode([]byte(in))
		var got, code string
		if err != nil {
			code = strconv.Itoa(int(codeOf(t, err)))
		} else if b, err := phpserialize.Marshal(v); err != nil {
			t.Fatal(err)
		} else {
			got = string(b)
		}
		if got != a.Text || code != a.Err {
			t.Errorf("%q\n php %q %s\n  go %q %v", in, a.Text, a.Err, got, err)
		}
	}
}

func TestOracleEncode(t *testing.T) {
	g := newGenerator(t)
	var questions []phporacle.Question
	var opts []Options
	add := func(s string, opt Options) {
		questions = append(questions, phporacle.Question{Op: "json_encode", Args: []string{s, strconv.Itoa(opt.flags())}})
		opts = append(opts, opt)
	}
	for _, c := range encodeCorpus {
		add(c.in, c.opt)
	}
	for _, inner := range []string{"a:0:{}", "i:1;", `O:1:"A":0:{}`} {
		for levels := MaxDepth - 2; levels < MaxDepth+2; levels++ {
			add(strings.Repeat("a:1:{i:0;", levels)+inner+strings.Repeat("}", levels), Options{})
		}
	}
	for range *oracleCases {
		s, err := phpserialize.Marshal(g.value(4))
		if err != nil {
			t.Fatal(err)
		}
		add(string(s), Options{UnescapedUnicode: g.IntN(2) == 0, UnescapedSlashes: g.IntN(2) == 0})
	}
	for i, a := range phporacle.Ask(t, questions) {
		in := questions[i].Args[0]
		v, err := phpserialize.Unmarshal([]byte(in))
		if err != nil {
			t.Fatal(err)
		}
		got, err := Encode(v, opts[i])
		var code string
		if err != nil {
			code = strconv.Itoa(int(codeOf(t, err)))
		}
		if string(got) != a.Text || code != a.Err {
			t.Errorf("%q %+v\n php %q %s\n  go %q %v", in, opts[i], a.Text, a.Err, got, err)
		}
	}
}
