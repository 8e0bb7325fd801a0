package phpsyntax

import "strings"

// declaration parses functions and classes; ok says that one begins here.
func (p *parser) declaration(pos Pos) (s Stmt, ok bool, err error) {
	switch p.word() {
	case "function":
		if next := p.ahead(1); next.kind == tName || next.text == "&" && p.ahead(2).kind == tName {
			p.take()
			p.has("&")
			f, err := p.function(p.take().text)
			return &FuncDecl{pos, f}, true, err
		}
	case "static":
		if p.ahead(1).kind == tVariable {
			p.take()
			s, err := p.staticVariables(pos)
			return s, true, err
		}
	case "abstract", "final", "readonly":
		p.take()
		if isClass, _ := p.classWord(); !isClass {
			return p.declaration(pos)
		}
		s, err := p.classDeclaration(pos)
		return s, true, err
	default:
		if isClass, isEnum := p.classWord(); isClass && p.ahead(1).kind == tName {
			if isEnum {
				return nil, true, p.skipStatement()
			}
			s, err := p.classDeclaration(pos)
			return s, true, err
		}
	}
	return nil, false, nil
}

func (p *parser) classWord() (isClass, isEnum bool) {
	switch p.word() {
	case "class", "trait", "interface":
		return true, false
	case "enum":
		return true, true
	}
	return false, false
}

func (p *parser) staticVariables(pos Pos) (Stmt, error) {
	b := &Block{Pos: pos}
	for {
		t := p.take()
		if t.kind != tVariable {
			return nil, &Error{t.line, "unexpected " + t.String()}
		}
		v := &StaticVar{Pos: Pos{t.line}, Name: t.text}
		if p.has("=") {
			var err error
			if v.X, err = p.expression(0); err != nil {
				return nil, err
			}
		}
		b.Body = append(b.Body, v)
		if !p.has(",") {
			return b, p.end()
		}
	}
}

// function parses what follows the name: parameters, uses, type and body. An
// abstract one has no body.
func (p *parser) function(name string) (Function, error) {
	f := Function{Name: name}
	var err error
	if f.Params, err = p.parameters(); err != nil {
		return f, err
	}
	if p.hasWord("use") {
		if err := p.expect("("); err != nil {
			return f, err
		}
		for !p.is(")") {
			p.has("&")
			t := p.take()
			if t.kind != tVariable {
				return f, &Error{t.line, "unexpected " + t.String()}
			}
			f.Uses = append(f.Uses, t.text)
			if !p.has(",") {
				break
			}
		}
		if err := p.expect(")"); err != nil {
			return f, err
		}
	}
	if p.has(":") {
		p.typeName()
	}
	if p.has(";") {
		return f, nil
	}
	f.Body, err = p.block()
	return f, err
}

func (p *parser) parameters() ([]Param, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	var list []Param
	for !p.is(")") {
		p.typeName()
		var q Param
		p.has("&")
		q.Variadic = p.has("...")
		t := p.take()
		if t.kind != tVariable {
			return nil, &Error{t.line, "unexpected " + t.String()}
		}
		q.Name = t.text
		if p.has("=") {
			var err error
			if q.Default, err = p.expression(0); err != nil {
				return nil, err
			}
		}
		list = append(list, q)
		if !p.has(",") {
			break
		}
	}
	return list, p.expect(")")
}

// typeName reads over modifiers and a type.
func (p *parser) typeName() {
	for p.peek().kind == tName || p.is("?", "|", "(") || p.is("&") && p.ahead(1).kind == tName || p.is(")") && p.ahead(1).text == "|" {
		p.take()
	}
}

func (p *parser) classDeclaration(pos Pos) (Stmt, error) {
	p.take()
	name := p.take()
	if name.kind != tName {
		return nil, &Error{name.line, "unexpected " + name.String()}
	}
	c := &ClassDecl{Pos: pos, Name: strings.TrimPrefix(p.space+`\`+name.text, `\`), Constants: map[string]Expr{}}
	if p.hasWord("extends") && p.peek().kind == tName {
		c.Parent = p.class(p.peek().text)
	}
	return c, p.members(c)
}

// members parses the rest of a class: what it implements, and its body.
func (p *parser) members(c *ClassDecl) error {
	for !p.is("{") {
		if p.peek().kind == tEnd {
			return p.unexpected()
		}
		p.take()
	}
	p.take()
	for !p.has("}") {
		if err := p.member(c); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) member(c *ClassDecl) error {
	static := false
	for {
		pos := p.pos1()
		switch word := p.word(); {
		case word == "use" || word == "case":
			return p.skipStatement()
		case word == "const":
			p.take()
			if p.ahead(1).kind == tName { // with a type
				p.take()
			}
			return p.classConstants(c)
		case word == "function":
			p.take()
			p.has("&")
			t := p.take()
			if t.kind != tName {
				return &Error{t.line, "unexpected " + t.String()}
			}
			f, err := p.function(t.text)
			c.Methods = append(c.Methods, Method{pos, f})
			return err
		case p.peek().kind == tVariable:
			return p.classProps(c, static)
		case word != "" || p.is("?", "|", "&", "(", ")"): // modifiers, types
			static = static || word == "static"
			p.take()
		default:
			return p.unexpected()
		}
	}
}

func (p *parser) classConstants(c *ClassDecl) error {
	for {
		t := p.take()
		if t.kind != tName {
			return &Error{t.line, "unexpected " + t.String()}
		}
		if err := p.expect("="); err != nil {
			return err
		}
		x, err := p.expression(0)
		if err != nil {
			return err
		}
		c.Constants[t.text] = x
		if !p.has(",") {
			return p.expect(";")
		}
	}
}

func (p *parser) classProps(c *ClassDecl, static bool) error {
	for {
		t := p.take()
		if t.kind != tVariable {
			return &Error{t.line, "unexpected " + t.String()}
		}
		prop := ClassProp{Pos: Pos{t.line}, Name: t.text, Static: static}
		if p.has("=") {
			var err error
			if prop.Default, err = p.expression(0); err != nil {
				return err
			}
		}
		c.Props = append(c.Props, prop)
		if p.is("{") { // hooks of PHP 8.4
			return p.skipPair("{", "}")
		}
		if !p.has(",") {
			return p.expect(";")
		}
	}
}

func (p *parser) constStatement(pos Pos) (Stmt, error) {
	b := &Block{Pos: pos}
	for {
		t := p.take()
		if t.kind != tName {
			return nil, &Error{t.line, "unexpected " + t.String()}
		}
		if err := p.expect("="); err != nil {
			return nil, err
		}
		x, err := p.expression(0)
		if err != nil {
			return nil, err
		}
		b.Body = append(b.Body, &ConstDecl{Pos{t.line}, t.text, x})
		if !p.has(",") {
			return b, p.end()
		}
	}
}

func (p *parser) namespaceStatement(Pos) (Stmt, error) {
	p.space = ""
	p.imports = map[string]string{}
	if p.peek().kind == tName {
		p.space = strings.TrimPrefix(p.take().text, `\`)
	}
	if p.is("{") {
		pos := p.pos1()
		list, err := p.block()
		return &Block{pos, list}, err
	}
	return nil, p.end()
}

// useStatement parses use A\B, use A\B as C, use A\{B, C as D}, use function f.
func (p *parser) useStatement(Pos) (Stmt, error) {
	classes := true
	if w := p.word(); w == "function" || w == "const" {
		p.take()
		classes = false
	}
	for {
		t := p.take()
		if t.kind != tName {
			return nil, &Error{t.line, "unexpected " + t.String()}
		}
		name := strings.TrimPrefix(t.text, `\`)
		if p.has(`\`) {
			if err := p.importGroup(name, classes); err != nil {
				return nil, err
			}
		} else {
			p.importAs(name, classes)
		}
		if !p.has(",") {
			return nil, p.end()
		}
	}
}

func (p *parser) importAs(name string, classes bool) {
	alias := base(name)
	if p.hasWord("as") {
		alias = p.take().text
	}
	if classes {
		p.imports[strings.ToLower(alias)] = name
	}
}

// importGroup parses {B, C as D} behind use A\.
func (p *parser) importGroup(name string, classes bool) error {
	if err := p.expect("{"); err != nil {
		return err
	}
	for !p.is("}") {
		t := p.take()
		if t.kind != tName {
			return &Error{t.line, "unexpected " + t.String()}
		}
		p.importAs(name+`\`+t.text, classes)
		if !p.has(",") {
			break
		}
	}
	return p.expect("}")
}
