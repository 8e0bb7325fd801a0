package testprocess

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
)

// roleVariable names the role of a process that Start has started; its
// configuration comes on stdin.
const roleVariable = "GATEWAYWORKER_TEST_ROLE"

// A Role is what a process does. It starts with the configuration that Start was
// given, and returns what the test learns of it, such as addresses, and a
// function that says how it is, for Stats.Role; nil is for nothing. What it has
// started ends with the process.
type Role func(config json.RawMessage) (ready any, state func() any, err error)

// Main plays the role of this process and does not return, if Start has started
// it. Otherwise it does nothing.
func Main(roles map[string]Role) {
	name := os.Getenv(roleVariable)
	if name == "" {
		return
	}
	if err := play(roles[name]); err != nil {
		fmt.Fprintf(os.Stderr, "test process %s: %v\n", name, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// own is what a process can say of itself only.
type own struct {
	Goroutines int
	Heap       uint64 // bytes of live objects
	State      any
}

// play answers a byte on stdin with a line of JSON on stdout, until stdin ends.
func play(role Role) error {
	if role == nil {
		return errors.New("there is no such role")
	}
	in, out := bufio.NewReader(os.Stdin), json.NewEncoder(os.Stdout)
	config, err := in.ReadBytes('\n')
	if err != nil {
		return err
	}
	ready, state, err := role(config)
	if err != nil {
		return err
	}
	if err := out.Encode(ready); err != nil {
		return err
	}
	for {
		what, err := in.ReadByte()
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		o := own{Goroutines: runtime.NumGoroutine()}
		if what == askHeap {
			runtime.GC() // twice: what is in pools survives one collection
			debug.FreeOSMemory()
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		o.Heap = m.HeapAlloc
		if state != nil {
			o.State = state()
		}
		if err := out.Encode(o); err != nil {
			return err
		}
	}
}

// The questions of a test.
const (
	askNow  = 'n' // as it is
	askHeap = 'h' // after what is garbage has been collected
)
