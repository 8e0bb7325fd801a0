package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/go-gatewayworker/gatewayworker/internal/handover"
)

// handoverVariable tells a process that it is to take another one's place: the
// sockets of package handover are its descriptors 3 and 4.
const handoverVariable = envPrefix + "HANDOVER"

// startedAs is the path by which this program was started, which may lead to
// another file later.
var startedAs = strings.Clone(pathOfProgram()) // Workerman's title is written over the arguments

// pathOfProgram is the path on the command line, if it leads to the file that runs,
// so that a link that is changed is followed; or else the file's own.
func pathOfProgram() string {
	own, err := os.Executable()
	if err != nil {
		return os.Args[0]
	}
	typed, err := exec.LookPath(os.Args[0])
	if err != nil {
		return own
	}
	if typed, err = filepath.Abs(typed); err != nil {
		return own
	}
	a, err := os.Stat(typed)
	if err != nil {
		return own
	}
	if b, err := os.Stat("/proc/self/exe"); err != nil || !os.SameFile(a, b) {
		return own
	}
	return typed
}

// upgrade has a new process take the place of this one, and returns when it serves.
// After an error this process serves as if nothing had happened.
func (p *process) upgrade(opts upgradeOptions) (*upgradeReport, error) {
	if !p.upgrading.one.TryLock() {
		return nil, errUpgrading
	}
	defer p.upgrading.one.Unlock()
	if p.upgrading.moved.Load() {
		return nil, errMoved
	}
	if _, ever := p.drained(); ever {
		return nil, errDrained
	}
	// Nothing is read again meanwhile: the new process may have read it before.
	p.reloading.Lock()
	defer p.reloading.Unlock()
	begun := time.Now()
	pass, _ := movers(p.servers)
	var parts []string
	for _, m := range pass {
		parts = append(parts, m.part())
	}
	s, err := p.startSuccessor(opts)
	if err != nil {
		return nil, err
	}
	defer s.giver.Close()
	// A stop ends the wait for the new process.
	prepared := make(chan struct{})
	go func() {
		select {
		case <-p.upgrading.stopping:
			s.giver.Close()
		case <-prepared:
		}
	}()
	s.giver.Files(p.openFiles())
	err = s.giver.Agree(parts, opts.timeout)
	close(prepared)
	if err != nil {
		select {
		case <-p.upgrading.stopping:
			err = errStopping
		default:
			err = s.explain(err, opts.timeout)
		}
		s.end()
		return nil, err
	}
	report := &upgradeReport{From: version(), To: s.giver.Program(), Serving: s.pid}
	m := &move{
		run:   func(servers []server) error { return p.handOver(s, opts, report, servers) },
		leave: p.leaveRest,
		done:  make(chan error, 1),
	}
	select {
	case p.upgrading.moves <- m:
	case <-p.upgrading.stopping:
		s.end()
		return nil, errStopping
	}
	if err := <-m.done; err != nil {
		return nil, s.explain(err, opts.maxPause)
	}
	report.Total = inMilliseconds(time.Since(begun))
	return report, nil
}

// openFiles is about how many files pass.
func (p *process) openFiles() (files int) {
	for _, g := range p.gateways {
		stats := g.Stats()
		files += stats.Clients + stats.Workers
	}
	return files
}

func inMilliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// successorProcess is the new process, as the one that starts it has it.
type successorProcess struct {
	giver *handover.Giver
	pid   int
	ended *os.ProcessState // nil unless it has been ended
}

// startSuccessor starts the new process, with the arguments, the environment and
// the working directory of this one.
func (p *process) startSuccessor(opts upgradeOptions) (*successorProcess, error) {
	path := startedAs
	if opts.binary != "" {
		path = opts.binary
	}
	path, err := exec.LookPath(path)
	if err != nil {
		return nil, fmt.Errorf("the new program cannot be run: %w", err)
	}
	giver, files, err := handover.NewGiver()
	if err != nil {
		return nil, err
	}
	defer func() {
		for _, f := range files {
			_ = f.Close()
		}
	}()
	args := append([]string{path}, os.Args[1:]...)
	process, err := os.StartProcess(path, args, &os.ProcAttr{
		Env:   append(os.Environ(), handoverVariable+"="+strconv.Itoa(os.Getpid())),
		Files: append(p.standardFiles(), files...),
		// A group of its own: what a terminal sends to the group reaches it by the
		// process that holds the pid, once.
		Sys: &syscall.SysProcAttr{Setpgid: true},
	})
	if err != nil {
		giver.Close()
		return nil, fmt.Errorf("the new program cannot be run: %w", err)
	}
	s := &successorProcess{giver: giver, pid: process.Pid}
	_ = process.Release() // who holds the pid waits for it
	return s, nil
}

// standardFiles are stdin, stdout and stderr. A daemon of Workerman's has closed
// them, and what has their numbers now may be anything.
func (p *process) standardFiles() []*os.File {
	files := []*os.File{os.Stdin, os.Stdout, os.Stderr}
	if p.master == nil || !p.master.Daemon {
		return files
	}
	for fd := range files {
		var stat unix.Stat_t
		if unix.Fstat(fd, &stat) != nil || stat.Mode&unix.S_IFMT != unix.S_IFREG && stat.Mode&unix.S_IFMT != unix.S_IFCHR {
			files[fd] = nil
		}
	}
	return files
}

// end ends the process, with all that it has started, and waits for it.
func (s *successorProcess) end() {
	if s.ended != nil {
		return
	}
	_ = syscall.Kill(-s.pid, syscall.SIGKILL)
	_ = syscall.Kill(s.pid, syscall.SIGKILL) // before it has its group
	if p, err := os.FindProcess(s.pid); err == nil {
		s.ended, _ = p.Wait()
	}
}

// explain says in an error of the handover what has happened to the process.
func (s *successorProcess) explain(err error, limit time.Duration) error {
	var refused *handover.RefusedError
	switch {
	case errors.As(err, &refused):
		return errors.New("the new process refuses: " + refused.Reason)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("the new process was not ready within %v", limit)
	case errors.Is(err, handover.ErrPeerGone):
		if p, e := os.FindProcess(s.pid); e == nil && s.ended == nil {
			s.ended, _ = waitFor(p, 5*time.Second)
		}
		if s.ended != nil {
			return fmt.Errorf("the new process has ended (%s) before it could take over; what it said is in the log", s.ended)
		}
	}
	return err
}

// waitFor waits for the end of a process, which is about to end.
func waitFor(p *os.Process, limit time.Duration) (*os.ProcessState, error) {
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		var info unix.Siginfo
		if err := unix.Waitid(unix.P_PID, p.Pid, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil); err != nil {
			return nil, err
		}
		if info.Signo != 0 {
			return p.Wait()
		}
	}
	return nil, os.ErrDeadlineExceeded
}
