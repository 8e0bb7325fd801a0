package startfile

import (
	"strings"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/phpsyntax"
)

// flow is how a statement ends.
type flow struct {
	kind   flowKind
	levels int // of flowBreak and flowContinue
	value  any // of flowReturn
}

type flowKind int

const (
	flowOn flowKind = iota
	flowBreak
	flowContinue
	flowReturn
)

func (in *interpreter) block(f *frame, stmts []phpsyntax.Stmt) (flow, error) {
	for _, s := range stmts {
		out, err := in.statement(f, s)
		if err != nil || out.kind != flowOn {
			return out, err
		}
	}
	return flow{}, nil
}

func (in *interpreter) statement(f *frame, s phpsyntax.Stmt) (flow, error) {
	if err := in.step(1); err != nil {
		return flow{}, err
	}
	switch s := s.(type) {
	case *phpsyntax.Expression:
		_, err := in.eval(f, s.X)
		return flow{}, err
	case *phpsyntax.Echo:
		for _, e := range s.Of {
			if _, err := in.eval(f, e); err != nil {
				return flow{}, err
			}
		}
	case *phpsyntax.Block:
		return in.block(f, s.Body)
	case *phpsyntax.If:
		return in.ifStatement(f, s)
	case *phpsyntax.While:
		return in.while(f, s)
	case *phpsyntax.For:
		return in.forLoop(f, s)
	case *phpsyntax.Foreach:
		return in.foreach(f, s)
	case *phpsyntax.Switch:
		return in.switchStatement(f, s)
	case *phpsyntax.Jump:
		kind := flowBreak
		if s.Continue {
			kind = flowContinue
		}
		return flow{kind: kind, levels: s.Levels}, nil
	case *phpsyntax.Return:
		out := flow{kind: flowReturn}
		var err error
		if s.X != nil {
			out.value, err = in.eval(f, s.X)
		}
		return out, err
	case *phpsyntax.Try:
		out, err := in.block(f, s.Body)
		if err == errThrow { //nolint:errorlint // nothing wraps it
			in.remark(f, s.Line, "try: an exception is thrown, and catch is not followed")
			err = nil
		}
		if err == nil && out.kind == flowOn {
			return in.block(f, s.Finally)
		}
		return out, err
	case *phpsyntax.ConstDecl:
		v, err := in.eval(f, s.X)
		in.constants[s.Name] = v
		return flow{}, err
	case *phpsyntax.Global:
		for _, name := range s.Names {
			f.vars[name] = f.globals.variable(name)
		}
	case *phpsyntax.StaticVar:
		p := f.variable(s.Name)
		if s.X != nil {
			var err error
			if *p, err = in.eval(f, s.X); err != nil {
				return flow{}, err
			}
		}
	case *phpsyntax.Unset:
		return flow{}, in.unset(f, s)
	case *phpsyntax.FuncDecl, *phpsyntax.ClassDecl:
		in.declare(f, []phpsyntax.Stmt{s}) // in a condition
	}
	return flow{}, nil
}

// condition is the truth of an expression. One that is not known is remarked,
// and taken for false.
func (in *interpreter) condition(f *frame, e phpsyntax.Expr) (bool, error) {
	v, err := in.eval(f, e)
	if err != nil {
		return false, err
	}
	truth, known := Truth(v)
	if !known {
		in.remark(f, e.At(), "this condition depends on %s: taken for false", v.(Unknown).Why)
	}
	return truth, nil
}

func (in *interpreter) ifStatement(f *frame, s *phpsyntax.If) (flow, error) {
	truth, err := in.condition(f, s.Cond)
	if err != nil {
		return flow{}, err
	}
	if truth {
		return in.block(f, s.Then)
	}
	return in.block(f, s.Else)
}

// turn runs the body of a loop once; done ends the loop with out.
func (in *interpreter) turn(f *frame, body []phpsyntax.Stmt) (done bool, out flow, err error) {
	if err := in.step(1); err != nil {
		return true, flow{}, err
	}
	out, err = in.block(f, body)
	switch {
	case err != nil || out.kind == flowReturn:
		return true, out, err
	case out.kind == flowOn:
		return false, flow{}, nil
	case out.levels > 1:
		out.levels--
		return true, out, nil
	}
	return out.kind == flowBreak, flow{}, nil
}

func (in *interpreter) while(f *frame, s *phpsyntax.While) (flow, error) {
	for first := true; ; first = false {
		if !s.DoWhile || !first {
			truth, err := in.condition(f, s.Cond)
			if err != nil || !truth {
				return flow{}, err
			}
		}
		if done, out, err := in.turn(f, s.Body); done {
			return out, err
		}
	}
}

func (in *interpreter) forLoop(f *frame, s *phpsyntax.For) (flow, error) {
	all := func(list []phpsyntax.Expr) (last any, err error) {
		last = true
		for _, e := range list {
			if last, err = in.eval(f, e); err != nil {
				return nil, err
			}
		}
		return last, nil
	}
	if _, err := all(s.Init); err != nil {
		return flow{}, err
	}
	for {
		v, err := all(s.Cond)
		if err != nil {
			return flow{}, err
		}
		truth, known := Truth(v)
		if !known {
			in.remark(f, s.Line, "this loop depends on %s: left out", v.(Unknown).Why)
		}
		if !truth {
			return flow{}, nil
		}
		if done, out, err := in.turn(f, s.Body); done {
			return out, err
		}
		if _, err := all(s.Post); err != nil {
			return flow{}, err
		}
	}
}

func (in *interpreter) foreach(f *frame, s *phpsyntax.Foreach) (flow, error) {
	v, err := in.eval(f, s.X)
	if err != nil {
		return flow{}, err
	}
	a, ok := v.(*Array)
	if !ok {
		if u, unknown := v.(Unknown); unknown {
			in.remark(f, s.Line, "this loop depends on %s: left out", u.Why)
		}
		return flow{}, nil
	}
	for _, e := range append([]Entry(nil), a.Entries...) {
		if s.Key != nil {
			if err := in.assign(f, s.Key, e.Key); err != nil {
				return flow{}, err
			}
		}
		if err := in.assign(f, s.Value, e.Value); err != nil {
			return flow{}, err
		}
		if done, out, err := in.turn(f, s.Body); done {
			return out, err
		}
	}
	return flow{}, nil
}

func (in *interpreter) switchStatement(f *frame, s *phpsyntax.Switch) (flow, error) {
	x, err := in.eval(f, s.X)
	if err != nil {
		return flow{}, err
	}
	from := -1
	for i, c := range s.Cases {
		if c.When == nil {
			continue
		}
		v, err := in.eval(f, c.When)
		if err != nil {
			return flow{}, err
		}
		same := equal(x, v, false)
		if u, ok := same.(Unknown); ok {
			in.remark(f, s.Line, "this switch depends on %s: its default is taken", u.Why)
			break
		}
		if same == true {
			from = i
			break
		}
	}
	for i, c := range s.Cases {
		if from < 0 && c.When == nil {
			from = i
		}
	}
	if from < 0 {
		return flow{}, nil
	}
	for _, c := range s.Cases[from:] {
		out, err := in.block(f, c.Body)
		switch {
		case err != nil || out.kind == flowReturn:
			return out, err
		case out.kind == flowOn:
			continue
		case out.levels > 1:
			out.levels--
			return out, nil
		}
		return flow{}, nil // continue is break here, as in PHP
	}
	return flow{}, nil
}

func (in *interpreter) unset(f *frame, s *phpsyntax.Unset) error {
	for _, e := range s.Of {
		switch e := e.(type) {
		case *phpsyntax.Variable:
			delete(f.vars, e.Name)
		case *phpsyntax.Index:
			if e.Key == nil {
				continue
			}
			key, err := in.eval(f, e.Key)
			if err != nil {
				return err
			}
			p, err := in.place(f, e.X)
			if err != nil {
				return err
			}
			if a, ok := (*p).(*Array); ok {
				a.unset(arrayKey(key))
			}
		}
	}
	return nil
}

// declarations are all functions and methods, in the order of their files.
func (in *interpreter) declarations() []*function {
	var list []*function
	for _, fn := range in.functions {
		list = append(list, fn)
	}
	for _, c := range in.classes {
		for _, fn := range c.methods {
			list = append(list, fn)
		}
	}
	sortFunctions(list)
	return list
}

func kindOf(className string) Kind {
	switch strings.ToLower(className) {
	case `gatewayworker\gateway`, `webman\gatewayworker\gateway`:
		return KindGateway
	case `gatewayworker\register`, `webman\gatewayworker\register`:
		return KindRegister
	case `gatewayworker\businessworker`, `webman\gatewayworker\businessworker`:
		return KindBusinessWorker
	case `workerman\worker`, `workerman\webserver`:
		return KindOther
	}
	return 0
}
