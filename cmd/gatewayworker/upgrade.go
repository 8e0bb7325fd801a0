package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// upgradeOptions are what an upgrade is asked for with.
type upgradeOptions struct {
	// binary is the program's file; "" is the one that this process was started
	// from, as it is now.
	binary string
	// timeout is how long the new process may take until it is prepared.
	timeout time.Duration
	// maxPause is how long nothing is read or written at most; then this process
	// goes on.
	maxPause time.Duration
}

const (
	defaultUpgradeTimeout = 30 * time.Second
	defaultMaxPause       = 10 * time.Second
)

// upgradeReport is what came of an upgrade.
type upgradeReport struct {
	From      string  `json:"from"` // versions
	To        string  `json:"to"`
	PID       int     `json:"pid"`     // by which others know the program
	Serving   int     `json:"serving"` // pid of the process that serves now
	Clients   int     `json:"clients"`
	Inner     int     `json:"inner"`   // connections of workers and GatewayClients
	Relayed   int     `json:"relayed"` // of the clients, those under TLS, for whom the process before goes on
	Pause     float64 `json:"pause_ms"`
	Total     float64 `json:"total_ms"`
	MemoryOld uint64  `json:"memory_old"` // bytes of the process before, when it stopped
	MemoryNew uint64  `json:"memory_new"` // bytes of the new one, when it began
}

// String is one line for the log.
func (r *upgradeReport) String() string {
	return fmt.Sprintf("upgraded from %s to %s: %d clients and %d inner connections have passed, the pause was %.1f ms, all took %.0f ms; process %d serves, %d is the pid", r.From, r.To, r.Clients, r.Inner, r.Pause, r.Total, r.Serving, r.PID)
}

// upgrading is what a process knows of its own replacement.
type upgrading struct {
	one      sync.Mutex    // held while an upgrade is under way
	moves    chan *move    // to supervise
	stopping chan struct{} // closed when the process stops
	moved    atomic.Bool   // another process serves
}

// leaver is a server that is no mover and has a way of its own to end when another
// process has its listener.
type leaver interface {
	leave(ctx context.Context) error
}

// holdingName is the key in the app's metadata of what holds the pid: a channel that
// gets, when the process that serves has ended, what ends this one in the same way.
const holdingName = "holding"

// relaysName is the key in the app's metadata of the relaying that the process does.
const relaysName = "relays"

// relaying is what keeps a process that another one has taken over: its clients under
// TLS.
type relaying interface {
	run()    // returns when they have gone, for whom there is a time limit
	finish() // the same, after the end of the process that serves
}

// relayTime is the time limit.
func (p *process) relayTime() time.Duration {
	if p.settings.process.Generic("upgrade-relay-time") == nil {
		return 0 // a Register has none
	}
	return secondsOf(p.settings.process.Context, "upgrade-relay-time")
}

// successorName is the key in the app's metadata of the *successor that the process
// is.
const successorName = "successor"

// move is the part of an upgrade in which the process stands still; supervise runs
// it, so that no stop comes between.
type move struct {
	run   func(servers []server) error
	leave func(servers []server) // after run has succeeded
	done  chan error             // gets what run returns
}

// do does it, and reports whether another process serves.
func (m *move) do(servers []server) bool {
	err := m.run(servers)
	m.done <- err
	if err != nil {
		return false
	}
	m.leave(servers)
	return true
}

// stopSignals joins what asks for a stop by two ways, a signal to the process
// itself and one that is passed on by the process that holds the pid: a service
// manager may send a signal to both, and means one.
type stopSignals struct {
	mu    sync.Mutex // guards what follows
	heard [2]int     // by each way
	told  int

	to chan<- os.Signal
}

const (
	stopDirect = iota
	stopByHolder
)

func (s *stopSignals) hear(way int, signal os.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.heard[way]++; s.heard[way] <= s.told {
		return
	}
	s.told++
	select {
	case s.to <- signal:
	default: // enough signals wait
	}
}

func newUpgrading() *upgrading {
	return &upgrading{moves: make(chan *move), stopping: make(chan struct{})}
}

var (
	errUpgrading = errors.New("an upgrade is under way")
	errStopping  = errors.New("the process is stopping")
	errDrained   = errors.New("the clients of the process are being sent away, or were; stop it and start it instead")
	// errMoved is why this process does what it does no more.
	errMoved = errors.New("another process has taken over")
)
