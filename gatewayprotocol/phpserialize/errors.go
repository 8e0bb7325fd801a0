package phpserialize

import "fmt"

// SyntaxError reports bytes that unserialize() would refuse.
type SyntaxError struct {
	Offset int    // where in the input
	Msg    string // what is wrong there
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("phpserialize: %s at offset %d", e.Msg, e.Offset)
}

// LimitError reports a value that is over one of the [Limits].
type LimitError struct {
	What  string // "depth", "elements" or "bytes"
	Limit int
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("phpserialize: over the limit of %d %s", e.Limit, e.What)
}

// TypeError reports a Go value that no PHP value corresponds to.
type TypeError struct {
	Msg string
}

func (e *TypeError) Error() string { return "phpserialize: cannot serialize " + e.Msg }
