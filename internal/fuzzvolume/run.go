package fuzzvolume

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"
)

// run executes one target in bulk.
type run struct {
	name   string
	target reflect.Value
	call   func(t *testing.T, args []any)
	seeds  [][]any
	volume volume
	once   sync.Once
}

func newRun(name string, target any, seeds [][]any, v volume) *run {
	return &run{name: name, target: reflect.ValueOf(target), call: caller(target), seeds: seeds, volume: v}
}

// caller returns how the target is called, without reflection for the most
// frequent forms.
func caller(target any) func(t *testing.T, args []any) {
	switch f := target.(type) {
	case func(*testing.T, []byte):
		return func(t *testing.T, args []any) { f(t, args[0].([]byte)) }
	case func(*testing.T, string):
		return func(t *testing.T, args []any) { f(t, args[0].(string)) }
	case func(*testing.T, []byte, int):
		return func(t *testing.T, args []any) { f(t, args[0].([]byte), args[1].(int)) }
	case func(*testing.T, []byte, uint16):
		return func(t *testing.T, args []any) { f(t, args[0].([]byte), args[1].(uint16)) }
	}
	value, in := reflect.ValueOf(target), []reflect.Value(nil)
	return func(t *testing.T, args []any) {
		in = append(in[:0], reflect.ValueOf(t))
		for _, arg := range args {
			in = append(in, reflect.ValueOf(arg))
		}
		value.Call(in)
	}
}

// wrapped returns a function of the target's type, for testing.F.Fuzz: its first
// call is the run in bulk, in the T of the first seed; the others are the seeds.
func (r *run) wrapped() any {
	return reflect.MakeFunc(r.target.Type(), func(in []reflect.Value) []reflect.Value {
		r.once.Do(func() { r.bulk(in[0].Interface().(*testing.T)) })
		r.target.Call(in)
		return nil
	}).Interface()
}

func (r *run) bulk(t *testing.T) {
	m := newMutator(r.seeds, r.volume.seed)
	var done uint64
	start, whole := time.Now(), false
	defer func() {
		if !whole || t.Failed() { // the target gave up, or panics
			r.keep(t, m.input(), done)
		}
	}()
	for done < r.volume.executions {
		args := m.next()
		done++
		r.call(t, args)
		if t.Failed() {
			return
		}
		if done%64 == 0 && r.volume.time > 0 && time.Since(start) > r.volume.time {
			break
		}
	}
	whole = true
	took := time.Since(start)
	fmt.Fprintf(os.Stdout, "fuzz volume: %s: %d executions in %.1f s (%.0f/s) from %d seeds, seed %d\n",
		r.name, done, took.Seconds(), float64(done)/took.Seconds(), len(r.seeds), r.volume.seed)
}

// keep writes the input that failed to where go test finds it.
func (r *run) keep(t *testing.T, args []any, done uint64) {
	input := writeInput(args)
	path := filepath.Join("testdata", "fuzz", r.name, fmt.Sprintf("volume-%x", sha256.Sum256(input))[:24])
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Log(err)
	}
	if err := os.WriteFile(path, input, 0o644); err != nil {
		t.Log(err)
	}
	t.Logf("execution %d of seed %d failed; its input is in %s:\n%s", done, r.volume.seed, path, input)
}
