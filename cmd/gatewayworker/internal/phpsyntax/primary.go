package phpsyntax

import (
	"strconv"
	"strings"
)

// postfix parses an operand with what follows it: calls, indexes, properties.
func (p *parser) postfix() (Expr, error) {
	e, err := p.primary()
	for steps := 0; err == nil; steps++ {
		pos, t := p.pos1(), p.peek()
		if t.kind != tOperator {
			return e, nil
		}
		if steps > 1000 {
			return nil, &Error{t.line, "an expression that is too long"}
		}
		switch t.text {
		case "[", "{":
			if t.text == "{" {
				return e, nil
			}
			p.take()
			index := &Index{Pos: pos, X: e}
			if !p.is("]") {
				if index.Key, err = p.expression(0); err != nil {
					return nil, err
				}
			}
			e, err = index, p.expect("]")
		case "->", "?->":
			p.take()
			e, err = p.member1(e, pos)
		case "::":
			p.take()
			e, err = p.static(e, pos)
		case "(":
			var args []Item
			args, err = p.arguments()
			if c, ok := e.(*Constant); ok {
				e = &Call{Pos: c.Pos, Name: c.Name, Args: args}
			} else {
				e = &Call{Pos: pos, Of: e, Args: args}
			}
		case "++", "--":
			p.take()
			e = &Step{pos, e, step(t.text), false}
		default:
			return e, nil
		}
	}
	return nil, err
}

// member1 parses what follows ->.
func (p *parser) member1(x Expr, pos Pos) (Expr, error) {
	var name Expr
	switch t := p.take(); {
	case t.kind == tName:
		name = &Literal{pos, t.text}
	case t.kind == tVariable:
		name = &Variable{Pos: pos, Name: t.text}
	case t.kind == tOperator && t.text == "{":
		var err error
		if name, err = p.expression(0); err != nil {
			return nil, err
		}
		if err := p.expect("}"); err != nil {
			return nil, err
		}
	default:
		return nil, &Error{t.line, "unexpected " + t.String()}
	}
	if !p.is("(") {
		return &Property{pos, x, name}, nil
	}
	args, err := p.arguments()
	return &MethodCall{pos, x, name, args}, err
}

// static parses what follows ::.
func (p *parser) static(x Expr, pos Pos) (Expr, error) {
	if c, ok := x.(*Constant); ok { // a name in front of :: is a class
		x = &ClassName{c.Pos, p.class(p.tokens[p.pos-2].text)}
	}
	switch t := p.take(); {
	case t.kind == tVariable:
		return &StaticProperty{pos, x, t.text}, nil
	case t.kind == tName && p.is("("):
		args, err := p.arguments()
		return &StaticCall{pos, x, t.text, args}, err
	case t.kind == tName:
		return &ClassConstant{pos, x, t.text}, nil
	case t.kind == tOperator && t.text == "$" && p.is("{"):
		if err := p.skipPair("{", "}"); err != nil {
			return nil, err
		}
		return &StaticProperty{pos, x, ""}, nil
	default:
		return nil, &Error{t.line, "unexpected " + t.String()}
	}
}

// arguments parses (a, ...b, name: c).
func (p *parser) arguments() ([]Item, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	var list []Item
	for !p.is(")") {
		var a Item
		if p.has("...") {
			a.Spread = true
			if p.is(")") {
				break
			}
		} else if t := p.peek(); t.kind == tName && p.ahead(1).kind == tOperator && p.ahead(1).text == ":" {
			a.Key = &Literal{Pos{t.line}, t.text}
			p.take()
			p.take()
		}
		var err error
		if a.Value, err = p.expression(0); err != nil {
			return nil, err
		}
		list = append(list, a)
		if !p.has(",") {
			break
		}
	}
	return list, p.expect(")")
}

func (p *parser) primary() (Expr, error) {
	pos, t := p.pos1(), p.take()
	switch t.kind {
	case tVariable:
		return &Variable{Pos: pos, Name: t.text}, nil
	case tString:
		return &Literal{pos, t.text}, nil
	case tTemplate:
		return &Template{pos, t.parts}, nil
	case tInt:
		return &Literal{pos, integer(t.text)}, nil
	case tFloat:
		f, err := strconv.ParseFloat(strings.ReplaceAll(t.text, "_", ""), 64)
		if err != nil {
			return nil, &Error{t.line, "unexpected " + t.String()}
		}
		return &Literal{pos, f}, nil
	case tName:
		return p.name(t, pos)
	case tOperator:
		switch t.text {
		case "(":
			e, err := p.expression(0)
			if err != nil {
				return nil, err
			}
			return e, p.expect(")")
		case "[":
			return p.items(pos, "]")
		case "$":
			if p.has("{") {
				e, err := p.expression(0)
				if err != nil {
					return nil, err
				}
				return &Variable{Pos: pos, Of: e}, p.expect("}")
			}
			e, err := p.primary()
			return &Variable{Pos: pos, Of: e}, err
		}
	}
	return nil, &Error{t.line, "unexpected " + t.String()}
}

// items parses the items of an array; holes occur in lists.
func (p *parser) items(pos Pos, end string) (Expr, error) {
	a := &Array{Pos: pos}
	for !p.is(end) {
		if p.has(",") {
			a.Items = append(a.Items, Item{})
			continue
		}
		var it Item
		it.Spread = p.has("...")
		p.has("&")
		var err error
		if it.Value, err = p.expression(0); err != nil {
			return nil, err
		}
		if p.has("=>") {
			p.has("&")
			it.Key = it.Value
			if it.Value, err = p.expression(0); err != nil {
				return nil, err
			}
		}
		a.Items = append(a.Items, it)
		if !p.has(",") {
			break
		}
	}
	return a, p.expect(end)
}

// name parses what begins with a name: keywords of expressions, constants, and
// the names of functions and classes, which postfix completes.
func (p *parser) name(t token, pos Pos) (Expr, error) {
	switch strings.ToLower(t.text) {
	case "array", "list":
		if p.has("(") {
			return p.items(pos, ")")
		}
	case "new":
		return p.new(pos)
	case "function":
		p.has("&")
		f, err := p.function("")
		return &Closure{pos, f}, err
	case "fn":
		if p.is("(") || p.is("&") {
			return p.arrow(pos)
		}
	case "static":
		if w := p.word(); w == "function" || w == "fn" {
			return p.primary()
		}
	case "isset":
		args, err := p.arguments()
		e := &Isset{Pos: pos}
		for _, a := range args {
			e.Of = append(e.Of, a.Value)
		}
		return e, err
	case "empty":
		x, err := p.condition()
		return &Empty{pos, x}, err
	case "exit", "die":
		e := &Unary{Pos: pos, Op: "exit"}
		if p.is("(") {
			args, err := p.arguments()
			if err != nil {
				return nil, err
			}
			if len(args) > 0 {
				e.X = args[0].Value
			}
		}
		return e, nil
	case "match":
		if p.is("(") {
			return p.match(pos)
		}
	}
	return &Constant{pos, base(t.text)}, nil
}

func (p *parser) arrow(pos Pos) (Expr, error) {
	p.has("&")
	f := Function{Arrow: true}
	var err error
	if f.Params, err = p.parameters(); err != nil {
		return nil, err
	}
	if p.has(":") {
		p.typeName()
	}
	if err := p.expect("=>"); err != nil {
		return nil, err
	}
	x, err := p.expression(powerAssign)
	if err != nil {
		return nil, err
	}
	f.Body = []Stmt{&Return{Pos{x.At()}, x}}
	return &Closure{pos, f}, nil
}

func (p *parser) new(pos Pos) (Expr, error) {
	n := &New{Pos: pos}
	if p.word() == "class" {
		p.take()
		if p.is("(") {
			if _, err := p.arguments(); err != nil {
				return nil, err
			}
		}
		return n, p.members(&ClassDecl{Constants: map[string]Expr{}})
	}
	var err error
	if n.Class, err = p.classExpression(); err != nil {
		return nil, err
	}
	if p.is("(") {
		n.Args, err = p.arguments()
	}
	return n, err
}

// classExpression parses what stands behind new and instanceof.
func (p *parser) classExpression() (Expr, error) {
	pos, t := p.pos1(), p.take()
	switch {
	case t.kind == tName:
		return &ClassName{pos, p.class(t.text)}, nil
	case t.kind == tVariable:
		var e Expr = &Variable{Pos: pos, Name: t.text}
		for {
			switch {
			case p.is("->") && p.ahead(1).kind == tName:
				p.take()
				e = &Property{pos, e, &Literal{pos, p.take().text}}
			case p.is("["):
				p.take()
				key, err := p.expression(0)
				if err != nil {
					return nil, err
				}
				if err := p.expect("]"); err != nil {
					return nil, err
				}
				e = &Index{pos, e, key}
			default:
				return e, nil
			}
		}
	case t.kind == tOperator && t.text == "(":
		e, err := p.expression(0)
		if err != nil {
			return nil, err
		}
		return e, p.expect(")")
	}
	return nil, &Error{t.line, "unexpected " + t.String()}
}

func (p *parser) match(pos Pos) (Expr, error) {
	x, err := p.condition()
	if err != nil {
		return nil, err
	}
	if err := p.expect("{"); err != nil {
		return nil, err
	}
	m := &Match{Pos: pos, X: x}
	for !p.is("}") {
		var arm Arm
		if !p.hasWord("default") {
			for !p.is("=>") {
				e, err := p.expression(0)
				if err != nil {
					return nil, err
				}
				arm.When = append(arm.When, e)
				if !p.has(",") {
					break
				}
			}
		}
		p.has(",")
		if err := p.expect("=>"); err != nil {
			return nil, err
		}
		if arm.Then, err = p.expression(0); err != nil {
			return nil, err
		}
		m.Arms = append(m.Arms, arm)
		if !p.has(",") {
			break
		}
	}
	return m, p.expect("}")
}
