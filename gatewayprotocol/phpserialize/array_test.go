package phpserialize

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestStringKey(t *testing.T) {
	for _, c := range []struct {
		s     string
		isInt bool
	}{
		{"0", true}, {"5", true}, {"-5", true}, {"9223372036854775807", true}, {"-9223372036854775808", true},
		{"", false}, {"-", false}, {"-0", false}, {"00", false}, {"007", false}, {"+5", false}, {" 5", false}, {"5 ", false},
		{"1.5", false}, {"1e3", false}, {"9223372036854775808", false}, {"-9223372036854775809", false},
		{"99999999999999999999", false}, {"-99999999999999999999", false}, {"0x1", false}, {"/", false}, {":", false},
	} {
		k := StringKey(c.s)
		if k.IsInt() != c.isInt || k.String() != c.s {
			t.Errorf("%q: IsInt %v, String %q", c.s, k.IsInt(), k.String())
		}
		if back := StringKey(k.String()); back != k {
			t.Errorf("%q: %v became %v", c.s, k, back)
		}
	}
	if IntKey(0) == (Key{}) || StringKey("") != (Key{}) || IntKey(5) != StringKey("5") || IntKey(0).Value() != int64(0) {
		t.Error("the int 0 and the empty string are different keys, 5 and \"5\" are one")
	}
}

// model is an array as plainly as it can be written.
type model struct {
	keys []Key
	vals []Value
}

func (m *model) set(k Key, v Value) {
	if i := slices.Index(m.keys, k); i >= 0 {
		m.vals[i] = v
		return
	}
	m.keys, m.vals = append(m.keys, k), append(m.vals, v)
}

func (m *model) remove(k Key) bool {
	i := slices.Index(m.keys, k)
	if i < 0 {
		return false
	}
	m.keys, m.vals = slices.Delete(m.keys, i, i+1), slices.Delete(m.vals, i, i+1)
	return true
}

func (m *model) isList() bool {
	for i, k := range m.keys {
		if k != IntKey(int64(i)) {
			return false
		}
	}
	return true
}

func TestArrayAgainstModel(t *testing.T) {
	for seed := range uint64(300) {
		g := rand.New(rand.NewPCG(seed, 1))
		a, m := NewArraySize(g.IntN(3)), &model{}
		last, any := int64(-1), false
		span := int64(4 + g.IntN(100))
		deletes := g.IntN(8)
		for step := range 400 {
			k := IntKey(g.Int64N(span) - span/4)
			if g.IntN(3) == 0 {
				k = StringKey(fmt.Sprintf("k%d", g.Int64N(span)))
			}
			if seed%3 == 0 {
				k = IntKey(max(0, int64(len(m.keys))-int64(g.IntN(3)))) // mostly a list
			}
			switch op := g.IntN(12); {
			case op < deletes:
				if a.Delete(k) != m.remove(k) {
					t.Fatalf("seed %d, step %d: Delete(%v)", seed, step, k)
				}
				continue
			case op == 9:
				k = IntKey(last + 1)
				a.Append(step)
			case op == 10:
				a = a.Clone()
				continue
			default:
				a.Set(k, step)
			}
			m.set(k, step)
			if k.IsInt() && (!any || k.Int() > last) {
				last, any = k.Int(), true
			}
			if v, ok := a.Get(k); !ok || v != step {
				t.Fatalf("seed %d, step %d: Get(%v) = %v, %v", seed, step, k, v, ok)
			}
			if a.Len() != len(m.keys) || a.IsList() != m.isList() {
				t.Fatalf("seed %d, step %d: Len %d, want %d, IsList %v", seed, step, a.Len(), len(m.keys), a.IsList())
			}
		}
		if !slices.Equal(a.Keys(), m.keys) || !slices.Equal(a.Values(), m.vals) {
			t.Fatalf("seed %d:\n got %v\nwant %v", seed, a.Keys(), m.keys)
		}
		for i, k := range m.keys {
			if v, ok := a.Get(k); !ok || v != m.vals[i] {
				t.Fatalf("seed %d: Get(%v) = %v, %v", seed, k, v, ok)
			}
		}
	}
}

func TestArrayAppend(t *testing.T) {
	a := ListOf("a", "b")
	a.Delete(IntKey(1))
	a.Append("c")
	if got := a.Keys(); !slices.Equal(got, []Key{IntKey(0), IntKey(2)}) {
		t.Errorf("after a deletion: %v", got)
	}
	a = NewArray()
	a.Set(IntKey(-5), nil)
	a.Append(nil)
	if got := a.Keys(); got[1] != IntKey(-4) {
		t.Errorf("after -5: %v", got)
	}
	a.Set(IntKey(math.MaxInt64), nil)
	if a.Append(nil) || a.Len() != 3 {
		t.Error("appended behind the largest index")
	}
	a.Delete(IntKey(math.MaxInt64))
	if a.Append(nil) {
		t.Error("deleting the largest index does not give it free")
	}
}

func TestNilArray(t *testing.T) {
	var a *Array
	if _, ok := a.GetString("x"); ok || a.Len() != 0 || !a.IsList() || a.Delete(IntKey(0)) || len(a.Keys()) != 0 || a.Clone().Len() != 0 {
		t.Error("a nil array is not empty")
	}
	if _, err := Marshal(a); err == nil {
		t.Error("a nil array was serialized")
	}
}

// A queue of ever new keys must not grow, nor slow down.
func TestArrayReusesRoom(t *testing.T) {
	a := NewArray()
	for i := range int64(100_000) {
		a.Set(IntKey(i+1000), i)
		if i >= 10 {
			a.Delete(IntKey(i + 990))
		}
	}
	if a.Len() != 10 || cap(a.keys) > 200 || len(a.index) > 512 {
		t.Errorf("%d elements in room for %d, index of %d", a.Len(), cap(a.keys), len(a.index))
	}
}
