package phpsyntax

import "strings"

// statements parses until one of the words or "}" is next; without, to the end.
func (p *parser) statements(until ...string) ([]Stmt, error) {
	var list []Stmt
	for {
		for _, u := range until {
			if p.peek().kind == tEnd && u == "" {
				return list, nil
			}
			if u != "" && (p.is(u) || p.word() == u) {
				return list, nil
			}
		}
		if p.peek().kind == tEnd {
			return nil, p.unexpected()
		}
		s, err := p.statement()
		if err != nil {
			return nil, err
		}
		if s != nil {
			list = append(list, s)
		}
	}
}

// block parses {...}.
func (p *parser) block() ([]Stmt, error) {
	if err := p.expect("{"); err != nil {
		return nil, err
	}
	list, err := p.statements("}")
	if err != nil {
		return nil, err
	}
	return list, p.expect("}")
}

// body parses what a loop or condition has: a statement, or ":" up to end.
func (p *parser) body(end ...string) ([]Stmt, error) {
	if p.has(":") {
		list, err := p.statements(end...)
		if err == nil && len(end) == 1 {
			p.take()
			err = p.end()
		}
		return list, err
	}
	s, err := p.statement()
	if err != nil || s == nil {
		return nil, err
	}
	if b, ok := s.(*Block); ok {
		return b.Body, nil
	}
	return []Stmt{s}, nil
}

// end takes the end of a statement.
func (p *parser) end() error {
	if p.peek().kind == tEnd {
		return nil
	}
	return p.expect(";")
}

// statement parses one; nil stands for one without an effect.
func (p *parser) statement() (Stmt, error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer p.shallower()
	pos := p.pos1()
	switch t := p.peek(); {
	case p.has(";"):
		return nil, nil
	case t.kind == tHTML:
		p.take()
		return nil, nil
	case p.is("{"):
		list, err := p.block()
		return &Block{pos, list}, err
	case t.kind == tName && !strings.Contains(t.text, `\`) && !(p.ahead(1).kind == tOperator && p.ahead(1).text == "::"):
		if parse, ok := keywords[p.word()]; ok {
			p.take()
			return parse(p, pos)
		}
		if s, ok, err := p.declaration(pos); ok {
			return s, err
		}
		if next := p.ahead(1); next.kind == tOperator && next.text == ":" { // a label of goto
			p.take()
			p.take()
			return nil, nil
		}
	}
	e, err := p.expression(0)
	if err != nil {
		return nil, err
	}
	return &Expression{pos, e}, p.end()
}

var keywords map[string]func(*parser, Pos) (Stmt, error)

func init() {
	keywords = map[string]func(*parser, Pos) (Stmt, error){
		"if": (*parser).ifStatement, "while": (*parser).whileStatement, "do": (*parser).doStatement,
		"for": (*parser).forStatement, "foreach": (*parser).foreachStatement, "switch": (*parser).switchStatement,
		"try": (*parser).tryStatement, "echo": (*parser).echoStatement, "global": (*parser).globalStatement,
		"unset": (*parser).unsetStatement, "const": (*parser).constStatement, "namespace": (*parser).namespaceStatement,
		"use": (*parser).useStatement,
		"return": func(p *parser, pos Pos) (Stmt, error) {
			if p.is(";") || p.peek().kind == tEnd {
				return &Return{Pos: pos}, p.end()
			}
			x, err := p.expression(0)
			if err != nil {
				return nil, err
			}
			return &Return{pos, x}, p.end()
		},
		"break":    func(p *parser, pos Pos) (Stmt, error) { return p.jump(pos, false) },
		"continue": func(p *parser, pos Pos) (Stmt, error) { return p.jump(pos, true) },
		"goto":     func(p *parser, _ Pos) (Stmt, error) { return nil, p.unexpected() },
		"declare":  func(p *parser, _ Pos) (Stmt, error) { return nil, p.skipPair("(", ")") },
		"__halt_compiler": func(p *parser, _ Pos) (Stmt, error) {
			p.pos = len(p.tokens) - 1
			return nil, nil
		},
	}
}

func (p *parser) condition() (Expr, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	e, err := p.expression(0)
	if err != nil {
		return nil, err
	}
	return e, p.expect(")")
}

func (p *parser) ifStatement(pos Pos) (Stmt, error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer p.shallower()
	cond, err := p.condition()
	if err != nil {
		return nil, err
	}
	s := &If{Pos: pos, Cond: cond}
	long := p.is(":")
	if s.Then, err = p.body("elseif", "else", "endif"); err != nil {
		return nil, err
	}
	next := p.pos1()
	switch {
	case p.word() == "elseif":
		p.take()
		nested, err := p.ifStatement(next)
		s.Else = []Stmt{nested}
		return s, err
	case !long && p.word() == "else":
		p.take()
		if s.Else, err = p.body("endif"); err != nil {
			return nil, err
		}
	case long && p.hasWord("else"):
		if p.is(":") {
			s.Else, err = p.body("endif")
			return s, err
		}
		return nil, p.unexpected()
	case long && p.hasWord("endif"):
		return s, p.end()
	}
	return s, nil
}

func (p *parser) whileStatement(pos Pos) (Stmt, error) {
	cond, err := p.condition()
	if err != nil {
		return nil, err
	}
	body, err := p.body("endwhile")
	return &While{Pos: pos, Cond: cond, Body: body}, err
}

func (p *parser) doStatement(pos Pos) (Stmt, error) {
	body, err := p.body("while")
	if err != nil {
		return nil, err
	}
	if !p.hasWord("while") {
		return nil, p.unexpected()
	}
	cond, err := p.condition()
	if err != nil {
		return nil, err
	}
	return &While{Pos: pos, Cond: cond, Body: body, DoWhile: true}, p.end()
}

func (p *parser) forStatement(pos Pos) (Stmt, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	s := &For{Pos: pos}
	for i, part := range []*[]Expr{&s.Init, &s.Cond, &s.Post} {
		end := []string{";", ";", ")"}[i]
		for !p.is(end) {
			e, err := p.expression(0)
			if err != nil {
				return nil, err
			}
			*part = append(*part, e)
			if !p.has(",") {
				break
			}
		}
		if err := p.expect(end); err != nil {
			return nil, err
		}
	}
	var err error
	s.Body, err = p.body("endfor")
	return s, err
}

func (p *parser) foreachStatement(pos Pos) (Stmt, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	s := &Foreach{Pos: pos}
	var err error
	if s.X, err = p.expression(0); err != nil {
		return nil, err
	}
	if !p.hasWord("as") {
		return nil, p.unexpected()
	}
	p.has("&")
	if s.Value, err = p.expression(0); err != nil {
		return nil, err
	}
	if p.has("=>") {
		p.has("&")
		s.Key = s.Value
		if s.Value, err = p.expression(0); err != nil {
			return nil, err
		}
	}
	if err := p.expect(")"); err != nil {
		return nil, err
	}
	s.Body, err = p.body("endforeach")
	return s, err
}

func (p *parser) switchStatement(pos Pos) (Stmt, error) {
	x, err := p.condition()
	if err != nil {
		return nil, err
	}
	s := &Switch{Pos: pos, X: x}
	end := "}"
	if p.has(":") {
		end = "endswitch"
	} else if err := p.expect("{"); err != nil {
		return nil, err
	}
	for !p.is(end) && p.word() != end {
		p.has(";")
		var c Case
		if p.hasWord("case") {
			if c.When, err = p.expression(0); err != nil {
				return nil, err
			}
		} else if !p.hasWord("default") {
			return nil, p.unexpected()
		}
		if !p.has(":") && !p.has(";") {
			return nil, p.unexpected()
		}
		if c.Body, err = p.statements("case", "default", end); err != nil {
			return nil, err
		}
		s.Cases = append(s.Cases, c)
	}
	p.take()
	if end == "endswitch" {
		return s, p.end()
	}
	return s, nil
}

func (p *parser) tryStatement(pos Pos) (Stmt, error) {
	s := &Try{Pos: pos}
	var err error
	if s.Body, err = p.block(); err != nil {
		return nil, err
	}
	for p.hasWord("catch") {
		if err := p.skipPair("(", ")"); err != nil {
			return nil, err
		}
		if err := p.skipPair("{", "}"); err != nil {
			return nil, err
		}
	}
	if p.hasWord("finally") {
		s.Finally, err = p.block()
	}
	return s, err
}

func (p *parser) echoStatement(pos Pos) (Stmt, error) {
	s := &Echo{Pos: pos}
	for {
		e, err := p.expression(0)
		if err != nil {
			return nil, err
		}
		s.Of = append(s.Of, e)
		if !p.has(",") {
			return s, p.end()
		}
	}
}

func (p *parser) globalStatement(pos Pos) (Stmt, error) {
	s := &Global{Pos: pos}
	for {
		t := p.take()
		if t.kind != tVariable {
			return nil, &Error{t.line, "unexpected " + t.String()}
		}
		s.Names = append(s.Names, t.text)
		if !p.has(",") {
			return s, p.end()
		}
	}
}

func (p *parser) unsetStatement(pos Pos) (Stmt, error) {
	args, err := p.arguments()
	if err != nil {
		return nil, err
	}
	s := &Unset{Pos: pos}
	for _, a := range args {
		s.Of = append(s.Of, a.Value)
	}
	return s, p.end()
}

func (p *parser) jump(pos Pos, again bool) (Stmt, error) {
	s := &Jump{pos, again, 1}
	if t := p.peek(); t.kind == tInt {
		p.take()
		if s.Levels = int(integer(t.text)); s.Levels < 1 {
			return nil, &Error{t.line, "unexpected " + t.String()}
		}
	}
	return s, p.end()
}
