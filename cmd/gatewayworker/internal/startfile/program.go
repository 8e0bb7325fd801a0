package startfile

import (
	"fmt"
	"os"
	"path/filepath"
)

// Program is what start files set up.
type Program struct {
	Workers  []*Worker
	Statics  []Setting // Worker::$logFile is Name `Workerman\Worker::logFile`
	Remarks  []Remark  // what could not be found out
	Returned any       // what the file returns: an *Array in configuration files
	File     string
}

// Kind is what a Worker is.
type Kind int

const (
	KindGateway Kind = iota + 1
	KindRegister
	KindBusinessWorker
	KindOther
)

// Worker is one object of Workerman's class Worker, or of one made from it.
type Worker struct {
	Place
	Kind    Kind
	Class   string // fully qualified
	Listen  any
	Context any
	Props   []Setting // in the order in which they were first set
}

// Setting is a property and the value it has in the end.
type Setting struct {
	Place
	Name  string
	Value any
}

// Place is a line of a file.
type Place struct {
	File string
	Line int
}

// String is the place as a user looks for it: from the current folder.
func (p Place) String() string {
	file := p.File
	if dir, err := os.Getwd(); err == nil {
		if short, err := filepath.Rel(dir, file); err == nil && filepath.IsLocal(short) {
			file = short
		}
	}
	if p.Line == 0 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, p.Line)
}

// Remark is a line that could not be understood, and why.
type Remark struct {
	Place
	Text string
}

// Values of PHP are nil, bool, int64, float64, string, *Array and these.
type (
	// Closure is a function without a name. An empty one has no effect; a
	// binary one sets websocketType to binary frames, and does nothing else.
	Closure struct {
		Place
		Empty, Binary bool
		fn            *function
	}
	// Object is an object of a class that is of no interest here.
	Object struct {
		Class string
		props map[string]*any
		class *class
	}
	// Unknown is a value that only the running program has.
	Unknown struct{ Why string }
)

// Entry is an element of an Array. Key is an int64 or a string.
type Entry struct {
	Key, Value any
	Line       int // 0 where PHP was asked
}

// Array is PHP's: ordered.
type Array struct{ Entries []Entry }

// Get returns the element with the key.
func (a *Array) Get(key any) (Entry, bool) {
	if a == nil {
		return Entry{}, false
	}
	for _, e := range a.Entries {
		if e.Key == key {
			return e, true
		}
	}
	return Entry{}, false
}

// set puts a value at key, which may be new.
func (a *Array) set(key, value any, line int) {
	*a.place(key) = value
	for i := range a.Entries {
		if a.Entries[i].Key == key {
			a.Entries[i].Line = line
		}
	}
}

// add appends.
func (a *Array) add(value any, line int) {
	a.Entries = append(a.Entries, Entry{a.next(), value, line})
}

func (a *Array) next() int64 {
	next := int64(0)
	for _, e := range a.Entries {
		if n, ok := e.Key.(int64); ok && n >= next {
			next = n + 1
		}
	}
	return next
}

// place returns where the value at key is, until the next change of the array.
func (a *Array) place(key any) *any {
	for i := range a.Entries {
		if a.Entries[i].Key == key {
			return &a.Entries[i].Value
		}
	}
	a.Entries = append(a.Entries, Entry{Key: key})
	return &a.Entries[len(a.Entries)-1].Value
}

func (a *Array) unset(key any) {
	for i := range a.Entries {
		if a.Entries[i].Key == key {
			a.Entries = append(a.Entries[:i:i], a.Entries[i+1:]...)
			return
		}
	}
}
