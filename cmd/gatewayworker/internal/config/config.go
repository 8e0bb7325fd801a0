package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Keys whose values are lists of sections.
const (
	GatewaysKey  = "gateways"
	ListenersKey = "listeners"
	NameKey      = "name" // of a gateway, for logs and errors
)

// maxSize bounds a file, in bytes.
const maxSize = 1 << 20

// Schema says which keys a file may have where, besides GatewaysKey, ListenersKey
// and NameKey.
type Schema struct {
	Process  []string // at the top only
	Gateway  []string // at the top, for all gateways, and in each of them
	Listener []string // in each listener of a gateway

	// Similar returns the names that may be meant by one that is not known,
	// for the error. It may be nil.
	Similar func(word string, names []string) []string
}

// File is a configuration file.
type File struct {
	Path     string
	Top      Section
	Gateways []Section // nil if the file has no such list
}

// Section is one mapping of the file: the top, a gateway or a listener.
type Section struct {
	Name      string // "", gateways[0] or gateways[0].listeners[1], or with the gateway's own name: gateways[web]
	Line      int
	Values    []Value // in the order of the file
	Listeners []Section
}

// Value is what stands behind one key.
type Value struct {
	Key   string
	Texts []string // one, or those of a list
	File  string
	Line  int
}

// Where is how an error names the value: FILE:LINE: KEY.
func (v Value) Where() string { return fmt.Sprintf("%s:%d: %s", v.File, v.Line, v.Key) }

// Value returns the value of a key, ok if the section has it.
func (s Section) Value(key string) (v Value, ok bool) {
	i := slices.IndexFunc(s.Values, func(v Value) bool { return v.Key == key })
	if i < 0 {
		return v, false
	}
	return s.Values[i], true
}

// Error is something wrong in a file.
type Error struct {
	File string
	Line int // 0 if it is no line's
	Text string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Text
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Text)
}

// Load reads the file at path. The error is a joined list of [*Error], or one of
// opening the file.
func Load(path string, schema Schema) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxSize {
		return nil, &Error{path, 0, fmt.Sprintf("larger than %d bytes, which is no configuration file", maxSize)}
	}
	return Parse(path, text, schema)
}

// Parse reads the text of the file at path.
func Parse(path string, text []byte, schema Schema) (*File, error) {
	var doc yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	err := decoder.Decode(&doc)
	file := &File{Path: path}
	if errors.Is(err, io.EOF) { // nothing but comments
		return file, nil
	}
	if err != nil {
		return nil, syntaxError(path, err)
	}
	var more yaml.Node
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, &Error{path, more.Line, "a second document: a configuration file has one"}
	}
	p := &parser{path: path, schema: schema}
	root := resolve(&doc)
	if root.Kind == yaml.DocumentNode && len(root.Content) > 0 {
		root = resolve(root.Content[0])
	}
	if isNull(root) {
		return file, nil
	}
	if root.Kind != yaml.MappingNode {
		return nil, &Error{path, root.Line, "want a mapping of keys to values, as in log-level: info"}
	}
	p.top(file, root)
	return file, errors.Join(p.errs...)
}

// syntaxError puts an error of the YAML package into the words of this one.
func syntaxError(path string, err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	line := 0
	if n, _ := fmt.Sscanf(text, "line %d:", &line); n == 1 {
		_, text, _ = strings.Cut(text, ": ")
	}
	return &Error{path, line, "no YAML: " + text}
}
