// Package phpjson reads and writes JSON as PHP 8.2's json_decode($s, true) and
// json_encode() do, on the values of package phpserialize.
//
// JSON arrays and objects both become an ordered *phpserialize.Array; the keys
// of objects follow PHP's rule for array keys ("5" is the int 5). An Array is
// written as a JSON array where its keys are 0, 1, 2 ... in this order, else as
// an object.
//
// Every error is an [*Error] that carries PHP's json_last_error() code:
//
//	errors.Is(err, phpjson.ErrSyntax)
package phpjson

import "fmt"

// MaxDepth is the default depth of json_encode() and json_decode(). Encoding
// takes that many levels of arrays and objects, decoding one less.
const MaxDepth = 512

// Code says what is wrong. The numbers are PHP's JSON_ERROR_ constants. A Code
// is an error itself, to be matched with errors.Is.
type Code int

const (
	ErrDepth       Code = 1  // nested deeper than MaxDepth
	ErrMismatch    Code = 2  // ] where } should be, or the other way round
	ErrControlChar Code = 3  // a control character, perhaps in a string
	ErrSyntax      Code = 4  // no JSON
	ErrUTF8        Code = 5  // bytes that are not UTF-8
	ErrInfOrNaN    Code = 7  // a float that JSON cannot spell
	ErrType        Code = 8  // a value that JSON cannot spell
	ErrUTF16       Code = 10 // half a surrogate pair in \u escapes
	ErrTooLong     Code = -1 // longer than Options.MaxBytes; PHP has no such bound
)

func (c Code) Error() string {
	switch c {
	case ErrDepth:
		return "nested too deep"
	case ErrMismatch:
		return "mismatched bracket"
	case ErrControlChar:
		return "unexpected control character"
	case ErrSyntax:
		return "syntax error"
	case ErrUTF8:
		return "malformed UTF-8"
	case ErrInfOrNaN:
		return "INF and NAN cannot be encoded"
	case ErrType:
		return "type cannot be encoded"
	case ErrUTF16:
		return "unpaired UTF-16 surrogate"
	case ErrTooLong:
		return "longer than allowed"
	}
	return fmt.Sprintf("error %d", int(c))
}

// Error is what Decode and Encode return.
type Error struct {
	Code   Code
	Offset int    // in the input of Decode; -1 from Encode
	Detail string // may be empty
}

func (e *Error) Error() string {
	s := "phpjson: " + e.Code.Error()
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.Offset >= 0 {
		s += fmt.Sprintf(" at offset %d", e.Offset)
	}
	return s
}

// Unwrap returns the code.
func (e *Error) Unwrap() error { return e.Code }
