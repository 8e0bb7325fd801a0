package phpsyntax

import (
	"slices"
	"strings"
)

// maxDepth bounds how deep statements and expressions are nested.
const maxDepth = 250

// MaxSize is the size of a file that is read.
const MaxSize = 1 << 20

// Parse reads a file.
func Parse(src string) ([]Stmt, error) {
	if len(src) > MaxSize {
		return nil, &Error{1, "the file has more than 1 MB"}
	}
	tokens, err := lex(src)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens, imports: map[string]string{}}
	return p.statements("")
}

type parser struct {
	tokens  []token
	pos     int
	depth   int
	space   string            // the namespace
	imports map[string]string // alias in lower case: class
}

func (p *parser) peek() token { return p.tokens[p.pos] }

func (p *parser) ahead(n int) token { return p.tokens[min(p.pos+n, len(p.tokens)-1)] }

func (p *parser) take() token {
	t := p.tokens[p.pos]
	if p.pos < len(p.tokens)-1 {
		p.pos++
	}
	return t
}

func (p *parser) pos1() Pos { return Pos{p.peek().line} }

// is reports whether the next token is one of the operators.
func (p *parser) is(ops ...string) bool {
	t := p.peek()
	return t.kind == tOperator && slices.Contains(ops, t.text)
}

// has takes the operator if it is next.
func (p *parser) has(op string) bool {
	if p.is(op) {
		p.take()
		return true
	}
	return false
}

// word returns the keyword that is next, in lower case.
func (p *parser) word() string {
	if t := p.peek(); t.kind == tName {
		return strings.ToLower(t.text)
	}
	return ""
}

// hasWord takes the keyword if it is next.
func (p *parser) hasWord(word string) bool {
	if p.word() == word {
		p.take()
		return true
	}
	return false
}

func (p *parser) unexpected() error {
	t := p.peek()
	return &Error{t.line, "unexpected " + t.String()}
}

func (p *parser) expect(op string) error {
	if p.has(op) {
		return nil
	}
	t := p.peek()
	return &Error{t.line, "unexpected " + t.String() + ", want \"" + op + "\""}
}

// deeper is called by what nests; the caller undoes it with shallower.
func (p *parser) deeper() error {
	if p.depth++; p.depth > maxDepth {
		return &Error{p.peek().line, "nested too deep"}
	}
	return nil
}

func (p *parser) shallower() { p.depth-- }

// only parses one expression that is all there is.
func (p *parser) only() (Expr, error) {
	e, err := p.expression(0)
	if err == nil && p.peek().kind != tEnd {
		err = p.unexpected()
	}
	return e, err
}

// class resolves the name of a class as namespace and use have it.
func (p *parser) class(name string) string {
	if full, ok := strings.CutPrefix(name, `\`); ok {
		return full
	}
	first, rest, nested := strings.Cut(name, `\`)
	switch strings.ToLower(first) {
	case "self", "static", "parent":
		return strings.ToLower(name)
	case "namespace":
		return strings.TrimPrefix(p.space+`\`+rest, `\`)
	}
	if full, ok := p.imports[strings.ToLower(first)]; ok {
		if nested {
			return full + `\` + rest
		}
		return full
	}
	return strings.TrimPrefix(p.space+`\`+name, `\`)
}

// base is a name without its namespace: that of a function or constant.
func base(name string) string { return name[strings.LastIndexByte(name, '\\')+1:] }

// skipStatement reads over everything to the end of the statement: a semicolon or a
// block in braces.
func (p *parser) skipStatement() error {
	for {
		switch t := p.peek(); {
		case t.kind == tEnd:
			return p.unexpected()
		case p.has(";"):
			return nil
		case p.is("{"):
			return p.skipPair("{", "}")
		case p.is("("):
			if err := p.skipPair("(", ")"); err != nil {
				return err
			}
		default:
			p.take()
		}
	}
}

// skipPair reads over a pair of brackets and what is between.
func (p *parser) skipPair(open, shut string) error {
	if err := p.expect(open); err != nil {
		return err
	}
	for depth := 1; depth > 0; {
		switch {
		case p.peek().kind == tEnd:
			return p.unexpected()
		case p.is(open):
			depth++
		case p.is(shut):
			depth--
		}
		p.take()
	}
	return nil
}
