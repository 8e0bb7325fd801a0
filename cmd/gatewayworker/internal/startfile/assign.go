package startfile

import (
	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/phpsyntax"
)

func (in *interpreter) assignment(f *frame, e *phpsyntax.Assign) (any, error) {
	if e.Op == "??" {
		if v, err := in.eval(f, e.L); err != nil || v != nil {
			return v, err
		}
	}
	v, err := in.eval(f, e.R)
	if err != nil {
		return nil, err
	}
	if e.Op != "" && e.Op != "??" {
		l, err := in.eval(f, e.L)
		if err != nil {
			return nil, err
		}
		if u, ok := l.(Unknown); ok {
			v = u
		} else if _, ok := v.(Unknown); !ok {
			v = operate(e.Op, l, v)
		}
	}
	return v, in.assign(f, e.L, v)
}

func (in *interpreter) increment(f *frame, e *phpsyntax.Step) (any, error) {
	v, err := in.eval(f, e.X)
	if err != nil {
		return nil, err
	}
	next := any(Unknown{"++"})
	switch n := v.(type) {
	case nil:
		next = e.By
	case int64:
		next = n + e.By
	case float64:
		next = n + float64(e.By)
	case Unknown:
		next = n
	}
	if e.Before {
		v = next
	}
	return v, in.assign(f, e.X, next)
}

// assign puts a value where an expression says.
func (in *interpreter) assign(f *frame, to phpsyntax.Expr, v any) error {
	if list, ok := to.(*phpsyntax.Array); ok {
		return in.destructure(f, list, v)
	}
	v, err := in.copied(v)
	if err != nil {
		return err
	}
	p, err := in.place(f, to)
	if err != nil {
		return err
	}
	*p = v
	return nil
}

func (in *interpreter) destructure(f *frame, list *phpsyntax.Array, v any) error {
	a, _ := v.(*Array)
	for i, it := range list.Items {
		if it.Value == nil {
			continue
		}
		key := any(int64(i))
		if it.Key != nil {
			k, err := in.eval(f, it.Key)
			if err != nil {
				return err
			}
			key = arrayKey(k)
		}
		var part any
		if a != nil {
			entry, _ := a.Get(key)
			part = entry.Value
		} else if u, ok := v.(Unknown); ok {
			part = u
		}
		if err := in.assign(f, it.Value, part); err != nil {
			return err
		}
	}
	return nil
}

// place returns where the value of an expression is kept, to be used at once.
// What is no place of ours gets one that nobody reads.
func (in *interpreter) place(f *frame, e phpsyntax.Expr) (*any, error) {
	if err := in.step(1); err != nil {
		return nil, err
	}
	switch e := e.(type) {
	case *phpsyntax.Variable:
		if e.Of == nil {
			return f.variable(e.Name), nil
		}
		v, err := in.eval(f, e.Of)
		if err != nil {
			return nil, err
		}
		if name, ok := v.(string); ok {
			return f.variable(name), nil
		}
	case *phpsyntax.Index:
		return in.placeOfElement(f, e)
	case *phpsyntax.Property:
		return in.placeOfProperty(f, e)
	case *phpsyntax.StaticProperty:
		class, err := in.className(f, e.Class)
		if err != nil {
			return nil, err
		}
		return in.static(f, class, e.Name, e.Line, true), nil
	default:
		if _, err := in.eval(f, e); err != nil {
			return nil, err
		}
	}
	return new(any), nil
}

func (in *interpreter) placeOfElement(f *frame, e *phpsyntax.Index) (*any, error) {
	var key any
	if e.Key != nil {
		k, err := in.eval(f, e.Key)
		if err != nil {
			return nil, err
		}
		if key = arrayKey(k); key == nil {
			in.remark(f, e.Line, "the key of this element depends on %s: left out", unknownOf(k, "an object").(Unknown).Why)
			return new(any), nil
		}
	}
	p, err := in.place(f, e.X)
	if err != nil {
		return nil, err
	}
	if *p == nil {
		*p = &Array{}
	}
	a, ok := (*p).(*Array)
	if !ok {
		return new(any), nil
	}
	if err := in.step(len(a.Entries) / 8); err != nil {
		return nil, err
	}
	if e.Key == nil {
		key = a.next()
	}
	place := a.place(key)
	for i := range a.Entries {
		if &a.Entries[i].Value == place {
			a.Entries[i].Line = e.Line
		}
	}
	return place, nil
}

func (in *interpreter) placeOfProperty(f *frame, e *phpsyntax.Property) (*any, error) {
	x, n, err := in.objectAndName(f, e)
	if err != nil {
		return nil, err
	}
	name, ok := n.(string)
	switch x := x.(type) {
	case *Worker:
		if !ok {
			in.remark(f, e.Line, "the name of this property depends on %s: left out", unknownOf(n, "a value").(Unknown).Why)
			return new(any), nil
		}
		for i := range x.Props {
			if x.Props[i].Name == name {
				x.Props[i].Place = Place{f.file, e.Line}
				return &x.Props[i].Value, nil
			}
		}
		x.Props = append(x.Props, Setting{Place{f.file, e.Line}, name, defaultOf(x.Kind, name)})
		return &x.Props[len(x.Props)-1].Value, nil
	case *Object:
		if ok {
			if x.props[name] == nil {
				x.props[name] = new(any)
			}
			return x.props[name], nil
		}
	}
	return new(any), nil
}
