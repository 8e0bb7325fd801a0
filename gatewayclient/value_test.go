package gatewayclient_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
	"github.com/go-gatewayworker/gatewayworker/internal/fuzzvolume"
	"github.com/google/go-cmp/cmp"
)

type embedded struct {
	Level int `php:"level"`
}

type everything struct {
	embedded
	Bool   bool                `php:"bool"`
	Int    int8                `php:"int"`
	Uint   uint16              `php:"uint"`
	Float  float64             `php:"float"`
	String string              `php:"string"`
	Bytes  []byte              `php:"bytes"`
	List   []string            `php:"list"`
	Pair   [2]int              `php:"pair"`
	Map    map[string]int      `php:"map"`
	ByID   map[int]string      `php:"by_id"`
	Ptr    *embedded           `php:"ptr"`
	Any    any                 `php:"any"`
	PHP    *phpserialize.Array `php:"php"`
	Number string              `php:"5"`
	Plain  string
	Hidden string `php:"-"`
	Maybe  string `php:"maybe,omitempty"`
}

var full = everything{
	embedded: embedded{3}, Bool: true, Int: -8, Uint: 65535, Float: 0.1, String: "é\x00", Bytes: []byte{0xff},
	List: []string{"a", "b"}, Pair: [2]int{1, 2}, Map: map[string]int{"b": 2, "a": 1}, ByID: map[int]string{7: "x"},
	Ptr: &embedded{4}, Any: map[string]any{"x": []any{int64(1), nil, true}}, Number: "n", Plain: "p",
}

const fullText = `a:16:{s:5:"level";i:3;s:4:"bool";b:1;s:3:"int";i:-8;s:4:"uint";i:65535;s:5:"float";d:0.1;` +
	"s:6:\"string\";s:3:\"é\x00\";s:5:\"bytes\";s:1:\"\xff\";" +
	`s:4:"list";a:2:{i:0;s:1:"a";i:1;s:1:"b";}s:4:"pair";a:2:{i:0;i:1;i:1;i:2;}` +
	`s:3:"map";a:2:{s:1:"a";i:1;s:1:"b";i:2;}s:5:"by_id";a:1:{i:7;s:1:"x";}s:3:"ptr";a:1:{s:5:"level";i:4;}` +
	`s:3:"any";a:1:{s:1:"x";a:3:{i:0;i:1;i:1;N;i:2;b:1;}}s:3:"php";N;i:5;s:1:"n";s:5:"Plain";s:1:"p";}`

func TestStruct(t *testing.T) {
	s := must(gatewayclient.EncodeSession(full))(t)
	equal(t, "encoded", string(s), fullText)
	var back everything
	ok(t, s.Decode(&back))
	if diff := cmp.Diff(full, back, cmp.AllowUnexported(everything{})); diff != "" {
		t.Errorf("decoded (-want +got):\n%s", diff)
	}
}

func TestDecodeConversions(t *testing.T) {
	for _, c := range []struct {
		text string
		into any
		want any // nil: an error
	}{
		{`s:1:"5";`, new(int), 5},
		{`d:5;`, new(int), 5},
		{`d:5.5;`, new(int), nil},
		{`s:2:"5x";`, new(int), nil},
		{`i:300;`, new(int8), nil},
		{`i:-1;`, new(uint), nil},
		{`d:1.0E+25;`, new(int), nil},
		{`d:9223372036854775808;`, new(int64), nil},
		{`i:5;`, new(string), "5"},
		{`d:0.1;`, new(string), "0.1"},
		{`b:1;`, new(string), nil},
		{`a:0:{}`, new(string), nil},
		{`i:1;`, new(bool), true},
		{`s:0:"";`, new(bool), false},
		{`s:3:"yes";`, new(bool), nil},
		{`i:2;`, new(float64), 2.0},
		{`N;`, new(int), 0},
		{`a:2:{i:3;i:1;s:1:"x";i:2;}`, new([]int), []int{1, 2}},
		{`a:1:{i:0;i:1;}`, new([2]int), nil},
		{`a:2:{i:0;i:1;i:1;R:2;}`, new([]int), []int{1, 1}},
		{`O:3:"Foo":1:{s:5:"level";i:9;}`, new(embedded), embedded{9}},
		{`a:1:{s:5:"other";i:9;}`, new(embedded), embedded{}},
		{`i:1;`, new(embedded), nil},
		{`a:2:{s:1:"a";i:1;i:0;s:1:"b";}`, new(any), map[string]any{"a": int64(1), "0": "b"}},
		{`a:0:{}`, new(any), []any{}},
		{`i:1;`, new(chan int), nil},
	} {
		v := must(phpserialize.Unmarshal([]byte(c.text)))(t)
		err := gatewayclient.DecodeValue(v, c.into)
		if c.want == nil {
			if _, ok := errors.AsType[*gatewayclient.DecodeError](err); !ok {
				t.Errorf("%s into %T: error %v, want a DecodeError", c.text, c.into, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s into %T: %v", c.text, c.into, err)
			continue
		}
		if diff := cmp.Diff(c.want, deref(c.into)); diff != "" {
			t.Errorf("%s into %T (-want +got):\n%s", c.text, c.into, diff)
		}
	}
}

func deref(p any) any {
	switch p := p.(type) {
	case *int:
		return *p
	case *string:
		return *p
	case *bool:
		return *p
	case *float64:
		return *p
	case *[]int:
		return *p
	case *embedded:
		return *p
	case *any:
		return *p
	}
	return p
}

func TestDecodeErrorSaysWhere(t *testing.T) {
	var into struct {
		User struct {
			Tags []int `php:"tags"`
		} `php:"user"`
	}
	err := gatewayclient.SessionData(`a:1:{s:4:"user";a:1:{s:4:"tags";a:2:{i:0;i:1;i:1;s:1:"x";}}}`).Decode(&into)
	if err == nil || !strings.Contains(err.Error(), "user.tags.1") {
		t.Errorf("error %v does not say where", err)
	}
}

func TestEncodeRefuses(t *testing.T) {
	for _, v := range []any{make(chan int), func() {}, uint64(math.MaxUint64), map[float64]int{1: 1}, map[embedded]int{{1}: 1}, "text", 5} {
		var ee *gatewayclient.EncodeError
		if _, err := gatewayclient.EncodeSession(v); !errors.As(err, &ee) {
			t.Errorf("%T: error %v, want an EncodeError", v, err)
		}
	}
	type loop struct{ Next *loop }
	l := &loop{}
	l.Next = l
	if _, err := gatewayclient.EncodeValue(l); err == nil {
		t.Error("a value that contains itself was encoded")
	}
	self := phpserialize.NewArray()
	self.Append(&phpserialize.Reference{Value: self})
	var a any
	if err := gatewayclient.DecodeValue(self, &a); err == nil {
		t.Error("a value that contains itself was decoded")
	}
}

// FuzzSessionDecode: whatever is in a session, decoding ends in a value or an
// error, and what was decoded encodes and decodes to the same.
func FuzzSessionDecode(tf *testing.F) {
	f := fuzzvolume.For(tf)
	for _, s := range []string{
		fullText, "", "N;", "a:0:{}", `s:1:"x";`, `a:1:{i:0;R:1;}`, `a:1:{s:3:"ptr";a:1:{s:5:"level";s:1:"5";}}`,
		`a:1:{s:3:"any";O:3:"Foo":1:{s:1:"a";r:1;}}`, `a:1:{s:3:"map";a:1:{s:1:"a";d:5;}}`, `a:1:{s:4:"pair";a:2:{i:5;i:1;i:6;i:2;}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var v everything
		if gatewayclient.SessionData(data).Decode(&v) != nil {
			return
		}
		s, err := gatewayclient.EncodeSession(&v)
		if err != nil {
			return // what any and php hold may have no text
		}
		var again everything
		if err := s.Decode(&again); err != nil {
			t.Fatalf("%q decodes, %q does not: %v", data, s, err)
		}
		if s2, err := gatewayclient.EncodeSession(&again); err != nil || string(s2) != string(s) {
			t.Fatalf("%q became %q, %v", s, s2, err)
		}
		_, _ = gatewayclient.SessionData(data).Map()
	})
}
