package phpserialize

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
)

// generator makes random values and texts.
type generator struct {
	*rand.Rand
	slots   int // values so far in the text being made
	objects []*Object
	refs    []*Reference
}

func itoa(n int) string { return strconv.Itoa(n) }

func pick[T any](g *generator, list ...T) T { return list[g.IntN(len(list))] }

func (g *generator) text(n int) string {
	b := make([]byte, g.IntN(n+1))
	for i := range b {
		if b[i] = byte(32 + g.IntN(95)); g.IntN(4) == 0 {
			b[i] = byte(g.IntN(256))
		}
	}
	return string(b)
}

func (g *generator) float() float64 {
	switch g.IntN(4) {
	case 0:
		return math.Float64frombits(g.Uint64())
	case 1:
		return pick(g, 0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), 1e25, 0.1, 1e14, 1e15, 1e16, 1e17, 1e-4, 1e-5, 1e100, 123456789012345678, 9.2e18, -9.3e18, 2e19, -3e30)
	case 2:
		return float64(g.IntN(2000)-1000) / 8
	}
	return float64(g.IntN(2000000)-1000000) / math.Pow10(g.IntN(20))
}

// scalar makes null, a bool, a number (NaN too, all of one kind) or a string.
func (g *generator) scalar() Value {
	switch g.IntN(9) {
	case 0:
		return nil
	case 1:
		return g.IntN(2) == 0
	case 2:
		return int64(g.IntN(200) - 100)
	case 3:
		return int64(g.Uint64()) >> g.IntN(64)
	case 4, 5:
		return g.float()
	case 6:
		return pick(g, "", "0", "00", "0.0", "-0", "5", "-5", "+5", "007", " 1", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "1e5", "a")
	}
	return g.text(12)
}

func (g *generator) key() Key {
	if g.IntN(2) == 0 {
		return IntKey(int64(g.IntN(12) - 4))
	}
	return StringKey(pick(g, g.text(3), "a", "b", "c", itoa(g.IntN(9))))
}

// value makes a value whose references have at least two holders.
func (g *generator) value(depth int) Value {
	g.objects, g.refs = nil, nil
	return g.part(depth)
}

func (g *generator) part(depth int) Value {
	if depth == 0 {
		return g.scalar()
	}
	switch g.IntN(8) {
	case 0, 1:
		return g.scalar()
	case 2:
		o := &Object{Class: pick(g, "A", "App\\User", "stdClass", "\xc3\xa9"), Props: NewArray()}
		g.objects = append(g.objects, o)
		for range g.IntN(4) {
			// As PHP reads unknown classes: no int keys in, none out.
			o.Props.SetString(pick(g, "a", "\x00*\x00b", "\x00A\x00c", "7", g.text(3)), g.part(depth-1))
		}
		return o
	case 3:
		if len(g.objects) > 0 {
			return pick(g, g.objects...)
		}
		return g.scalar()
	case 4:
		a := NewArray()
		for range g.IntN(5) {
			a.Append(g.part(depth - 1))
		}
		return a
	}
	a := NewArray()
	for range g.IntN(5) {
		a.Set(g.key(), g.part(depth-1))
	}
	if g.IntN(3) == 0 {
		ref := &Reference{Value: g.part(depth - 1)}
		if g.IntN(4) == 0 {
			ref.Value = a // a contains itself
		}
		for range 2 + g.IntN(2) {
			a.Set(g.key(), ref)
		}
		a.SetString("r1", ref)
		a.SetString("r2", ref)
	}
	return a
}

// serialized makes serialized text, most of it sound, with all of PHP's spellings.
func (g *generator) serialized(depth int) string {
	g.slots = 0
	return g.item(depth)
}

// array makes the text of an array.
func (g *generator) array(depth int) string {
	g.slots = 1
	return g.elements("a", depth, g.arrayKey)
}

// soundArray makes the text of an array that decodes and does not contain itself.
func (g *generator) soundArray() string {
	for {
		s := g.array(3)
		if _, err := Unmarshal([]byte(s)); err == nil && !containsItself(s) {
			return s
		}
	}
}

func (g *generator) item(depth int) string {
	kind := g.IntN(14)
	if kind != 8 {
		g.slots++
	}
	switch kind {
	case 0:
		return pick(g, "N;", "b:0;", "b:1;")
	case 1:
		return "i:" + pick(g, "", "", "", "+", "-", "0", "-00") + itoa(g.IntN(1000)) + ";"
	case 2:
		return "i:" + itoa(int(g.Uint64()>>g.IntN(64))) + pick(g, ";", ";", ";", "0;")
	case 3:
		return "d:" + pick(g, "INF", "-INF", "NAN", "-0", "1.5E+25", ".5", "7.", "1e300", "-1e-400", "+3", "100000.0", strconv.FormatFloat(g.float(), 'f', -1, 64)) + ";"
	case 4, 5:
		s := g.text(8)
		return "s:" + itoa(len(s)) + ":\"" + s + "\";"
	case 6:
		return `S:3:"a\4` + pick(g, "1", "f", "F") + `c";`
	case 7:
		return "r:" + itoa(1+g.IntN(g.slots)) + ";"
	case 8:
		return "R:" + itoa(1+g.IntN(g.slots+1)) + ";"
	case 9:
		if depth > 0 {
			class := pick(g, "A", "B\\C", "stdClass", "Closure")
			return g.elements("O:"+itoa(len(class))+":\""+class+"\"", depth, g.propertyKey)
		}
		return `O:1:"Z":0:{}`
	}
	if depth > 0 {
		return g.elements("a", depth, g.arrayKey)
	}
	return "a:0:{}"
}

func (g *generator) elements(head string, depth int, key func() string) string {
	n := g.IntN(5)
	var b strings.Builder
	b.WriteString(head + ":" + itoa(n) + ":{")
	for range n {
		b.WriteString(key())
		b.WriteString(g.item(depth - 1))
	}
	return b.String() + "}"
}

func (g *generator) arrayKey() string {
	return pick(g, "i:0;", "i:1;", "i:2;", "i:-3;", `s:1:"1";`, `s:1:"a";`, `s:1:"b";`, `s:2:"-0";`, `S:1:"\61";`, `s:0:"";`, "i:"+itoa(g.IntN(100))+";")
}

func (g *generator) propertyKey() string {
	return pick(g, "i:1;", `s:1:"1";`, `s:1:"a";`, `s:1:"b";`, "s:4:\"\x00A\x00a\";", "s:4:\"\x00*\x00a\";", `S:1:"\61";`)
}

// damaged changes some bytes of s.
func (g *generator) damaged(s string) string {
	b := []byte(s)
	for range 1 + g.IntN(2) {
		i := g.IntN(len(b))
		switch g.IntN(4) {
		case 0:
			b[i] = "0123456789;:{}\"aNibdsSORr+-.eE"[g.IntN(30)]
		case 1:
			b = append(b[:i], b[i+1:]...)
		case 2:
			b = append(b[:i], append([]byte{"0123456789;:{}\"+-"[g.IntN(17)]}, b[i:]...)...)
		case 3:
			b = b[:i]
		}
		if len(b) == 0 {
			return "x"
		}
	}
	return string(b)
}

func (g *generator) pieces(n int, list ...string) string {
	var b strings.Builder
	for range g.IntN(n) {
		b.WriteString(pick(g, list...))
	}
	return b.String()
}

func (g *generator) query() string {
	return g.pieces(25, "a", "b", "5", "-5", "07", "[", "]", "[]", "[a]", "[5]", "[ ", "=", "=", "&", "&", ".", " ", "+", "%5B", "%5d", "%", "%4", "%20", "%00", "%2E", "\x00", "\t", "%0a", ";", "\xe9", "_", "x=1&", "a[b]=2&", "a[][c]=3&", "a[")
}

func (g *generator) cookies() string {
	return g.pieces(20, "a", "b", "5", "=", "=", ";", ";", " ", "\t", "\x00", "\v", "%41", "+", "\"", ",", "a=1; b=2", "\xff")
}
