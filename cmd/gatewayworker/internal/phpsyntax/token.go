package phpsyntax

import "fmt"

// Error is what a file cannot be read for.
type Error struct {
	Line int
	Text string
}

func (e *Error) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Text) }

type kind int

const (
	tEnd      kind = iota
	tName          // names, keywords and qualified names: Foo, \Foo\Bar, if
	tVariable      // text is the name without $
	tInt
	tFloat
	tString   // text is the value
	tTemplate // parts are the pieces of a string with variables
	tOperator
	tHTML // what is outside of <?php
)

type token struct {
	kind  kind
	text  string
	line  int
	parts []Expr // of tTemplate
}

func (t token) String() string {
	switch t.kind {
	case tEnd:
		return "the end of the file"
	case tVariable:
		return "$" + t.text
	case tString, tTemplate:
		return "a string"
	case tHTML:
		return "text outside of <?php"
	}
	return fmt.Sprintf("%q", t.text)
}

// operators by length, the longest first: they are matched greedily.
var operators = []string{
	"<<=", ">>=", "**=", "...", "<=>", "===", "!==", "?->", "??=",
	"++", "--", "->", "=>", "::", "==", "!=", "<>", "<=", ">=", "&&", "||", "??",
	"+=", "-=", "*=", "/=", ".=", "%=", "&=", "|=", "^=", "<<", ">>", "**",
}
