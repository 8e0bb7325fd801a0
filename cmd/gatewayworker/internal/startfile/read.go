package startfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/phpsyntax"
)

// What one Read may take. A start file that needs more is no start file.
const (
	maxSteps    = 100_000 // statements, expressions and copied elements
	maxString   = 1 << 20
	maxIncludes = 200
	maxCalls    = 50   // nested
	maxNested   = 1000 // expressions
)

var (
	errExit   = errors.New("exit")
	errBudget = errors.New("the file computes too long to be followed")
	errThrow  = errors.New("an exception")
)

// Read interprets a start file without PHP.
func Read(file string) (*Program, error) {
	abs, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	in := &interpreter{
		program: &Program{File: abs}, root: projectRoot(filepath.Dir(abs)),
		constants: map[string]any{}, functions: map[string]*function{}, classes: map[string]*class{},
		statics: map[string]*any{}, included: map[string]bool{}, remarked: map[Remark]bool{},
	}
	in.env = dotenv(filepath.Join(in.root, ".env"))
	globals := &frame{vars: map[string]*any{}}
	globals.globals = globals
	in.program.Returned, err = in.include(globals, abs)
	if errors.Is(err, errExit) || errors.Is(err, errThrow) {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	if len(in.program.Workers) == 0 {
		if a, ok := in.program.Returned.(*Array); !ok || len(a.Entries) == 0 {
			in.runDeclared(globals)
		}
	}
	in.collectStatics()
	return in.program, nil
}

type interpreter struct {
	program   *Program
	root      string // the folder of the project
	env       map[string]string
	constants map[string]any
	functions map[string]*function // by lower case name
	classes   map[string]*class
	statics   map[string]*any // by class::name
	order     []staticUse
	included  map[string]bool
	remarked  map[Remark]bool
	includes  int
	calls     int
	steps     int
	depth     int // of expressions
}

type staticUse struct {
	key, name string
	place     Place
}

// frame has the variables of a file or of a call.
type frame struct {
	vars    map[string]*any
	globals *frame
	file    string
	class   *class
	this    any
}

type function struct {
	decl   *phpsyntax.Function
	file   string
	class  *class
	this   any
	uses   map[string]any
	called bool
}

type class struct {
	decl    *phpsyntax.ClassDecl
	file    string
	methods map[string]*function
}

func (in *interpreter) remark(f *frame, line int, format string, args ...any) {
	r := Remark{Place{f.file, line}, fmt.Sprintf(format, args...)}
	if !in.remarked[r] && len(in.remarked) < 500 {
		in.remarked[r] = true
		in.program.Remarks = append(in.program.Remarks, r)
	}
}

func (in *interpreter) step(n int) error {
	if in.steps += n; in.steps > maxSteps {
		return errBudget
	}
	return nil
}

// include runs a file in a frame, and returns what the file returns.
func (in *interpreter) include(f *frame, path string) (any, error) {
	if in.includes++; in.includes > maxIncludes {
		return nil, errBudget
	}
	src, err := readSource(path)
	if err != nil {
		return nil, err
	}
	stmts, err := phpsyntax.Parse(src)
	if err != nil {
		if syntax, ok := errors.AsType[*phpsyntax.Error](err); ok {
			return nil, fmt.Errorf("%s: %s", Place{path, syntax.Line}, syntax.Text)
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	in.included[path] = true
	was := f.file
	f.file = path
	defer func() { f.file = was }()
	in.declare(f, stmts)
	out, err := in.block(f, stmts)
	if out.kind == flowReturn {
		return out.value, err
	}
	return int64(1), err
}

func readSource(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() || info.Size() > phpsyntax.MaxSize {
		return "", fmt.Errorf("%s: not a file of PHP", path)
	}
	src, err := os.ReadFile(path)
	return string(src), err
}

// declare hoists functions and classes, as PHP does.
func (in *interpreter) declare(f *frame, stmts []phpsyntax.Stmt) {
	for _, s := range stmts {
		switch s := s.(type) {
		case *phpsyntax.FuncDecl:
			in.functions[strings.ToLower(s.Func.Name)] = &function{decl: &s.Func, file: f.file}
		case *phpsyntax.ClassDecl:
			c := &class{decl: s, file: f.file, methods: map[string]*function{}}
			for i := range s.Methods {
				m := &s.Methods[i]
				c.methods[strings.ToLower(m.Func.Name)] = &function{decl: &m.Func, file: f.file, class: c}
			}
			in.classes[strings.ToLower(s.Name)] = c
		case *phpsyntax.Block:
			in.declare(f, s.Body)
		}
	}
}

// runDeclared calls the functions and methods that make a Worker: projects that
// start Workerman from a command of their framework have them in a class.
func (in *interpreter) runDeclared(globals *frame) {
	run := func(fn *function) {
		if fn.called || !in.makesWorker(fn.decl.Body) {
			return
		}
		args := make([]any, len(fn.decl.Params))
		for i, p := range fn.decl.Params {
			args[i] = Unknown{"the argument $" + p.Name}
			if p.Default != nil {
				args[i] = in.constant(globals, p.Default)
			}
		}
		if fn.class != nil && fn.this == nil {
			fn.this = in.object(globals, fn.class)
		}
		_, err := in.call(globals, fn, args)
		if errors.Is(err, errBudget) {
			in.remark(&frame{file: fn.file}, 0, "%s(): %v", fn.decl.Name, err)
		}
	}
	for _, s := range in.declarations() {
		run(s)
	}
}

// constant is the value of an expression that stands in a declaration.
func (in *interpreter) constant(f *frame, e phpsyntax.Expr) any {
	v, err := in.eval(f, e)
	if err != nil {
		return Unknown{err.Error()}
	}
	return v
}

// static returns where a static property is.
func (in *interpreter) static(f *frame, class, name string, line int, write bool) *any {
	key := strings.ToLower(class) + "::" + name
	p, ok := in.statics[key]
	if !ok {
		p = new(any)
		if c := in.classes[strings.ToLower(class)]; c != nil {
			for _, prop := range c.decl.Props {
				if prop.Static && prop.Name == name && prop.Default != nil {
					*p = in.constant(&frame{vars: map[string]*any{}, globals: f.globals, file: c.file, class: c}, prop.Default)
				}
			}
		} else if !write {
			*p = Unknown{class + "::$" + name}
		}
		in.statics[key] = p
	}
	if write {
		in.order = append(in.order, staticUse{key, class + "::" + name, Place{f.file, line}})
	}
	return p
}

func (in *interpreter) collectStatics() {
	at := map[string]int{}
	for _, use := range in.order {
		s := Setting{use.place, use.name, *in.statics[use.key]}
		if i, ok := at[use.key]; ok {
			in.program.Statics[i] = s
			continue
		}
		at[use.key] = len(in.program.Statics)
		in.program.Statics = append(in.program.Statics, s)
	}
	sortSettings(in.program.Statics)
}
