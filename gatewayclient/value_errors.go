package gatewayclient

import "strings"

// A DecodeError says why a PHP value does not fit the Go value it is decoded
// into.
type DecodeError struct {
	Path string // where in the value, such as "user.name"; "" for the value itself
	Want string // what the Go side holds
	Got  string // what PHP's value is
	Err  error  // the cause, if there is one below
}

func (e *DecodeError) Error() string {
	var b strings.Builder
	b.WriteString("gatewayclient: cannot decode")
	if e.Path != "" {
		b.WriteString(" " + e.Path)
	}
	b.WriteString(": want " + e.Want)
	if e.Got != "" {
		b.WriteString(", got " + e.Got)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap returns Err.
func (e *DecodeError) Unwrap() error { return e.Err }

// An EncodeError says why a Go value has no PHP value.
type EncodeError struct {
	What   string // the value or its type
	Reason string // what is wrong with it
}

func (e *EncodeError) Error() string {
	return "gatewayclient: cannot encode " + e.What + ": " + e.Reason
}
