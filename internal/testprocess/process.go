package testprocess

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
)

// A Process plays a role. It ends with its test.
type Process struct {
	PID int

	cmd *exec.Cmd
	mu  sync.Mutex // guards in and out: one question at a time
	in  io.WriteCloser
	out *bufio.Reader
	log *tail
}

// Stats is how a process is.
type Stats struct {
	Goroutines int
	Heap       uint64          // bytes of objects; with Collected, of live ones
	State      json.RawMessage // as the role says

	// Of the kernel; 0 where it has no /proc.
	Files         int
	RSS, PSS      uint64 // bytes
	PeakRSS       uint64 // since the start, or ResetPeak
	CPU           float64
	Threads       int
	VoluntaryWait uint64 // context switches
}

// Start starts a process with a role, and waits until it plays. ready, if not
// nil, gets what the role returned. env is added to this process's environment.
func Start(t testing.TB, role string, config, ready any, env ...string) *Process {
	t.Helper()
	text, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	p := &Process{cmd: exec.Command(os.Args[0]), log: new(tail)}
	p.cmd.Env = append(append(os.Environ(), "GORACE=atexit_sleep_ms=0", roleVariable+"="+role), env...)
	p.cmd.Stderr = p.log
	in, err1 := p.cmd.StdinPipe()
	out, err2 := p.cmd.StdoutPipe()
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.PID, p.in, p.out = p.cmd.Process.Pid, in, bufio.NewReader(out)
	t.Cleanup(func() { p.end(t, role) })
	if _, err := in.Write(append(text, '\n')); err != nil {
		t.Fatal(err)
	}
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		t.Fatalf("%s does not start: %v", role, err)
	}
	if ready != nil {
		if err := json.Unmarshal(line, ready); err != nil {
			t.Fatalf("%s said %q: %v", role, line, err)
		}
	}
	return p
}

// Close ends the process at once, as if it were killed: its role is not told.
func (p *Process) Close() { p.in.Close() }

// end ends the process; one that has ended by itself fails the test.
func (p *Process) end(t testing.TB, role string) {
	p.in.Close()
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("%s: %v", role, err)
	}
	if t.Failed() && p.log.Len() > 0 {
		t.Logf("%s said at last:\n%s", role, p.log)
	}
}

// Stats asks the process how it is.
func (p *Process) Stats(t testing.TB) Stats { t.Helper(); return p.ask(t, askNow) }

// Collected is Stats after what is garbage was collected.
func (p *Process) Collected(t testing.TB) Stats { t.Helper(); return p.ask(t, askHeap) }

func (p *Process) ask(t testing.TB, what byte) Stats {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, err := p.in.Write([]byte{what}); err != nil {
		t.Fatalf("the process does not listen: %v", err)
	}
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		t.Fatalf("the process has no answer: %v", err)
	}
	s := Stats{}
	if err := json.Unmarshal(line, &s); err != nil {
		t.Fatal(err)
	}
	s.kernel(p.PID)
	return s
}

// Log returns the last of what the process has written to stderr.
func (p *Process) Log() string { return p.log.String() }

// tail keeps the last of what is written to it.
type tail struct {
	mu   sync.Mutex // guards text
	text []byte
}

const keepTail = 64 << 10

func (l *tail) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	if over := len(l.text) - keepTail; over > keepTail {
		l.text = bytes.Clone(l.text[over:])
	}
	return len(p), nil
}

func (l *tail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}

func (l *tail) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.text)
}
