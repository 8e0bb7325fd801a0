package startfile

import (
	"cmp"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/phpsyntax"
)

func sortFunctions(list []*function) {
	slices.SortFunc(list, func(a, b *function) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(firstLine(a), firstLine(b)), cmp.Compare(a.decl.Name, b.decl.Name))
	})
}

func firstLine(fn *function) int {
	if len(fn.decl.Body) == 0 {
		return 0
	}
	return fn.decl.Body[0].At()
}

// arguments are the values of a call's arguments.
func (in *interpreter) arguments(f *frame, items []phpsyntax.Item) ([]any, error) {
	var args []any
	for _, it := range items {
		v, err := in.eval(f, it.Value)
		if err != nil {
			return nil, err
		}
		if it.Spread {
			if a, ok := v.(*Array); ok {
				for _, e := range a.Entries {
					args = append(args, e.Value)
				}
				continue
			}
			v = unknownOf(v, "...")
		}
		args = append(args, v)
	}
	return args, nil
}

// callNamed calls a function of the files, one that this package knows, or
// what is in a variable.
func (in *interpreter) callNamed(f *frame, e *phpsyntax.Call) (any, error) {
	if e.Of != nil {
		v, err := in.eval(f, e.Of)
		if err != nil {
			return nil, err
		}
		args, err := in.arguments(f, e.Args)
		if err != nil {
			return nil, err
		}
		if c, ok := v.(*Closure); ok && c.fn != nil {
			return in.call(f, c.fn, args)
		}
		return unknownOf(v, "a call"), nil
	}
	args, err := in.arguments(f, e.Args)
	if err != nil {
		return nil, err
	}
	if err := in.step(weight(args)); err != nil {
		return nil, err
	}
	name := strings.ToLower(e.Name)
	if fn, ok := in.functions[name]; ok {
		return in.call(f, fn, args)
	}
	if known, ok := functions[name]; ok {
		return known(in, f, args), nil
	}
	return Unknown{e.Name + "()"}, nil
}

// weight is what a function has to do for the size of its arguments, in steps.
func weight(args []any) int {
	n := 0
	for _, v := range args {
		switch v := v.(type) {
		case string:
			n += len(v) / 256
		case *Array:
			n += len(v.Entries) / 16
		}
	}
	return n
}

func (in *interpreter) call(f *frame, fn *function, args []any) (any, error) {
	if in.calls++; in.calls > maxCalls {
		return nil, errBudget
	}
	defer func() { in.calls-- }()
	fn.called = true
	inner := &frame{vars: map[string]*any{}, globals: f.globals, file: fn.file, class: fn.class, this: fn.this}
	for name, v := range fn.uses {
		*inner.variable(name) = v
	}
	for i, p := range fn.decl.Params {
		switch {
		case p.Variadic:
			rest := &Array{}
			for _, v := range args[min(i, len(args)):] {
				rest.add(v, 0)
			}
			*inner.variable(p.Name) = rest
		case i < len(args):
			v, err := in.copied(args[i])
			if err != nil {
				return nil, err
			}
			*inner.variable(p.Name) = v
		case p.Default != nil:
			v, err := in.eval(inner, p.Default)
			if err != nil {
				return nil, err
			}
			*inner.variable(p.Name) = v
		default:
			*inner.variable(p.Name) = nil
		}
	}
	out, err := in.block(inner, fn.decl.Body)
	return out.value, err
}

func (in *interpreter) methodCall(f *frame, e *phpsyntax.MethodCall) (any, error) {
	x, err := in.eval(f, e.X)
	if err != nil {
		return nil, err
	}
	args, err := in.arguments(f, e.Args)
	if err != nil {
		return nil, err
	}
	n, err := in.eval(f, e.Name)
	if err != nil {
		return nil, err
	}
	name, _ := n.(string)
	if o, ok := x.(*Object); ok && o.class != nil {
		if fn := in.method(o.class, name); fn != nil {
			bound := *fn
			bound.this = o
			fn.called = true
			return in.call(f, &bound, args)
		}
	}
	return unknownOf(x, "->"+name+"()"), nil
}

func (in *interpreter) staticCall(f *frame, e *phpsyntax.StaticCall) (any, error) {
	class, err := in.className(f, e.Class)
	if err != nil {
		return nil, err
	}
	args, err := in.arguments(f, e.Args)
	if err != nil {
		return nil, err
	}
	if strings.EqualFold(e.Name, "runAll") {
		return nil, nil
	}
	if c := in.classes[strings.ToLower(class)]; c != nil {
		if fn := in.method(c, e.Name); fn != nil {
			bound := *fn
			bound.this = f.this
			fn.called = true
			return in.call(f, &bound, args)
		}
	}
	return Unknown{base(class) + "::" + e.Name + "()"}, nil
}

func base(class string) string { return class[strings.LastIndexByte(class, '\\')+1:] }

// method finds a method in a class and what it extends.
func (in *interpreter) method(c *class, name string) *function {
	for range 20 {
		if c == nil {
			return nil
		}
		if fn := c.methods[strings.ToLower(name)]; fn != nil {
			return fn
		}
		c = in.classes[strings.ToLower(c.decl.Parent)]
	}
	return nil
}

// className is the class that an expression names.
func (in *interpreter) className(f *frame, e phpsyntax.Expr) (string, error) {
	n, ok := e.(*phpsyntax.ClassName)
	if !ok {
		v, err := in.eval(f, e)
		if err != nil {
			return "", err
		}
		switch v := v.(type) {
		case string:
			return strings.TrimPrefix(v, `\`), nil
		case *Worker:
			return v.Class, nil
		case *Object:
			return v.Class, nil
		}
		return "?", nil
	}
	switch n.Name {
	case "self", "static":
		if f.class != nil {
			return f.class.decl.Name, nil
		}
	case "parent":
		if f.class != nil {
			return f.class.decl.Parent, nil
		}
	}
	return n.Name, nil
}

func (in *interpreter) classConstant(f *frame, e *phpsyntax.ClassConstant) (any, error) {
	name, err := in.className(f, e.Class)
	if err != nil {
		return nil, err
	}
	if strings.EqualFold(e.Name, "class") {
		return name, nil
	}
	for c := in.classes[strings.ToLower(name)]; c != nil; c = in.classes[strings.ToLower(c.decl.Parent)] {
		if err := in.step(1); err != nil {
			return nil, err
		}
		if x, ok := c.decl.Constants[e.Name]; ok {
			return in.eval(&frame{vars: map[string]*any{}, globals: f.globals, file: c.file, class: c}, x)
		}
	}
	switch e.Name {
	case "ROUTER_RANDOM":
		return "router_random", nil
	case "ROUTER_LEAST_CONNECTIONS":
		return "router_least_connections", nil
	}
	return Unknown{base(name) + "::" + e.Name}, nil
}

// newObject makes a Worker of the program, or an object of no interest.
func (in *interpreter) newObject(f *frame, e *phpsyntax.New) (any, error) {
	args, err := in.arguments(f, e.Args)
	if err != nil || e.Class == nil {
		return Unknown{"an object"}, err
	}
	name, err := in.className(f, e.Class)
	if err != nil {
		return nil, err
	}
	if kind := in.kind(name); kind != 0 {
		w := &Worker{Place: Place{f.file, e.Line}, Kind: kind, Class: name}
		if len(args) > 0 {
			w.Listen = args[0]
		}
		if len(args) > 1 {
			w.Context = args[1]
		}
		in.classProps(f, name, func(line int, file, prop string, v any) {
			w.Props = append(w.Props, Setting{Place{file, line}, prop, v})
		})
		in.program.Workers = append(in.program.Workers, w)
		return w, nil
	}
	c := in.classes[strings.ToLower(name)]
	if c == nil {
		return Unknown{"new " + base(name)}, nil
	}
	o := in.object(f, c)
	if fn := in.method(c, "__construct"); fn != nil {
		bound := *fn
		bound.this = o
		fn.called = true
		_, err = in.call(f, &bound, args)
	}
	return o, err
}

func (in *interpreter) object(f *frame, c *class) *Object {
	o := &Object{Class: c.decl.Name, class: c, props: map[string]*any{}}
	in.classProps(f, c.decl.Name, func(_ int, _, name string, v any) { o.props[name] = &v })
	return o
}

// classProps calls set with the properties that the classes of the files
// declare, those of the parents first.
func (in *interpreter) classProps(f *frame, name string, set func(line int, file, name string, v any)) {
	var line []*class
	for c := in.classes[strings.ToLower(name)]; c != nil && len(line) < 20; c = in.classes[strings.ToLower(c.decl.Parent)] {
		line = append(line, c)
	}
	for _, c := range slices.Backward(line) {
		inner := &frame{vars: map[string]*any{}, globals: f.globals, file: c.file, class: c}
		for _, p := range c.decl.Props {
			if !p.Static && p.Default != nil {
				set(p.Line, c.file, p.Name, in.constant(inner, p.Default))
			}
		}
	}
}

// kind says what objects of a class are: 0 is no Worker.
func (in *interpreter) kind(name string) Kind {
	for range 20 {
		if k := kindOf(name); k != 0 {
			return k
		}
		c := in.classes[strings.ToLower(name)]
		if c == nil {
			return 0
		}
		name = c.decl.Parent
	}
	return 0
}

// makesWorker reports whether code says new of a class that is a Gateway or a
// Register.
func (in *interpreter) makesWorker(node any) bool {
	return !walk(reflect.ValueOf(node), func(node any) bool {
		n, ok := node.(*phpsyntax.New)
		if !ok {
			return true
		}
		c, ok := n.Class.(*phpsyntax.ClassName)
		if !ok {
			return true
		}
		k := in.kind(c.Name)
		return k != KindGateway && k != KindRegister
	})
}

func (in *interpreter) includeExpr(f *frame, e *phpsyntax.Include) (any, error) {
	v, err := in.eval(f, e.X)
	if err != nil {
		return nil, err
	}
	path, ok := v.(string)
	if !ok {
		in.remark(f, e.Line, "a file is included whose name depends on %s", unknownOf(v, "a value").(Unknown).Why)
		return Unknown{"an included file"}, nil
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(f.file), path)
	}
	path = filepath.Clean(path)
	if filepath.Base(path) == "autoload.php" || strings.EqualFold(filepath.Base(path), "Autoloader.php") {
		return true, nil // classes are known here without it
	}
	if e.Once && in.included[path] {
		return true, nil
	}
	if !isFile(path) {
		if e.Required {
			in.remark(f, e.Line, "%s is not there", path)
		}
		return Unknown{filepath.Base(path)}, nil
	}
	out, err := in.include(f, path)
	if err != nil && err != errExit && err != errBudget && err != errThrow { //nolint:errorlint // nothing wraps them
		in.remark(f, e.Line, "%v", err)
		return Unknown{filepath.Base(path)}, nil
	}
	return out, err
}
