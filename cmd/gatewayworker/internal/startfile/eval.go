package startfile

import (
	"fmt"
	"strings"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/phpsyntax"
)

func (f *frame) variable(name string) *any {
	p, ok := f.vars[name]
	if !ok {
		p = new(any)
		f.vars[name] = p
	}
	return p
}

func (in *interpreter) eval(f *frame, e phpsyntax.Expr) (any, error) {
	if err := in.step(1); err != nil {
		return nil, err
	}
	if in.depth++; in.depth > maxNested {
		return nil, errBudget
	}
	defer func() { in.depth-- }()
	switch e := e.(type) {
	case nil:
		return nil, nil
	case *phpsyntax.Literal:
		return e.Value, nil
	case *phpsyntax.Template:
		return in.template(f, e)
	case *phpsyntax.Variable:
		return in.readVariable(f, e)
	case *phpsyntax.Constant:
		return in.namedConstant(f, e), nil
	case *phpsyntax.Array:
		return in.array(f, e)
	case *phpsyntax.Index:
		return in.index(f, e)
	case *phpsyntax.Property:
		return in.property(f, e)
	case *phpsyntax.StaticProperty:
		class, err := in.className(f, e.Class)
		if err != nil {
			return nil, err
		}
		return *in.static(f, class, e.Name, e.Line, false), nil
	case *phpsyntax.ClassConstant:
		return in.classConstant(f, e)
	case *phpsyntax.Call:
		return in.callNamed(f, e)
	case *phpsyntax.MethodCall:
		return in.methodCall(f, e)
	case *phpsyntax.StaticCall:
		return in.staticCall(f, e)
	case *phpsyntax.New:
		return in.newObject(f, e)
	case *phpsyntax.Unary:
		return in.unary(f, e)
	case *phpsyntax.Cast:
		v, err := in.eval(f, e.X)
		if err != nil {
			return nil, err
		}
		return cast(e.Type, v), nil
	case *phpsyntax.Binary:
		return in.binary(f, e)
	case *phpsyntax.Assign:
		return in.assignment(f, e)
	case *phpsyntax.Step:
		return in.increment(f, e)
	case *phpsyntax.Ternary:
		return in.ternary(f, e)
	case *phpsyntax.Match:
		return in.match(f, e)
	case *phpsyntax.Isset:
		for _, x := range e.Of {
			v, err := in.eval(f, x)
			if err != nil || v == nil {
				return false, err
			}
			if u, ok := v.(Unknown); ok {
				return u, nil
			}
		}
		return true, nil
	case *phpsyntax.Empty:
		v, err := in.eval(f, e.X)
		if err != nil {
			return nil, err
		}
		return not(v), nil
	case *phpsyntax.Include:
		return in.includeExpr(f, e)
	case *phpsyntax.Closure:
		return in.closure(f, e), nil
	case *phpsyntax.InstanceOf:
		return Unknown{"instanceof"}, nil
	}
	return Unknown{fmt.Sprintf("line %d", e.At())}, nil
}

func not(v any) any {
	truth, known := Truth(v)
	if !known {
		return v
	}
	return !truth
}

func (in *interpreter) closure(f *frame, e *phpsyntax.Closure) any {
	fn := &function{decl: &e.Func, file: f.file, class: f.class, this: f.this, uses: map[string]any{}}
	if e.Func.Arrow {
		for name, p := range f.vars {
			fn.uses[name] = *p
		}
	}
	for _, name := range e.Func.Uses {
		if p, ok := f.vars[name]; ok {
			fn.uses[name] = *p
		}
	}
	return &Closure{Place: Place{f.file, e.Line}, Empty: isEmpty(e), Binary: isBinary(e), fn: fn}
}

func (in *interpreter) template(f *frame, e *phpsyntax.Template) (any, error) {
	var b strings.Builder
	for _, part := range e.Parts {
		v, err := in.eval(f, part)
		if err != nil {
			return nil, err
		}
		s, ok := Text(v)
		if !ok {
			return unknownOf(v, "a string"), nil
		}
		b.WriteString(s)
	}
	return bounded(b.String()), nil
}

// unknownOf is v if it is unknown, else a value that is so for what.
func unknownOf(v any, what string) any {
	if u, ok := v.(Unknown); ok {
		return u
	}
	return Unknown{what}
}

func bounded(s string) any {
	if len(s) > maxString {
		return Unknown{"a string of more than 1 MB"}
	}
	return s
}

func (in *interpreter) readVariable(f *frame, e *phpsyntax.Variable) (any, error) {
	name := e.Name
	if e.Of != nil {
		v, err := in.eval(f, e.Of)
		if err != nil {
			return nil, err
		}
		var ok bool
		if name, ok = v.(string); !ok {
			return unknownOf(v, "a variable's name"), nil
		}
	}
	switch name {
	case "this":
		return f.this, nil
	case "_SERVER", "_ENV", "argv", "argc", "GLOBALS", "_GET":
		if _, ok := f.vars[name]; !ok {
			return Unknown{"$" + name}, nil
		}
	}
	if p, ok := f.vars[name]; ok {
		return *p, nil
	}
	return nil, nil
}

func (in *interpreter) array(f *frame, e *phpsyntax.Array) (any, error) {
	a := &Array{}
	for _, it := range e.Items {
		if it.Value == nil {
			continue
		}
		v, err := in.eval(f, it.Value)
		if err != nil {
			return nil, err
		}
		switch {
		case it.Spread:
			b, ok := v.(*Array)
			if !ok {
				return unknownOf(v, "..."), nil
			}
			for _, entry := range b.Entries {
				if _, isInt := entry.Key.(int64); isInt {
					a.add(entry.Value, entry.Line)
				} else {
					a.set(entry.Key, entry.Value, entry.Line)
				}
			}
		case it.Key != nil:
			k, err := in.eval(f, it.Key)
			if err != nil {
				return nil, err
			}
			key := arrayKey(k)
			if key == nil {
				in.remark(f, it.Value.At(), "the key of this element depends on %s: left out", unknownOf(k, "an object").(Unknown).Why)
				continue
			}
			if v, err = in.copied(v); err != nil {
				return nil, err
			}
			a.set(key, v, it.Key.At())
		default:
			if v, err = in.copied(v); err != nil {
				return nil, err
			}
			a.add(v, it.Value.At())
		}
		if err := in.step(len(a.Entries) / 8); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// copied is a value as an assignment takes it: arrays are copied.
func (in *interpreter) copied(v any) (any, error) {
	a, ok := v.(*Array)
	if !ok {
		return v, nil
	}
	if err := in.step(len(a.Entries)); err != nil {
		return nil, err
	}
	b := &Array{Entries: make([]Entry, len(a.Entries))}
	for i, e := range a.Entries {
		var err error
		if e.Value, err = in.copied(e.Value); err != nil {
			return nil, err
		}
		b.Entries[i] = e
	}
	return b, nil
}

func (in *interpreter) index(f *frame, e *phpsyntax.Index) (any, error) {
	x, err := in.eval(f, e.X)
	if err != nil {
		return nil, err
	}
	key, err := in.eval(f, e.Key)
	if err != nil {
		return nil, err
	}
	switch x := x.(type) {
	case *Array:
		if err := in.step(weight([]any{x})); err != nil {
			return nil, err
		}
		k := arrayKey(key)
		if k == nil {
			return unknownOf(key, "a key"), nil
		}
		entry, _ := x.Get(k)
		return entry.Value, nil
	case string:
		if n, ok := toInt(key).(int64); ok && n >= 0 && n < int64(len(x)) {
			return x[n : n+1], nil
		}
		return nil, nil
	case nil:
		return nil, nil
	}
	return unknownOf(x, "an element of an object"), nil
}

// objectAndName evaluates the two sides of a property: the object, and what names
// the property.
func (in *interpreter) objectAndName(f *frame, e *phpsyntax.Property) (object, name any, err error) {
	if object, err = in.eval(f, e.X); err != nil {
		return nil, nil, err
	}
	name, err = in.eval(f, e.Name)
	return object, name, err
}

func (in *interpreter) property(f *frame, e *phpsyntax.Property) (any, error) {
	x, n, err := in.objectAndName(f, e)
	if err != nil {
		return nil, err
	}
	name, ok := n.(string)
	if !ok {
		return unknownOf(n, "the name of a property"), nil
	}
	switch x := x.(type) {
	case *Worker:
		for _, s := range x.Props {
			if s.Name == name {
				return s.Value, nil
			}
		}
		return defaultOf(x.Kind, name), nil
	case *Object:
		if p, ok := x.props[name]; ok {
			return *p, nil
		}
		return Unknown{"->" + name}, nil
	case nil:
		return nil, nil
	}
	return unknownOf(x, "->"+name), nil
}

func (in *interpreter) ternary(f *frame, e *phpsyntax.Ternary) (any, error) {
	v, err := in.eval(f, e.If)
	if err != nil {
		return nil, err
	}
	truth, known := Truth(v)
	switch {
	case !known:
		return v, nil
	case truth && e.Then == nil:
		return v, nil
	case truth:
		return in.eval(f, e.Then)
	}
	return in.eval(f, e.Else)
}

func (in *interpreter) match(f *frame, e *phpsyntax.Match) (any, error) {
	x, err := in.eval(f, e.X)
	if err != nil {
		return nil, err
	}
	var fallback phpsyntax.Expr
	for _, arm := range e.Arms {
		if len(arm.When) == 0 {
			fallback = arm.Then
		}
		for _, when := range arm.When {
			v, err := in.eval(f, when)
			if err != nil {
				return nil, err
			}
			switch same := equal(x, v, true).(type) {
			case Unknown:
				return same, nil
			case bool:
				if same {
					return in.eval(f, arm.Then)
				}
			}
		}
	}
	if fallback == nil {
		return nil, errThrow
	}
	return in.eval(f, fallback)
}
