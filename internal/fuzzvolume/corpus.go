package fuzzvolume

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// A kept corpus is one file for each target: a line for each input, its values
// as in the files of testdata/fuzz, with tabs between them. Lines that begin
// with # say something about it.

func readCorpus(path string) ([][]any, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var out [][]any
	for i, line := range strings.Split(string(text), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		args, err := readInput(strings.Split(line, "\t"))
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, i+1, err)
		}
		out = append(out, args)
	}
	return out, nil
}

// readInput reads values such as []byte("x") and int(5).
func readInput(values []string) ([]any, error) {
	var args []any
	for _, value := range values {
		arg, err := readValue(value)
		if err != nil {
			return nil, fmt.Errorf("%q is no value of a corpus: %w", value, err)
		}
		args = append(args, arg)
	}
	return args, nil
}

var errValue = errors.New(`want a form such as []byte("x"), string("x"), int(5) or bool(true)`)

func readValue(text string) (any, error) {
	expr, err := parser.ParseExpr(text)
	if err != nil {
		return nil, err
	}
	call, ok := expr.(*ast.CallExpr)
	if !ok || len(call.Args) != 1 {
		return nil, errValue
	}
	kind, value := "[]byte", ""
	if name, ok := call.Fun.(*ast.Ident); ok {
		kind = name.Name
	}
	switch arg := call.Args[0].(type) {
	case *ast.BasicLit:
		value = arg.Value
	case *ast.Ident:
		value = arg.Name
	case *ast.UnaryExpr:
		if number, ok := arg.X.(*ast.BasicLit); ok && arg.Op == token.SUB {
			value = "-" + number.Value
		}
	}
	switch kind {
	case "[]byte":
		s, err := strconv.Unquote(value)
		return []byte(s), err
	case "string":
		return strconv.Unquote(value)
	case "bool":
		return strconv.ParseBool(value)
	case "byte", "uint8":
		if s, err := strconv.Unquote(value); err == nil && len([]rune(s)) == 1 { // byte('\x05')
			return byte([]rune(s)[0]), nil
		}
		n, err := strconv.ParseUint(value, 0, 8)
		return byte(n), err
	case "uint16":
		n, err := strconv.ParseUint(value, 0, 16)
		return uint16(n), err
	case "uint32":
		n, err := strconv.ParseUint(value, 0, 32)
		return uint32(n), err
	case "int":
		return strconv.Atoi(value)
	}
	return nil, errValue
}

// writeInput writes values as a file of testdata/fuzz has them.
func writeInput(args []any) []byte {
	var b bytes.Buffer
	b.WriteString("go test fuzz v1\n")
	for _, arg := range args {
		switch v := arg.(type) {
		case []byte:
			fmt.Fprintf(&b, "[]byte(%q)\n", v)
		case string:
			fmt.Fprintf(&b, "string(%q)\n", v)
		case byte:
			fmt.Fprintf(&b, "byte(%q)\n", v)
		default:
			fmt.Fprintf(&b, "%T(%v)\n", v, v)
		}
	}
	return b.Bytes()
}
