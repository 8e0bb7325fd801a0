//go:build linux

package faults

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A process is one run of a program, in a session of its own: a PHP master and
// its children get signals together.
type process struct {
	name    string
	master  bool // Workerman's: its children do the work
	cmd     *exec.Cmd
	log     string // the file of its output
	stdin   io.WriteCloser
	stdout  io.Reader // only with pipes
	exited  chan struct{}
	state   *os.ProcessState // valid after exited
	ordered bool             // to end: a signal that ends it was sent
}

// A program says how to start a process.
type program struct {
	name  string
	args  []string
	env   []string
	dir   string
	pipes bool // stdin and stdout are pipes
}

var starts = make(chan func())

// The kernel ends a child with the thread that started it (Pdeathsig), so one
// thread starts all of them and never ends: no process outlives the tests.
func init() {
	go func() {
		runtime.LockOSThread()
		for start := range starts {
			start()
		}
	}()
}

func (pr program) start() (*process, error) {
	p := &process{name: pr.name, master: pr.args[0] == "php" && !pr.pipes, cmd: exec.Command(pr.args[0], pr.args[1:]...), exited: make(chan struct{})}
	p.cmd.Env = pr.env
	for _, variable := range os.Environ() { // some of this project's are flags
		if !strings.HasPrefix(variable, "GATEWAYWORKER_") || pr.args[0] == "php" {
			p.cmd.Env = append(p.cmd.Env, variable)
		}
	}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	log, err := os.CreateTemp(pr.dir, strings.ReplaceAll(pr.name, " ", "-")+"-*.log")
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p.log = log.Name()
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if pr.pipes {
		p.cmd.Stdout = nil
		if p.stdin, err = p.cmd.StdinPipe(); err != nil {
			return nil, err
		}
		if p.stdout, err = p.cmd.StdoutPipe(); err != nil {
			return nil, err
		}
	}
	done := make(chan error)
	starts <- func() { done <- p.cmd.Start() }
	if err := <-done; err != nil {
		return nil, err
	}
	go func() {
		p.state, _ = p.cmd.Process.Wait() // not Cmd.Wait: that would close the pipes under their reader
		close(p.exited)
	}()
	return p, nil
}

// signal sends a signal to the whole session, SIGTERM to its first process alone.
func (p *process) signal(sig syscall.Signal) {
	pid := p.cmd.Process.Pid
	switch sig {
	case syscall.SIGTERM:
		p.ordered = true
		_ = syscall.Kill(pid, sig)
	case syscall.SIGKILL:
		p.ordered = true
		_ = syscall.Kill(-pid, sig)
	default:
		_ = syscall.Kill(-pid, sig)
	}
}

// stop stops the session. A Workerman master that sees a child stopped takes it
// for ended and starts another one beside it, so the master must not look while a
// child is stopped.
func (p *process) stop() error {
	pid := p.cmd.Process.Pid
	_ = syscall.Kill(pid, syscall.SIGSTOP)
	if err := awaitStopped(pid, true); err != nil {
		return err
	}
	return p.toChildren(syscall.SIGSTOP, true)
}

// cont continues what was stopped.
func (p *process) cont() error {
	if err := p.toChildren(syscall.SIGCONT, false); err != nil {
		return err
	}
	return syscall.Kill(p.cmd.Process.Pid, syscall.SIGCONT)
}

func (p *process) toChildren(sig syscall.Signal, stopped bool) error {
	if !p.master {
		return nil
	}
	pid := p.cmd.Process.Pid
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return err
	}
	for field := range strings.FieldsSeq(string(text)) {
		child, err := strconv.Atoi(field)
		if err != nil {
			return err
		}
		_ = syscall.Kill(child, sig)
		if err := awaitStopped(child, stopped); err != nil {
			return err
		}
	}
	return nil
}

// awaitStopped waits until a process is stopped, or runs.
func awaitStopped(pid int, stopped bool) error {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return err
		}
		_, rest, _ := bytes.Cut(text, []byte(") "))
		if len(rest) > 0 && (rest[0] == 'T') == stopped {
			return nil
		}
	}
	return fmt.Errorf("process %d is not stopped %v after the signal", pid, patience)
}

// wait waits until the process has ended.
func (p *process) wait() error {
	select {
	case <-p.exited:
		return nil
	case <-time.After(patience):
		return fmt.Errorf("%s (pid %d) has not ended within %v", p.name, p.cmd.Process.Pid, patience)
	}
}

// end kills the process and frees what it held.
func (p *process) end() {
	p.signal(syscall.SIGKILL)
	<-p.exited
	if p.stdin != nil {
		p.stdin.Close()
	}
}

// complaint returns what the process has said that no program may say, or that
// it has ended though nobody asked it to.
func (p *process) complaint() error {
	out, err := os.ReadFile(p.log)
	if err != nil {
		return err
	}
	for _, bad := range []string{"DATA RACE", "panic:", "fatal error:", "PHP Fatal", "unexpected fault"} {
		if i := bytes.Index(out, []byte(bad)); i >= 0 {
			return fmt.Errorf("%s said:\n%s", p.name, out[max(0, i-200):min(len(out), i+6000)])
		}
	}
	select {
	case <-p.exited:
		if !p.ordered {
			return fmt.Errorf("%s has ended by itself: %v\n%s", p.name, p.state, tailOf(out))
		}
	default:
	}
	return nil
}

func tailOf(out []byte) []byte { return out[max(0, len(out)-3000):] }

// awaitFile waits until a file is there, which a program makes when it serves.
func (p *process) awaitFile(path string) error {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if _, err := os.Stat(path); err == nil {
			return nil
		}
		select {
		case <-p.exited:
			out, _ := os.ReadFile(p.log)
			return fmt.Errorf("%s ended at its start:\n%s", p.name, tailOf(out))
		default:
		}
	}
	return fmt.Errorf("%s made no %s", p.name, filepath.Base(path))
}
