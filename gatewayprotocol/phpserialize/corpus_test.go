package phpserialize

import (
	"errors"
	"testing"
)

// corpusCase is a serialized text and what serialize(unserialize($in)) makes of
// it. The table drives the decoding and encoding tests, the comparison with a
// real php and the seeds of the fuzz targets.
type corpusCase struct {
	in      string
	out     string // when it is not in
	bad     bool   // unserialize() refuses it
	differs string // why we do not do as PHP does
}

func (c corpusCase) want() string {
	if c.out == "" {
		return c.in
	}
	return c.out
}

const (
	keepsCustom = "PHP loses the data of Serializable objects of unknown classes"
	keepsEnum   = "PHP cannot unserialize cases of enumerations that it does not know"
)

var corpus = []corpusCase{
	// null
	{in: `N;`},
	{in: `N`, bad: true},

	// bool
	{in: `b:1;`},
	{in: `b:0;`},
	{in: `b:2;`, bad: true},
	{in: `b:10;`, bad: true},
	{in: `b:+1;`, bad: true},
	{in: `b:-0;`, bad: true},
	{in: `b:;`, bad: true},
	{in: `b:01;`, bad: true},
	{in: `b:00;`, bad: true},

	// int
	{in: `i:5;`},
	{in: `i:+5;`, out: `i:5;`},
	{in: `i:-5;`},
	{in: `i: 5;`, bad: true},
	{in: `i:;`, bad: true},
	{in: `i:-;`, bad: true},
	{in: `i:0005;`, out: `i:5;`},
	{in: `i:--5;`, bad: true},
	{in: `i:+-5;`, bad: true},
	{in: `i:99999999999999999999;`, out: `i:9223372036854775807;`},
	{in: `i:9223372036854775807;`},
	{in: `i:9223372036854775808;`, out: `i:9223372036854775807;`},
	{in: `i:-9223372036854775808;`},
	{in: `i:-9223372036854775809;`, out: `i:-9223372036854775808;`},
	{in: `i:18446744073709551616;`, out: `i:9223372036854775807;`},
	{in: `i:5`, bad: true},
	{in: `i:5;garbage`, out: `i:5;`},
	{in: `i:5x;`, bad: true},
	{in: `i`, bad: true},
	{in: `i:`, bad: true},
	{in: `i:0000000000000000000000005;`, out: `i:5;`},
	{in: `i:-0000000000000000000000005;`, out: `i:-5;`},
	{in: `i:00000000000000000005;`, out: `i:5;`},
	{in: `i:000000000000000000005;`, out: `i:5;`},
	{in: `i:0000000000000000005;`, out: `i:5;`},

	// float
	{in: `d:1;`},
	{in: `d:0.1;`},
	{in: `d:.5;`, out: `d:0.5;`},
	{in: `d:5.;`, out: `d:5;`},
	{in: `d:.;`, bad: true},
	{in: `d:1e5;`, out: `d:100000;`},
	{in: `d:1E+5;`, out: `d:100000;`},
	{in: `d:1e;`, bad: true},
	{in: `d:+1.5;`, out: `d:1.5;`},
	{in: `d:-1.5;`},
	{in: `d:INF;`},
	{in: `d:-INF;`},
	{in: `d:+INF;`, bad: true},
	{in: `d:NAN;`},
	{in: `d:nan;`, bad: true},
	{in: `d:-NAN;`, bad: true},
	{in: `d:inf;`, bad: true},
	{in: `d: 1;`, bad: true},
	{in: `d:1e400;`, out: `d:INF;`},
	{in: `d:-1e400;`, out: `d:-INF;`},
	{in: `d:1e-400;`, out: `d:0;`},
	{in: `d:0x10;`, bad: true},
	{in: `d:1_0;`, bad: true},
	{in: `d:-0;`},
	{in: `d:+.5e-3;`, out: `d:0.0005;`},
	{in: `d:1.5E+25;`},
	{in: `d:100000.0;`, out: `d:100000;`},
	{in: `d:1e15;`, out: `d:1000000000000000;`},
	{in: `d:1e14;`, out: `d:100000000000000;`},
	{in: `d:123456789012345678;`, out: `d:1.2345678901234568E+17;`},
	{in: `d:0.00001;`, out: `d:1.0E-5;`},
	{in: `d:0.0001;`},
	{in: `d:1.0E-10;`},
	{in: `d:00012;`, out: `d:12;`},
	{in: `d:1ee5;`, bad: true},
	{in: `d:1.2.3;`, bad: true},
	{in: `d:;`, bad: true},
	{in: `d:+;`, bad: true},
	{in: `d:-.;`, bad: true},
	{in: `d:1.e5;`, out: `d:100000;`},
	{in: `d:.e5;`, bad: true},
	{in: `d:e5;`, bad: true},
	{in: `d:1234567890123456789012345678901234567890;`, out: `d:1.2345678901234568E+39;`},
	{in: `d:4.9E-324;`, out: `d:5.0E-324;`},
	{in: `d:1.7976931348623157E+308;`},
	{in: `d:2.2250738585072011e-308;`, out: `d:2.225073858507201E-308;`},
	{in: `d:0.1e;`, bad: true},
	{in: `d:1e+;`, bad: true},
	{in: `d:1e-;`, bad: true},
	{in: `d:-INFx;`, bad: true},
	{in: `d:INF`, bad: true},
	{in: `d:1.5e3.2;`, bad: true},
	{in: `d:1-2;`, bad: true},
	{in: `d:1e5e5;`, bad: true},
	{in: `d:++1;`, bad: true},
	{in: `d:1+;`, bad: true},

	// string
	{in: `s:3:"abc";`},
	{in: `s:3:"ab";`, bad: true},
	{in: `s:+3:"abc";`, bad: true},
	{in: `s:03:"abc";`, out: `s:3:"abc";`},
	{in: `s:-1:"";`, bad: true},
	{in: `s:3:"abc"`, bad: true},
	{in: `s:3:"abc"x`, bad: true},
	{in: `s:0:"";`},
	{in: `s:3:abc;`, bad: true},
	{in: `s:4:"abc";`, bad: true},
	{in: `s:99999999999999999999:"";`, bad: true},
	{in: `s:18446744073709551619:"abc";`, out: `s:3:"abc";`},
	{in: `S:3:"abc";`, out: `s:3:"abc";`},
	{in: `S:3:"a\62c";`, out: `s:3:"abc";`},
	{in: `S:1:"\zz";`, bad: true},
	{in: `s: 3:"abc";`, bad: true},
	{in: "s:3:\"a\x00c\";"},
	{in: `S:2:"\41B";`, out: `s:2:"AB";`},
	{in: `S:02:"\4aB";`, out: `s:2:"JB";`},
	{in: `s:1:"a";;`, out: `s:1:"a";`},
	{in: `s::"";`, bad: true},

	// array
	{in: `a:0:{}`},
	{in: `a:0:{`, bad: true},
	{in: `a:1:{i:0;i:1;}`},
	{in: `a:+1:{i:0;i:1;}`, bad: true},
	{in: `a:1:{i:0;i:1;`, bad: true},
	{in: `a:2:{i:0;i:1;}`, bad: true},
	{in: `a:0:{i:0;i:1;}`, bad: true},
	{in: `a:1:{s:1:"5";i:1;}`, out: `a:1:{i:5;i:1;}`},
	{in: `a:1:{S:1:"5";i:1;}`, out: `a:1:{i:5;i:1;}`},
	{in: `a:1:{b:1;i:1;}`, bad: true},
	{in: `a:1:{d:1.5;i:1;}`, bad: true},
	{in: `a:1:{N;i:1;}`, bad: true},
	{in: `a:-1:{}`, bad: true},
	{in: `a:1000000000:{`, bad: true},
	{in: `a:1000000000:{}`, bad: true},
	{in: `a:4294967296:{}`, bad: true},
	{in: `a:2:{i:0;i:1;i:0;i:2;}`, out: `a:1:{i:0;i:2;}`},
	{in: `a:3:{s:1:"a";i:1;s:1:"b";i:2;s:1:"a";i:3;}`, out: `a:2:{s:1:"a";i:3;s:1:"b";i:2;}`},
	{in: `a:1:{i:0;a:0:{};}`, bad: true},
	{in: `a:1:{i:0;E:3:"A:B";}`, differs: keepsEnum},
	{in: `a`, bad: true},
	{in: `a:`, bad: true},
	{in: `a:1`, bad: true},
	{in: `a:1:{i:9223372036854775807;i:1;}`},
	{in: `a:1:{s:19:"9223372036854775807";i:1;}`, out: `a:1:{i:9223372036854775807;i:1;}`},
	{in: `a:1:{s:20:"-9223372036854775808";i:1;}`, out: `a:1:{i:-9223372036854775808;i:1;}`},
	{in: `a:1:{s:19:"9223372036854775808";i:1;}`},
	{in: `a:1:{s:2:"-0";i:1;}`},
	{in: `a:1:{i:-0;i:1;}`, out: `a:1:{i:0;i:1;}`},
	{in: `a::{}`, bad: true},
	{in: `a:1:{i:0;O:1:"A":1:{s:1:"x";i:1;};}`, bad: true},
	{in: `a:1:{E:3:"A:B";i:1;}`, bad: true},
	{in: `a:1:{i:0;E:3:"A:B"}`, bad: true},

	// object
	{in: `O:1:"A":0:{}`},
	{in: `O:1:"A":1:{s:1:"x";i:1;}`},
	{in: `O:+1:"A":1:{s:1:"x";i:1;}`, bad: true},
	{in: `O:1:"A":1:{i:5;i:1;}`, out: `O:1:"A":1:{s:1:"5";i:1;}`},
	{in: `O:1:"A":1:{s:1:"5";i:1;}`},
	{in: "O:1:\"A\":1:{s:4:\"\x00A\x00x\";i:1;}"},
	{in: "O:1:\"A\":1:{s:4:\"\x00*\x00x\";i:1;}"},
	{in: "O:1:\"A\":1:{s:1:\"\x00\";i:1;}"},
	{in: `O:1:"A":1:{s:0:"";i:1;}`},
	{in: `O:0:"":0:{}`, bad: true},
	{in: `O:1:"1":0:{}`},
	{in: `O:3:"A B":0:{}`, bad: true},
	{in: `O:3:"A\B":0:{}`},
	{in: `O:1:"A":2:{s:1:"x";i:1;s:1:"x";i:2;}`, out: `O:1:"A":1:{s:1:"x";i:2;}`},
	{in: `O:1:"A":1:{s:1:"x";r:1;}`},
	{in: `O:1:"A":1:{s:1:"x";R:1;}`, out: `O:1:"A":1:{s:1:"x";r:1;}`},
	{in: `O:8:"stdClass":1:{s:1:"x";i:1;}`},
	{in: `O:1:"a":0:{}`},
	{in: `O:1:"A":0:{`, bad: true},
	{in: `O:1:"A":-1:{}`, bad: true},
	{in: `O:1:"A":1000000000:{}`, bad: true},
	{in: `O:2:"A":0:{}`, bad: true},
	{in: `O:1:"A":1:{s:27:"__PHP_Incomplete_Class_Name";s:1:"B";}`, out: `O:1:"B":0:{}`},
	{in: `O:22:"__PHP_Incomplete_Class":0:{}`},
	{in: `O:22:"__PHP_Incomplete_Class":1:{s:27:"__PHP_Incomplete_Class_Name";s:1:"B";}`, out: `O:1:"B":0:{}`},
	{in: `O:1:"A":2:{s:1:"x";i:1;s:27:"__PHP_Incomplete_Class_Name";s:1:"B";}`, out: `O:1:"B":1:{s:1:"x";i:1;}`},
	{in: `O:1:"A":2:{s:27:"__PHP_Incomplete_Class_Name";i:7;s:1:"x";i:1;}`, out: `O:22:"__PHP_Incomplete_Class":1:{s:1:"x";i:1;}`},
	{in: `O:1:"A":1:{S:1:"\78";i:1;}`, out: `O:1:"A":1:{s:1:"x";i:1;}`},
	{in: `O:1:"A":1:{b:1;i:1;}`, bad: true},
	{in: `O:1:"A":1:{d:1.5;i:1;}`, bad: true},
	{in: "O:1:\"\xc3\xa9\":0:{}", bad: true},
	{in: "O:2:\"\xc3\xa9\":0:{}"},
	{in: `O:1:"A":0:{};`, out: `O:1:"A":0:{}`},
	{in: `O:1:"A":1:{i:0;O:1:"B":0:{}}`, out: `O:1:"A":1:{s:1:"0";O:1:"B":0:{}}`},
	{in: `O:8:"DateTime":3:{s:4:"date";s:26:"2020-01-01 00:00:00.000000";s:13:"timezone_type";i:3;s:8:"timezone";s:3:"UTC";}`},
	{in: `O:1:"A"::{}`, out: `O:1:"A":0:{}`},
	{in: `O:1:"A":+1:{i:0;i:1;}`, out: `O:1:"A":1:{s:1:"0";i:1;}`},
	{in: `O:1:"A":+0:{}`, out: `O:1:"A":0:{}`},
	{in: `O:1:"A":1:{s:1:"x";a:1:{i:0;R:2;}}`},
	{in: `O:1:"A":1:{s:1:"x";a:1:{i:0;R:1;}}`, out: `O:1:"A":1:{s:1:"x";a:1:{i:0;r:1;}}`},
	{in: `O:1:"A":2:{s:1:"x";R:1;s:1:"y";r:1;}`, out: `O:1:"A":2:{s:1:"x";r:1;s:1:"y";r:1;}`},
	{in: `O:1:"A":2:{s:1:"x";R:1;s:1:"y";R:1;}`},
	{in: `O:27:"__PHP_Incomplete_Class_Name":0:{}`},
	{in: `O:3:"A::":0:{}`, bad: true},
	{in: "O:1:\"\x7f\":0:{}", bad: true},
	{in: `O:1:"-":0:{}`, bad: true},
	{in: `O:1:"\":0:{}`, bad: true},
	{in: `O:03:"Abc":00:{}`, out: `O:3:"Abc":0:{}`},
	{in: `O:1:"A":18446744073709551616:{}`, bad: true},

	// custom
	{in: `C:1:"A":3:{abc}`, differs: keepsCustom},
	{in: `C:1:"A":0:{}`, differs: keepsCustom},
	{in: `C:11:"ArrayObject":21:{x:i:0;a:0:{};m:a:0:{}}`, differs: keepsCustom},
	{in: `C:1:"A":3:{abc`, bad: true},
	{in: `C:1:"A":4:{abc}`, bad: true},
	{in: `C:1:"A":-1:{}`, bad: true},
	{in: `C:1:"A":+1:{x}`, out: `C:1:"A":1:{x}`, differs: keepsCustom},
	{in: `C:1:"A"::{}`, out: `C:1:"A":0:{}`, differs: keepsCustom},

	// enum
	{in: `E:3:"A:B";`, differs: keepsEnum},
	{in: `E:3:"AB:";`, bad: true},
	{in: `E:1:"A";`, bad: true},
	{in: `E:3:"A:B"`, bad: true},
	{in: `E:0:"";`, bad: true},

	// reference
	{in: `a:1:{R:1;i:1;}`, bad: true},
	{in: `a:1:{i:0;R:1;}`, out: `a:1:{i:0;N;}`},
	{in: `a:1:{i:0;r:1;}`, bad: true},
	{in: `a:2:{i:0;i:5;i:1;R:2;}`},
	{in: `a:2:{i:0;i:5;i:1;r:2;}`, bad: true},
	{in: `a:2:{i:0;i:5;i:1;R:3;}`, bad: true},
	{in: `a:2:{i:0;i:5;i:1;R:0;}`, bad: true},
	{in: `a:2:{i:0;i:5;i:1;R:-1;}`, bad: true},
	{in: `a:2:{i:0;i:5;i:1;R:+2;}`, bad: true},
	{in: `a:3:{i:0;i:1;i:1;R:2;i:2;R:3;}`, bad: true},
	{in: `a:3:{i:0;i:1;i:1;i:7;i:2;R:3;}`},
	{in: `a:3:{i:0;O:1:"A":0:{}i:1;r:2;i:2;i:7;}`},
	{in: `a:4:{i:0;O:1:"A":0:{}i:1;r:2;i:2;i:7;i:3;R:4;}`},
	{in: `a:4:{i:0;O:1:"A":0:{}i:1;r:2;i:2;i:7;i:3;R:3;}`, out: `a:4:{i:0;O:1:"A":0:{}i:1;R:2;i:2;i:7;i:3;R:2;}`},
	{in: `a:4:{i:0;O:1:"A":0:{}i:1;R:2;i:2;i:7;i:3;R:3;}`},
	{in: `a:3:{i:0;a:1:{i:0;i:3;}i:1;R:2;i:2;R:3;}`},
	{in: `a:2:{i:0;i:1;i:0;R:2;}`, bad: true},
	{in: `a:3:{i:0;i:1;i:0;i:2;i:1;R:2;}`, out: `a:2:{i:0;i:2;i:1;R:2;}`},
	{in: `a:3:{i:0;i:1;i:0;i:2;i:1;R:3;}`, out: `a:2:{i:0;i:2;i:1;R:2;}`},
	{in: `a:2:{i:0;a:1:{i:0;i:1;}i:0;R:3;}`, out: `a:1:{i:0;i:1;}`},
	{in: `a:2:{i:0;O:1:"A":0:{}i:1;R:2;}`},
	{in: `R:1;`, bad: true},
	{in: `r:1;`, bad: true},
	{in: `a:2:{i:0;C:1:"A":3:{abc}i:1;r:2;}`, differs: keepsCustom},
	{in: `a:1:{i:0;a:1:{i:0;R:1;}}`, out: `a:1:{i:0;a:1:{i:0;a:1:{i:0;N;}}}`},
	{in: `a:2:{i:0;R:1;i:1;R:1;}`, out: `a:2:{i:0;a:2:{i:0;R:2;i:1;R:2;}i:1;R:2;}`},
	{in: `a:1:{i:0;a:1:{i:0;R:2;}}`},
	{in: `a:2:{i:0;a:1:{i:0;R:1;}i:1;i:5;}`, out: `a:2:{i:0;a:1:{i:0;a:2:{i:0;N;i:1;i:5;}}i:1;i:5;}`},
	{in: `a:3:{i:0;a:1:{i:0;R:1;}i:1;O:1:"A":0:{}i:2;r:4;}`, bad: true},
	{in: `a:3:{i:0;R:1;i:1;O:1:"A":0:{}i:2;r:3;}`, bad: true},
	{in: `a:2:{i:0;R:1;i:1;a:1:{i:0;R:1;}}`, out: `a:2:{i:0;a:2:{i:0;R:2;i:1;a:1:{i:0;R:2;}}i:1;a:1:{i:0;R:2;}}`},
	{in: `a:2:{i:0;a:1:{i:0;R:1;}i:1;R:2;}`, out: `a:2:{i:0;a:1:{i:0;a:2:{i:0;R:2;i:1;R:2;}}i:1;R:2;}`},
	{in: `a:1:{i:0;a:2:{i:0;R:2;i:1;R:1;}}`, out: `a:1:{i:0;a:2:{i:0;R:2;i:1;a:1:{i:0;R:2;}}}`},
	{in: `a:1:{i:0;a:1:{i:0;a:1:{i:0;R:1;}}}`, out: `a:1:{i:0;a:1:{i:0;a:1:{i:0;a:1:{i:0;N;}}}}`},
	{in: `a:1:{i:0;a:1:{i:0;a:1:{i:0;R:2;}}}`},
	{in: `a:1:{i:0;a:1:{i:0;a:1:{i:0;R:3;}}}`},
	{in: `R:;`, bad: true},
	{in: `r:;`, bad: true},
	{in: `a:2:{i:0;r:1;i:1;R:1;}`, bad: true},
	{in: `a:2:{i:0;O:1:"A":2:{s:27:"__PHP_Incomplete_Class_Name";s:1:"B";s:1:"p";i:4;}i:1;R:4;}`, out: `a:2:{i:0;O:1:"B":1:{s:1:"p";i:4;}i:1;R:3;}`},

	// other
	{in: `I:5;`, bad: true},
	{in: `n;`, bad: true},
	{in: ``, bad: true},
	{in: `x:1;`, bad: true},
	{in: `}`, bad: true},
	{in: `;`, bad: true},
	{in: `o:1:"A":0:{}`, bad: true},
	{in: `o:0:{}`, bad: true},
	{in: `P:1;`, bad: true},
	{in: `U:1:"a";`, bad: true},
	{in: `c:1:"A":0:{}`, bad: true},
}

func TestCorpus(t *testing.T) {
	for _, c := range corpus {
		t.Run(c.in, func(t *testing.T) {
			v, err := Unmarshal([]byte(c.in))
			if c.bad {
				var syntax *SyntaxError
				if !errors.As(err, &syntax) {
					t.Fatalf("decoded to %#v, %v, want a SyntaxError", v, err)
				}
				if syntax.Offset < 0 || syntax.Offset > len(c.in) {
					t.Fatalf("offset %d of %d bytes", syntax.Offset, len(c.in))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			out, err := Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			if string(out) != c.want() {
				t.Fatalf("got  %q\nwant %q", out, c.want())
			}
		})
	}
}
