package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/holder"
	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/sdnotify"
	"github.com/go-gatewayworker/gatewayworker/internal/handover"
)

// takePatience is how long the process before may take for each of its steps. It
// has limits of its own, and ends this process.
const takePatience = 2 * time.Minute

// successor is what a process has that takes the place of another one, until it
// serves. A nil *successor is in a process that was started by anybody else.
type successor struct {
	taker   *handover.Taker
	offered []string // parts of the other process
	before  string   // version of the other process
	ports   []port   // of the other process, still to be opened
	waiting []mover  // whose parts have not come yet
	next    string   // part whose records come next
	link    *holder.Link
	gc      int // GOGC
	state   successorState
}

type successorState int

const (
	taking  successorState = iota
	refused                // it never serves
	serving
)

// served reports whether this process has served, if it was one that takes the
// place of another.
func (s *successor) served() bool { return s == nil || s.state == serving }

// successorFromEnvironment returns the successor that this process is, nil if it
// is none.
func successorFromEnvironment() (*successor, error) {
	if os.Getenv(handoverVariable) == "" {
		return nil, nil
	}
	_ = os.Unsetenv(handoverVariable) // processes that this one starts are none
	taker, err := handover.NewTaker(os.NewFile(3, "handover records"), os.NewFile(4, "handover files"))
	if err != nil {
		return nil, fmt.Errorf("%s is set, which only a process that is replaced does: %w", handoverVariable, err)
	}
	return &successor{taker: taker}, nil
}

// refuse tells the process before why this one ends.
func (s *successor) refuse(err error) {
	if s == nil || s.state != taking || err == nil {
		return
	}
	s.state = refused
	s.taker.Refuse(err.Error())
	s.taker.Close()
}

// agree says who this process is, and hears which parts there are.
func (s *successor) agree() (err error) {
	if s == nil {
		return nil
	}
	s.offered, err = s.taker.Agree(version(), takePatience)
	return err
}

// prepared is called when all settings are known to be good: the process before
// stands still from here on. parts are those that this process has.
func (s *successor) prepared(parts []string) error {
	if s == nil {
		return nil
	}
	for _, part := range s.offered {
		if !slices.Contains(parts, part) {
			return errors.New(unknownPart(part, parts))
		}
	}
	// Next to nothing of what comes is garbage, and everybody waits.
	s.gc = debug.SetGCPercent(-1)
	if err := s.taker.Prepared(takePatience); err != nil {
		return err
	}
	if part, err := s.taker.Part(); err != nil || part != processPart {
		return fmt.Errorf("the process before begins with part %q: %w", part, errors.Join(err, handover.ErrMalformed))
	}
	if err := s.takeProcess(); err != nil {
		return err
	}
	return s.following()
}

// offers reports whether the process before hands a part over.
func (s *successor) offers(part string) bool { return s != nil && slices.Contains(s.offered, part) }

// unknownPart says what a part is that this process has not.
func unknownPart(part string, parts []string) string {
	if address, ok := strings.CutPrefix(part, gatewayPart); ok {
		var own []string
		for _, p := range parts {
			if a, ok := strings.CutPrefix(p, gatewayPart); ok {
				own = append(own, a)
			}
		}
		return fmt.Sprintf("the running gateway has the inner address (lan-ip, start-port) %s, and the configuration has %s: client ids hold it, so an upgrade cannot change it", address, strings.Join(own, ", "))
	}
	if address, ok := strings.CutPrefix(part, registerPart); ok {
		return fmt.Sprintf("the running Register listens at %s, and not so the configuration: gateways and workers know it by its address, so an upgrade cannot change it", address)
	}
	return fmt.Sprintf("the running process has a %s, and the configuration has none", part)
}

// following has the name of the next part ready.
func (s *successor) following() (err error) {
	if s.next, err = s.taker.Part(); errors.Is(err, io.EOF) {
		s.next, err = "", nil
	}
	return err
}

// takeProcess takes what is the process's own.
func (s *successor) takeProcess() error {
	for {
		f, err := s.taker.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		switch f.Kind() {
		case kindProcess:
			err = s.takeHolder(f)
		case kindPort:
			err = s.takePort(f)
		}
		if err != nil {
			return err
		}
	}
	if s.link == nil {
		return fmt.Errorf("%w: nobody holds the pid", handover.ErrMalformed)
	}
	return nil
}

func (s *successor) takeHolder(f *handover.Fields) error {
	pid, fd := 0, -1
	var err error
	for f.Next() && err == nil {
		switch f.Field() {
		case fieldVersion:
			s.before = f.Text()
		case fieldHolder:
			pid = int(f.Uint())
		case fieldHolderFile:
			fd, err = s.taker.File(f.Uint())
		}
	}
	if err = errors.Join(err, f.Err()); err != nil || fd < 0 {
		return errors.Join(err, handover.ErrMalformed)
	}
	s.link, err = holder.NewLink(fd, pid)
	return err
}

func (s *successor) takePort(f *handover.Fields) error {
	var p port
	var file *os.File
	for f.Next() {
		switch f.Field() {
		case fieldPortName:
			p.name = f.Text()
		case fieldPortAddress:
			p.address = f.Text()
		case fieldPortFile:
			fd, err := s.taker.File(f.Uint())
			if err != nil {
				return err
			}
			file = os.NewFile(uintptr(fd), "listener")
			defer file.Close()
		}
	}
	if f.Err() != nil || file == nil {
		return errors.Join(f.Err(), handover.ErrMalformed)
	}
	ln, err := net.FileListener(file)
	if err != nil {
		return err
	}
	if u, ok := ln.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(true) // as the process that made it would have done
	}
	p.ln = handover.NewListener(ln)
	s.ports = append(s.ports, p)
	return nil
}

// port returns the listener that the process before has had for an address, nil
// for none.
func (s *successor) port(name, address string) net.Listener {
	if s == nil {
		return nil
	}
	for i, p := range s.ports {
		if p.name == name && p.address == address {
			s.ports = slices.Delete(s.ports, i, i+1)
			return p.ln
		}
	}
	return nil
}

// take has parts be what the process before has had by their names: those that are
// waited for, as far as their records have come. Those of movers that are still to
// be made come later.
func (s *successor) take(parts ...mover) error {
	if s == nil {
		return nil
	}
	s.waiting = append(s.waiting, parts...)
	for s.next != "" {
		i := slices.IndexFunc(s.waiting, func(m mover) bool { return m.part() == s.next })
		if i < 0 {
			return nil
		}
		if err := s.waiting[i].takeOver(s.taker); err != nil {
			return err
		}
		s.waiting = slices.Delete(s.waiting, i, i+1)
		if err := s.following(); err != nil {
			return err
		}
	}
	return nil
}

// serve has this process serve from now on, in place of the one before.
func (s *successor) serve() error {
	if s.next != "" {
		return fmt.Errorf("%w: part %q is nobody's", handover.ErrMalformed, s.next)
	}
	if err := s.taker.Serve(); err != nil {
		return err
	}
	debug.SetGCPercent(s.gc)
	s.state = serving
	s.link.Serving(os.Getpid())
	sdnotify.Via(s.link.Notify, s.link.Holder())
	for _, p := range s.ports { // that the configuration has no more
		_ = p.ln.Close()
	}
	s.ports = nil
	s.taker.Close()
	return nil
}
