package phpjson

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// decodeCorpus holds texts and what serialize(json_decode($in, true)) or
// json_last_error() is. It drives the decoding tests, the comparison with a real
// php and the seeds of the fuzz target.
var decodeCorpus = []struct {
	in   string
	want string
	code Code
}{
	{in: `-0`, want: `i:0;`},
	{in: `-0.0`, want: `d:-0;`},
	{in: `0`, want: `i:0;`},
	{in: `-0e1`, want: `d:-0;`},
	{in: `01`, code: ErrSyntax},
	{in: `1.`, code: ErrSyntax},
	{in: `.5`, code: ErrSyntax},
	{in: `1e5`, want: `d:100000;`},
	{in: `1E400`, want: `d:INF;`},
	{in: `-1E400`, want: `d:-INF;`},
	{in: `9223372036854775807`, want: `i:9223372036854775807;`},
	{in: `9223372036854775808`, want: `d:9.223372036854776E+18;`},
	{in: `-9223372036854775808`, want: `i:-9223372036854775808;`},
	{in: `-9223372036854775809`, want: `d:-9.223372036854776E+18;`},
	{in: `TRUE`, code: ErrSyntax},
	{in: `nUll`, code: ErrSyntax},
	{in: `False`, code: ErrSyntax},
	{in: `"\ud800"`, code: ErrUTF16},
	{in: `"\udc00"`, code: ErrUTF16},
	{in: `"\ud83d\ude00"`, want: "s:4:\"\xf0\x9f\x98\x80\";"},
	{in: `"\ud83dx"`, code: ErrUTF16},
	{in: `"\ud83d\u0041"`, code: ErrUTF16},
	{in: `{"a":1,"b":2,"a":3}`, want: `a:2:{s:1:"a";i:3;s:1:"b";i:2;}`},
	{in: `{"":1}`, want: `a:1:{s:0:"";i:1;}`},
	{in: `{"5":1,"05":2}`, want: `a:2:{i:5;i:1;s:2:"05";i:2;}`},
	{in: `[1,]`, code: ErrSyntax},
	{in: `{"a":1,}`, code: ErrSyntax},
	{in: ` [1] `, want: `a:1:{i:0;i:1;}`},
	{in: "\x0b[1]", code: ErrControlChar},
	{in: "[1]\x00", code: ErrControlChar},
	{in: "\x00", code: ErrControlChar},
	{in: "\xef\xbb\xbf[1]", code: ErrSyntax},
	{in: ``, code: ErrSyntax},
	{in: "\"a\x0a\"", code: ErrControlChar},
	{in: "\"\x7f\"", want: "s:1:\"\x7f\";"},
	{in: `"\x"`, code: ErrSyntax},
	{in: `"\/"`, want: `s:1:"/";`},
	{in: `"\u00e9"`, want: "s:2:\"\xc3\xa9\";"},
	{in: `"\u0000"`, want: "s:1:\"\x00\";"},
	{in: `{"\u0000a":1}`, want: "a:1:{s:2:\"\x00a\";i:1;}"},
	{in: "\"\xc0\x80\"", code: ErrUTF8},
	{in: "\"\xed\xa0\x80\"", code: ErrUTF8},
	{in: "\"\xf4\x90\x80\x80\"", code: ErrUTF8},
	{in: `+1`, code: ErrSyntax},
	{in: `[1 2]`, code: ErrSyntax},
	{in: `nul`, code: ErrSyntax},
	{in: `1 2`, code: ErrSyntax},
	{in: `--1`, code: ErrSyntax},
	{in: `{a:1}`, code: ErrSyntax},
	{in: `{'a':1}`, code: ErrSyntax},
	{in: `{"a" : 1 , "b":[ ]}`, want: `a:2:{s:1:"a";i:1;s:1:"b";a:0:{}}`},
	{in: `"\u12"`, code: ErrSyntax},
	{in: `"\uD800\uD800"`, code: ErrUTF16},
	{in: `1e`, code: ErrSyntax},
	{in: `1e+`, code: ErrSyntax},
	{in: `-`, code: ErrSyntax},
	{in: `[`, code: ErrSyntax},
	{in: `]`, code: ErrSyntax},
	{in: `{"_empty_":1}`, want: `a:1:{s:7:"_empty_";i:1;}`},
	{in: `"\ud83d"`, code: ErrUTF16},
	{in: `"\ud83d\ude"`, code: ErrUTF16},
	{in: `"\ud83d\udZZZ"`, code: ErrUTF16},
	{in: `"\udbff\udfff"`, want: "s:4:\"\xf4\x8f\xbf\xbf\";"},
	{in: `"\ud800\ud7ff"`, code: ErrUTF16},
	{in: `"\u00E9\u20ac"`, want: "s:5:\"\xc3\xa9\xe2\x82\xac\";"},
	{in: `[[],{},[[]]]`, want: `a:3:{i:0;a:0:{}i:1;a:0:{}i:2;a:1:{i:0;a:0:{}}}`},
	{in: `{"a":{"a":{}}}`, want: `a:1:{s:1:"a";a:1:{s:1:"a";a:0:{}}}`},
	{in: `[1,"2",3.5,true,false,null]`, want: `a:6:{i:0;i:1;i:1;s:1:"2";i:2;d:3.5;i:3;b:1;i:4;b:0;i:5;N;}`},
	{in: `{"1":1,"0":0}`, want: `a:2:{i:1;i:1;i:0;i:0;}`},
	{in: `{"0":0,"1":1}`, want: `a:2:{i:0;i:0;i:1;i:1;}`},
	{in: `{"-0":1,"-5":2,"9223372036854775807":3,"9223372036854775808":4}`, want: `a:4:{s:2:"-0";i:1;i:-5;i:2;i:9223372036854775807;i:3;s:19:"9223372036854775808";i:4;}`},
	{in: "[1\x0b]", code: ErrControlChar},
	{in: "[1\xff]", code: ErrUTF8},
	{in: `["abc`, code: ErrControlChar},
	{in: `"`, code: ErrControlChar},
	{in: `"\`, code: ErrSyntax},
	{in: `"\"`, code: ErrControlChar},
	{in: "\"\\\x0a\"", code: ErrSyntax},
	{in: "\"\x1f\"", code: ErrControlChar},
	{in: "\"a\xe2\x82\"", code: ErrUTF8},
	{in: "\"\xe2\x82\xac\"", want: "s:3:\"\xe2\x82\xac\";"},
	{in: `{"a"}`, code: ErrSyntax},
	{in: `{"a":}`, code: ErrSyntax},
	{in: `{,}`, code: ErrSyntax},
	{in: `[,]`, code: ErrSyntax},
	{in: `{"a":1 "b":2}`, code: ErrSyntax},
	{in: `1.0`, want: `d:1;`},
	{in: `1.50`, want: `d:1.5;`},
	{in: `-1e-7`, want: `d:-1.0E-7;`},
	{in: `123456789012345678901234567890`, want: `d:1.2345678901234568E+29;`},
	{in: `0.1e1`, want: `d:1;`},
	{in: `[0e0]`, want: `a:1:{i:0;d:0;}`},
	{in: `-a`, code: ErrSyntax},
	{in: `[-]`, code: ErrSyntax},
	{in: `//`, code: ErrSyntax},
	{in: `[1]]`, code: ErrSyntax},
	{in: `{}}`, code: ErrSyntax},
	{in: `nullx`, code: ErrSyntax},
	{in: `truefalse`, code: ErrSyntax},
	{in: `tru`, code: ErrSyntax},
	{in: `"a""b"`, code: ErrSyntax},
	{in: "\x7f", code: ErrSyntax},
	{in: "\xc3\xa9", code: ErrSyntax},
	{in: "\xff", code: ErrUTF8},
	{in: `{"\ud83d\ude00":1}`, want: "a:1:{s:4:\"\xf0\x9f\x98\x80\";i:1;}"},
	{in: `{"a":1,"a":2,"b":{"a":1}}`, want: `a:2:{s:1:"a";i:2;s:1:"b";a:1:{s:1:"a";i:1;}}`},
	{in: `[1e5,1E5,1e+5,1e-5]`, want: `a:4:{i:0;d:100000;i:1;d:100000;i:2;d:100000;i:3;d:1.0E-5;}`},
	{in: `""`, want: `s:0:"";`},
	{in: `" "`, want: `s:1:" ";`},
	{in: "\x0d\x0a\x09 5 \x0d\x0a\x09", want: `i:5;`},
	{in: `[1,2`, code: ErrSyntax},
	{in: `{"a":1`, code: ErrSyntax},
	{in: `{"a"`, code: ErrSyntax},
	{in: `{"a`, code: ErrControlChar},
	{in: `{`, code: ErrSyntax},
	{in: `[}`, code: ErrMismatch},
	{in: `{]`, code: ErrMismatch},
	{in: `[1}`, code: ErrMismatch},
	{in: `{"a":1]`, code: ErrMismatch},
	{in: `[1,}`, code: ErrSyntax},
	{in: `[1"a`, code: ErrControlChar},
	{in: `[1"a"]`, code: ErrSyntax},
	{in: `[[}]`, code: ErrMismatch},
}

func TestDecode(t *testing.T) {
	for _, c := range decodeCorpus {
		t.Run(c.in, func(t *testing.T) {
			v, err := Decode([]byte(c.in))
			if code := codeOf(t, err); code != c.code {
				t.Fatalf("got %#v, %v, want code %d", v, err, c.code)
			}
			if err != nil {
				return
			}
			if got, err := phpserialize.Marshal(v); string(got) != c.want {
				t.Fatalf("got %q, %v, want %q", got, err, c.want)
			}
		})
	}
}

// codeOf returns the code of an error, 0 of nil.
func codeOf(t *testing.T, err error) Code {
	t.Helper()
	if err == nil {
		return 0
	}
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, e.Code) {
		t.Fatalf("%v is no *Error", err)
	}
	return e.Code
}

func TestDecodeDepth(t *testing.T) {
	nested := func(n int) []byte {
		return []byte(strings.Repeat("[", n) + strings.Repeat("]", n))
	}
	v, err := Decode(nested(MaxDepth - 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Decode(nested(MaxDepth)); !errors.Is(err, ErrDepth) {
		t.Fatalf("got %v", err)
	}
	v = phpserialize.ListOf(v)
	if _, err := Encode(v, Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := Encode(phpserialize.ListOf(v), Options{}); !errors.Is(err, ErrDepth) {
		t.Fatalf("got %v", err)
	}
}

// encodeCorpus holds serialized values and their JSON with each option.
var encodeCorpus = []struct {
	in   string
	want string
	opt  Options
	code Code
}{
	{in: "N;", want: "null"},
	{in: "b:1;", want: "true"},
	{in: "i:-5;", want: "-5"},
	{in: "d:1;", want: "1"},
	{in: "d:-0;", want: "-0"},
	{in: "d:0.1;", want: "0.1"},
	{in: "d:1.0E+25;", want: "1.0e+25"},
	{in: "d:1.5E-7;", want: "1.5e-7"},
	{in: "d:INF;", code: ErrInfOrNaN},
	{in: "a:1:{i:0;d:NAN;}", code: ErrInfOrNaN},
	{in: `s:0:"";`, want: `""`},
	{in: "s:7:\"\x7f\x01\x1f\b\f\n\r\";", want: "\"\x7f\\u0001\\u001f\\b\\f\\n\\r\""},
	{in: `s:7:"/"\'<>&";`, want: `"\/\"\\'<>&"`},
	{in: `s:3:"a/b";`, want: `"a/b"`, opt: Options{UnescapedSlashes: true}},
	{in: `s:6:"é😀";`, want: `"\u00e9\ud83d\ude00"`},
	{in: `s:7:"é😀/";`, want: `"é😀\/"`, opt: Options{UnescapedUnicode: true}},
	{in: "s:6:\"\u2028\u2029\";", want: `"\u2028\u2029"`, opt: Options{UnescapedUnicode: true}},
	{in: "s:2:\"\xc0\x80\";", code: ErrUTF8},
	{in: "s:3:\"\xed\xa0\x80\";", code: ErrUTF8, opt: Options{UnescapedUnicode: true}},
	{in: "s:4:\"\xf4\x90\x80\x80\";", code: ErrUTF8},
	{in: "s:3:\"\xef\xbf\xbd\";", want: "\"\ufffd\"", opt: Options{UnescapedUnicode: true}},
	{in: "a:0:{}", want: "[]"},
	{in: "a:2:{i:0;i:1;i:1;a:0:{}}", want: "[1,[]]"},
	{in: "a:2:{i:1;i:1;i:0;i:2;}", want: `{"1":1,"0":2}`},
	{in: `a:2:{s:0:"";N;s:2:"a/";N;}`, want: `{"":null,"a\/":null}`},
	{in: "a:1:{s:2:\"\x00a\";i:1;}", want: `{"\u0000a":1}`},
	{in: "a:1:{s:1:\"\xff\";i:1;}", code: ErrUTF8},
	{in: `a:2:{i:0;i:1;i:1;R:2;}`, want: `[1,1]`},
	{in: `O:8:"stdClass":0:{}`, want: `{"__PHP_Incomplete_Class_Name":"stdClass"}`},
	{in: "O:1:\"A\":4:{s:1:\"x\";i:1;s:4:\"\x00A\x00y\";i:2;s:4:\"\x00*\x00z\";i:3;s:1:\"5\";i:6;}", want: `{"__PHP_Incomplete_Class_Name":"A","x":1,"5":6}`},
	{in: "O:1:\"\xff\":0:{}", code: ErrUTF8},
	{in: "O:2:\"é\":0:{}", want: `{"__PHP_Incomplete_Class_Name":"é"}`, opt: Options{UnescapedUnicode: true}},
	{in: `C:1:"A":3:{abc}`, want: `{"__PHP_Incomplete_Class_Name":"A"}`},
}

func (o Options) flags() int {
	flags := 0
	if o.UnescapedSlashes {
		flags |= 64
	}
	if o.UnescapedUnicode {
		flags |= 256
	}
	return flags
}

func TestEncode(t *testing.T) {
	for _, c := range encodeCorpus {
		t.Run(c.in, func(t *testing.T) {
			v, err := phpserialize.Unmarshal([]byte(c.in))
			if err != nil {
				t.Fatal(err)
			}
			got, err := Append([]byte("x"), v, c.opt)
			if code := codeOf(t, err); code != c.code || string(got) != "x"+c.want {
				t.Fatalf("got %q, %v, want %q, code %d", got, err, c.want, c.code)
			}
		})
	}
}

func TestEncodeGoTypes(t *testing.T) {
	got, err := Encode(phpserialize.ListOf(1, uint32(2), float32(0.5), []byte("x"), time.Duration(3)), Options{})
	if string(got) != `[1,2,0.5,"x",3]` {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestEncodeRefuses(t *testing.T) {
	itself := phpserialize.NewArray()
	itself.Append(itself)
	for _, c := range []struct {
		v    phpserialize.Value
		code Code
	}{
		{itself, ErrDepth},
		{&phpserialize.Enum{Class: "Suit", Case: "Hearts"}, ErrType},
		{struct{}{}, ErrType},
		{(*phpserialize.Array)(nil), ErrType},
		{(*phpserialize.Object)(nil), ErrType},
		{(*phpserialize.Custom)(nil), ErrType},
	} {
		if _, err := Encode(c.v, Options{}); !errors.Is(err, c.code) {
			t.Errorf("%T: got %v, want %v", c.v, err, c.code)
		}
	}
}
