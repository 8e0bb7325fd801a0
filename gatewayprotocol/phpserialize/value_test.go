package phpserialize

import (
	"errors"
	"math"
	"strings"
	"testing"
)

type (
	named8      int8
	namedString string
	namedBool   bool
)

func TestMarshal(t *testing.T) {
	shared := &Object{Class: "A", Props: NewArray()}
	ref := &Reference{Value: "x"}
	toObject := &Reference{Value: shared}
	itself := NewArray()
	itself.Append(&Reference{Value: itself})
	named := NewArray()
	named.SetString("5", true)
	for _, c := range []struct {
		name string
		v    Value
		want string
	}{
		{"go ints", ListOf(int(1), int8(-2), int16(3), int32(4), uint(5), uint8(6), uint16(7), uint32(8), uint64(9)), "a:9:{i:0;i:1;i:1;i:-2;i:2;i:3;i:3;i:4;i:4;i:5;i:5;i:6;i:6;i:7;i:7;i:8;i:8;i:9;}"},
		{"defined types", ListOf(named8(1), namedString("x"), namedBool(true)), `a:3:{i:0;i:1;i:1;s:1:"x";i:2;b:1;}`},
		{"go others", ListOf(float32(0.5), []byte("ab"), (*Reference)(nil)), `a:3:{i:0;d:0.5;i:1;s:2:"ab";i:2;N;}`},
		{"shared object", ListOf(shared, shared), `a:2:{i:0;O:1:"A":0:{}i:1;r:2;}`},
		{"r: has a number", ListOf(shared, shared, ref, ref), `a:4:{i:0;O:1:"A":0:{}i:1;r:2;i:2;s:1:"x";i:3;R:4;}`},
		{"R: has none", ListOf(ref, ref, shared, shared), `a:4:{i:0;s:1:"x";i:1;R:2;i:2;O:1:"A":0:{}i:3;r:3;}`},
		{"reference to an object", ListOf(shared, toObject, toObject), `a:3:{i:0;O:1:"A":0:{}i:1;R:2;i:2;R:2;}`},
		{"lonely reference", ListOf(ref), `a:1:{i:0;s:1:"x";}`},
		{"lonely reference to an object", ListOf(shared, toObject), `a:2:{i:0;O:1:"A":0:{}i:1;r:2;}`},
		{"outermost reference", &Reference{Value: true}, "b:1;"},
		{"enum cases are one object", ListOf(&Enum{"S", "H"}, &Enum{"S", "H"}, &Enum{"S", "C"}), `a:3:{i:0;E:3:"S:H";i:1;r:2;i:2;E:3:"S:C";}`},
		{"custom", ListOf(&Custom{"A", []byte("}")}), `a:1:{i:0;C:1:"A":1:{}}}`},
		{"property names are strings", &Object{Class: "A", Props: named}, `O:1:"A":1:{s:1:"5";b:1;}`},
		{"but for these classes", &Object{Class: "ArrayObject", Props: named}, `O:11:"ArrayObject":1:{i:5;b:1;}`},
		{"object without properties", &Object{Class: "A"}, `O:1:"A":0:{}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Append([]byte("-"), c.v)
			if string(got) != "-"+c.want {
				t.Errorf("got  %s, %v\nwant %s", got, err, c.want)
			}
		})
	}
	for _, v := range []Value{struct{}{}, uint64(math.MaxUint64), (*Array)(nil), (*Object)(nil), (*Enum)(nil), (*Custom)(nil), map[string]int{}, ListOf(t)} {
		var typeError *TypeError
		if got, err := Append([]byte("-"), v); !errors.As(err, &typeError) || string(got) != "-" {
			t.Errorf("%T: got %s, %v", v, got, err)
		}
	}
	loop := NewArray()
	loop.Append(loop)
	var limit *LimitError
	if _, err := Marshal(loop); !errors.As(err, &limit) {
		t.Errorf("an array in itself: %v", err)
	}
}

func TestUnmarshalKeepsIdentity(t *testing.T) {
	v, err := Unmarshal([]byte(`a:4:{i:0;O:1:"A":0:{}i:1;r:2;i:2;s:1:"x";i:3;R:4;}`))
	if err != nil {
		t.Fatal(err)
	}
	vals := v.(*Array).Values()
	if vals[0] != vals[1] {
		t.Error("one object became two")
	}
	if vals[2] != vals[3] || Deref(vals[2]) != "x" {
		t.Error("the reference is lost")
	}
}

func TestUnmarshalCopies(t *testing.T) {
	data := []byte(`s:3:"abc";`)
	v, err := Unmarshal(data)
	if err != nil {
		t.Fatal(err)
	}
	copy(data, "xxxxxxxxxx")
	if v != "abc" {
		t.Errorf("the value changed to %q with the input", v)
	}
}

func TestReplaceRecursive(t *testing.T) {
	for _, c := range []struct{ name, base, repl, want string }{
		{"lists merge by index", `a:2:{i:0;i:1;i:1;i:2;}`, `a:1:{i:1;i:9;}`, `a:2:{i:0;i:1;i:1;i:9;}`},
		{"empty clears nothing", `a:1:{i:0;a:1:{i:0;i:1;}}`, `a:1:{i:0;a:0:{}}`, `a:1:{i:0;a:1:{i:0;i:1;}}`},
		{"null overwrites", `a:1:{i:0;a:1:{i:0;i:1;}}`, `a:1:{i:0;N;}`, `a:1:{i:0;N;}`},
		{"array over scalar", `a:1:{i:0;i:1;}`, `a:1:{i:0;a:0:{}}`, `a:1:{i:0;a:0:{}}`},
		{"objects replace whole", `a:1:{i:0;O:1:"A":1:{s:1:"x";i:1;}}`, `a:1:{i:0;O:1:"A":0:{}}`, `a:1:{i:0;O:1:"A":0:{}}`},
		{"new keys at the end", `a:1:{s:1:"b";i:1;}`, `a:2:{s:1:"a";i:2;s:1:"b";i:3;}`, `a:2:{s:1:"b";i:3;s:1:"a";i:2;}`},
		{"references elsewhere survive", `a:3:{i:0;i:1;i:1;R:2;i:2;i:3;}`, `a:1:{i:2;i:4;}`, `a:3:{i:0;i:1;i:1;R:2;i:2;i:4;}`},
		{"a merged array leaves its references", `a:2:{i:0;a:1:{i:0;i:1;}i:1;R:2;}`, `a:1:{i:0;a:1:{i:0;i:2;}}`, `a:2:{i:0;a:1:{i:0;i:2;}i:1;a:1:{i:0;i:1;}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			base, _ := Unmarshal([]byte(c.base))
			repl, _ := Unmarshal([]byte(c.repl))
			got, err := Marshal(ArrayReplaceRecursive(base.(*Array), repl.(*Array)))
			if string(got) != c.want {
				t.Errorf("got %s, %v, want %s", got, err, c.want)
			}
		})
	}
}

func TestConvert(t *testing.T) {
	for _, c := range []struct {
		v      Value
		truthy bool
		text   string
		key    Key
	}{
		{nil, false, "", StringKey("")},
		{true, true, "1", IntKey(1)},
		{false, false, "", IntKey(0)},
		{int64(-3), true, "-3", IntKey(-3)},
		{123.9, true, "123.9", IntKey(123)},
		{-123.9, true, "-123.9", IntKey(-123)},
		{math.Copysign(0, -1), false, "-0", IntKey(0)},
		{1e25, true, "1.0E+25", IntKey(1590897979265384448)},
		{1.0 / 3, true, "0.33333333333333", IntKey(0)},
		{math.NaN(), true, "NAN", IntKey(0)},
		{"0", false, "0", IntKey(0)},
		{"00", true, "00", StringKey("00")},
		{&Reference{Value: "x"}, true, "x", StringKey("x")},
	} {
		text, ok1 := ToString(c.v)
		key, ok2 := ToKey(c.v)
		if IsTruthy(c.v) != c.truthy || text != c.text || key != c.key || !ok1 || !ok2 {
			t.Errorf("%v: %v, %q, %v", c.v, IsTruthy(c.v), text, key)
		}
	}
	for _, v := range []Value{NewArray(), &Object{}, &Enum{}} {
		_, ok1 := ToString(v)
		_, ok2 := ToKey(v)
		if ok1 || ok2 {
			t.Errorf("%T became a string or a key", v)
		}
	}
}

// TestRenamedUnreadably: a property can give an object a class name that PHP
// writes and then refuses to read; so does this package.
func TestRenamedUnreadably(t *testing.T) {
	v, err := Unmarshal([]byte(`O:1:"0":1:{s:27:"__PHP_Incomplete_Class_Name";s:1:" ";}`))
	if err != nil {
		t.Fatal(err)
	}
	out, err := Marshal(v)
	if want := `O:1:" ":0:{}`; err != nil || string(out) != want {
		t.Fatalf("got %q, %v, want %q", out, err, want)
	}
	if _, err := Unmarshal(out); err == nil || !strings.Contains(err.Error(), badClassName) {
		t.Errorf("reading %q: %v, want %q", out, err, badClassName)
	}
}
