package startfile

import (
	"math"
	"strings"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/phpsyntax"
)

func (in *interpreter) unary(f *frame, e *phpsyntax.Unary) (any, error) {
	if e.Op == "exit" {
		return nil, errExit
	}
	v, err := in.eval(f, e.X)
	if err != nil {
		return nil, err
	}
	switch e.Op {
	case "!":
		return not(v), nil
	case "-":
		switch n := number(v).(type) {
		case int64:
			return -n, nil
		case float64:
			return -n, nil
		}
		return unknownOf(v, "-"), nil
	case "+":
		return number(v), nil
	case "~":
		if n, ok := toInt(v).(int64); ok {
			return ^n, nil
		}
		return unknownOf(v, "~"), nil
	case "throw":
		return nil, errThrow
	case "print":
		return int64(1), nil
	}
	return v, nil // @, &, clone, yield
}

func cast(to string, v any) any {
	if u, ok := v.(Unknown); ok {
		return u
	}
	switch to {
	case "int":
		return toInt(v)
	case "float":
		return toFloat(v)
	case "bool":
		truth, _ := Truth(v)
		return truth
	case "string":
		if s, ok := Text(v); ok {
			return s
		}
		return Unknown{"(string)"}
	case "array":
		switch v := v.(type) {
		case *Array:
			return v
		case nil:
			return &Array{}
		}
		return &Array{Entries: []Entry{{Key: int64(0), Value: v}}}
	}
	return Unknown{"(" + to + ")"}
}

func (in *interpreter) binary(f *frame, e *phpsyntax.Binary) (any, error) {
	l, err := in.eval(f, e.L)
	if err != nil {
		return nil, err
	}
	switch e.Op { // those that need not look at the right
	case "&&", "and":
		return in.both(f, l, e.R, false)
	case "||", "or":
		return in.both(f, l, e.R, true)
	case "??":
		if u, ok := l.(Unknown); ok {
			return u, nil
		}
		if l != nil {
			return l, nil
		}
		return in.eval(f, e.R)
	}
	r, err := in.eval(f, e.R)
	if err != nil {
		return nil, err
	}
	if u, ok := l.(Unknown); ok {
		return u, nil
	}
	if u, ok := r.(Unknown); ok {
		return u, nil
	}
	return operate(e.Op, l, r), in.step(weight([]any{l, r}))
}

// both is && and ||: decided by the left where its truth is decisive.
func (in *interpreter) both(f *frame, l any, right phpsyntax.Expr, decisive bool) (any, error) {
	truth, known := Truth(l)
	if known && truth == decisive {
		return decisive, nil
	}
	r, err := in.eval(f, right)
	if err != nil {
		return nil, err
	}
	other, otherKnown := Truth(r)
	switch {
	case otherKnown && other == decisive:
		return decisive, nil
	case !known:
		return l, nil
	case !otherKnown:
		return r, nil
	}
	return other, nil
}

// operate is an operator on two values that are known.
func operate(op string, l, r any) any {
	switch op {
	case ".":
		a, ok := Text(l)
		b, ok2 := Text(r)
		if !ok || !ok2 {
			return Unknown{"a string"}
		}
		return bounded(a + b)
	case "==", "!=", "<>", "===", "!==":
		same := equal(l, r, len(op) == 3)
		if op[0] == '=' {
			return same
		}
		return not(same)
	case "xor":
		a, _ := Truth(l)
		b, _ := Truth(r)
		return a != b
	case "<", ">", "<=", ">=", "<=>":
		return compare(op, l, r)
	}
	if a, ok := l.(*Array); ok {
		b, isArray := r.(*Array)
		if op != "+" || !isArray {
			return Unknown{op}
		}
		sum := &Array{Entries: append([]Entry(nil), a.Entries...)}
		for _, e := range b.Entries {
			if _, ok := sum.Get(e.Key); !ok {
				sum.Entries = append(sum.Entries, e)
			}
		}
		return sum
	}
	return arithmetic(op, number(l), number(r))
}

func compare(op string, l, r any) any {
	var c int
	a, ok := l.(string)
	b, ok2 := r.(string)
	if ok && ok2 && (!numeric(a) || !numeric(b)) {
		c = strings.Compare(a, b)
	} else {
		x, ok := toFloat(l).(float64)
		y, ok2 := toFloat(r).(float64)
		if !ok || !ok2 {
			return Unknown{op}
		}
		switch {
		case x < y:
			c = -1
		case x > y:
			c = 1
		}
	}
	switch op {
	case "<":
		return c < 0
	case ">":
		return c > 0
	case "<=":
		return c <= 0
	case ">=":
		return c >= 0
	}
	return int64(c)
}

func arithmetic(op string, l, r any) any {
	a, ok := l.(int64)
	b, ok2 := r.(int64)
	if ok && ok2 {
		switch op {
		case "+", "-", "*":
			if f := floats(op, float64(a), float64(b)); math.Abs(f) > math.MaxInt64/2 {
				return f
			}
		}
		switch op {
		case "+":
			return a + b
		case "-":
			return a - b
		case "*":
			return a * b
		case "/":
			if b != 0 && a%b == 0 {
				return a / b
			}
		case "%":
			if b == 0 {
				return Unknown{"a division by zero"}
			}
			if b == -1 {
				return int64(0)
			}
			return a % b
		case "&":
			return a & b
		case "|":
			return a | b
		case "^":
			return a ^ b
		case "<<", ">>":
			if b < 0 || b > 63 {
				return Unknown{op}
			}
			if op == "<<" {
				return a << b
			}
			return a >> b
		case "**":
			if f := math.Pow(float64(a), float64(b)); b >= 0 && f < 1<<53 {
				return int64(f)
			}
		}
	}
	x, ok := toFloat(l).(float64)
	y, ok2 := toFloat(r).(float64)
	if !ok || !ok2 || op == "/" && y == 0 {
		return Unknown{op}
	}
	if f := floats(op, x, y); !math.IsNaN(f) {
		return f
	}
	return Unknown{op}
}

func floats(op string, x, y float64) float64 {
	switch op {
	case "+":
		return x + y
	case "-":
		return x - y
	case "*":
		return x * y
	case "/":
		return x / y
	case "**":
		return math.Pow(x, y)
	}
	return math.NaN()
}
