package phpsyntax

import (
	"strconv"
	"strings"
)

// binding is how strongly an operator between two holds them, and whether the
// right one is first.
var binding = map[string]struct {
	power int
	right bool
}{
	"or": {1, false}, "xor": {2, false}, "and": {3, false},
	"=": {5, true}, "+=": {5, true}, "-=": {5, true}, "*=": {5, true}, "/=": {5, true}, ".=": {5, true}, "%=": {5, true},
	"**=": {5, true}, "??=": {5, true}, "&=": {5, true}, "|=": {5, true}, "^=": {5, true}, "<<=": {5, true}, ">>=": {5, true},
	"?": {6, false}, "??": {7, true}, "||": {8, false}, "&&": {9, false}, "|": {10, false}, "^": {11, false}, "&": {12, false},
	"==": {13, false}, "!=": {13, false}, "<>": {13, false}, "===": {13, false}, "!==": {13, false}, "<=>": {13, false},
	"<": {14, false}, "<=": {14, false}, ">": {14, false}, ">=": {14, false},
	".": {15, false}, "<<": {16, false}, ">>": {16, false}, "+": {17, false}, "-": {17, false},
	"*": {18, false}, "/": {18, false}, "%": {18, false}, "instanceof": {20, false}, "**": {22, true},
}

const (
	powerAssign = 5
	powerNot    = 19
	powerUnary  = 21
)

// expression parses what holds at least as strongly as power.
func (p *parser) expression(power int) (Expr, error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer p.shallower()
	left, err := p.unary()
	if err != nil {
		return nil, err
	}
	for steps := 0; ; steps++ {
		t := p.peek()
		if steps > 10000 {
			return nil, &Error{t.line, "an expression that is too long"}
		}
		op := t.text
		if t.kind == tName {
			op = strings.ToLower(op)
		} else if t.kind != tOperator {
			return left, nil
		}
		b, ok := binding[op]
		if !ok || b.power < power && !(b.power == powerAssign && assignable(left)) {
			return left, nil
		}
		p.take()
		if left, err = p.infix(left, op, b.power, b.right, t.line); err != nil {
			return nil, err
		}
	}
}

// assignable: !$a = b() assigns, although ! holds more strongly.
func assignable(e Expr) bool {
	switch e.(type) {
	case *Variable, *Property, *StaticProperty, *Index:
		return true
	}
	return false
}

func (p *parser) infix(left Expr, op string, power int, right bool, line int) (Expr, error) {
	pos := Pos{line}
	switch {
	case op == "?":
		return p.ternary(left, pos)
	case op == "instanceof":
		class, err := p.classExpression()
		return &InstanceOf{pos, left, class}, err
	}
	next := power + 1
	if right {
		next = power
	}
	if power == powerAssign {
		p.has("&")
	}
	r, err := p.expression(next)
	if err != nil {
		return nil, err
	}
	if power == powerAssign {
		return &Assign{pos, strings.TrimSuffix(op, "="), left, r}, nil
	}
	return &Binary{pos, op, left, r}, nil
}

func (p *parser) ternary(cond Expr, pos Pos) (Expr, error) {
	t := &Ternary{Pos: pos, If: cond}
	var err error
	if !p.is(":") {
		if t.Then, err = p.expression(powerAssign); err != nil {
			return nil, err
		}
	}
	if err := p.expect(":"); err != nil {
		return nil, err
	}
	t.Else, err = p.expression(7)
	return t, err
}

var casts = map[string]string{
	"int": "int", "integer": "int", "bool": "bool", "boolean": "bool", "float": "float", "double": "float", "real": "float",
	"string": "string", "binary": "string", "array": "array", "object": "object", "unset": "unset",
}

func (p *parser) unary() (Expr, error) {
	pos, t := p.pos1(), p.peek()
	if t.kind == tOperator {
		switch t.text {
		case "!", "@", "-", "+", "~", "&":
			p.take()
			power := powerUnary
			if t.text == "!" {
				power = powerNot
			}
			x, err := p.expression(power)
			return &Unary{pos, t.text, x}, err
		case "++", "--":
			p.take()
			x, err := p.expression(powerUnary)
			return &Step{pos, x, step(t.text), true}, err
		case "(":
			if name := p.ahead(1); name.kind == tName && p.ahead(2).text == ")" && p.ahead(2).kind == tOperator {
				if cast, ok := casts[strings.ToLower(name.text)]; ok {
					p.take()
					p.take()
					p.take()
					x, err := p.expression(powerUnary)
					return &Cast{pos, cast, x}, err
				}
			}
		}
	}
	if t.kind == tName {
		switch word := p.word(); word {
		case "print", "throw", "yield", "clone":
			p.take()
			power := powerAssign
			if word == "clone" {
				power = powerUnary
			}
			if word == "yield" && (p.is(";", ")", "]", ",")) {
				return &Unary{pos, word, &Constant{pos, "null"}}, nil
			}
			x, err := p.expression(power)
			return &Unary{pos, word, x}, err
		case "include", "include_once", "require", "require_once":
			p.take()
			x, err := p.expression(powerAssign)
			return &Include{pos, strings.HasSuffix(word, "_once"), strings.HasPrefix(word, "require"), x}, err
		}
	}
	return p.postfix()
}

func step(op string) int64 {
	if op == "++" {
		return 1
	}
	return -1
}

// integer reads an integer of PHP: 10, 0x1f, 0b11, 017, 1_000. What does not fit
// is 0, which is as wrong as PHP's float and does not occur.
func integer(text string) int64 {
	text = strings.ReplaceAll(text, "_", "")
	if n, err := strconv.ParseInt(text, 0, 64); err == nil {
		return n
	}
	return 0
}
