// Package phpserialize holds PHP values in Go and reads and writes them as
// PHP's serialize() and unserialize() do, byte for byte.
//
// # Values
//
// A [Value] is one of
//
//	PHP        Go          serialized
//	null       nil         N;
//	bool       bool        b:1;
//	int        int64       i:5;
//	float      float64     d:0.1;  d:1.0E+25;  d:-0;  d:INF;  d:NAN;
//	string     string      s:3:"abc";             any bytes, no encoding assumed
//	array      *Array      a:1:{i:0;b:1;}         ordered by insertion
//	object     *Object     O:4:"User":1:{s:2:"id";i:5;}
//	enum case  *Enum       E:11:"Suit:Hearts";
//	Serializable *Custom   C:3:"Old":2:{xy}
//	&reference *Reference  R:2;                   the second and later places
//
// [Marshal] also takes what [FromGo] does: the other Go integer types, float32,
// []byte, and types defined as these.
//
// Decoding never runs code and knows no classes: an object is its class name
// and its properties, which is what unserialize() with allowed_classes=false
// makes of it (__PHP_Incomplete_Class). It is written back as it came. Private
// and protected property names keep their NUL bytes ("\x00User\x00id",
// "\x00*\x00id").
//
// # Array keys
//
// A PHP array key is an int or a string, and a string that spells an int64 in
// the canonical decimal way is that int: "123" and "-5" are ints, "007", "+5",
// "-0", "1.5" and numbers past 64 bits stay strings. [StringKey] applies the
// rule, so array["5"] and array[5] are one element in Go as in PHP.
//
// # References and shared objects
//
// The same *Reference in two places of a value is a PHP reference set, the same
// *Object in two places is one object. Both survive decoding and encoding with
// PHP's slot numbers: every value counts one, keys count nothing, "r:" (an
// object again) counts one, "R:" (a reference again) counts nothing.
//
// # Input from outside
//
// Decoding takes no memory for what a length or a count only claims, refuses
// what is nested deeper than 4096 levels (PHP's unserialize_max_depth) and
// reports bad input as a [*SyntaxError] or a [*LimitError]. Bytes behind the
// value are ignored, as PHP 8.2 does. [Limits.Decode] says how many were used.
//
// The behaviour is that of PHP 8.2 (ext/standard/var.c, var_unserializer.re,
// array.c, main/php_variables.c) with its default settings:
// serialize_precision=-1, precision=14, max_input_vars=1000,
// max_input_nesting_level=64.
package phpserialize
