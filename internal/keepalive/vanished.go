package keepalive

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// How connections with bytes under way are watched.
const (
	// Look is how often a connection is looked at.
	Look = 5 * time.Second
	// Patience is for how long nothing may be acknowledged. Together with Look and
	// what the kernel needs to begin to send again, it is less than 30 seconds.
	Patience = 15 * time.Second
)

// ErrVanished says that a connection was ended because its peer acknowledges
// nothing any more.
var ErrVanished = fmt.Errorf("the peer's system has acknowledged nothing for %v: it has lost power, or the network drops what it is sent", Patience)

// Outlook is what is to be expected of a connection.
type Outlook uint8

const (
	Quiet    Outlook = iota // nothing is under way
	Waiting                 // bytes are under way
	Vanished                // the peer is not there any more
)

// A Stall follows the looks at one connection. Its zero value is ready.
type Stall struct{ since time.Time }

// Seen takes in what a look has shown.
func (s *Stall) Seen(f Flight, now time.Time) Outlook {
	switch {
	case !f.stalled():
		s.since = time.Time{}
		if f.Outstanding {
			return Waiting
		}
		return Quiet
	case s.since.IsZero() || f.LastAck < now.Sub(s.since):
		// It begins now; an acknowledgement that came meanwhile begins it anew.
		s.since = now
	case now.Sub(s.since) >= Patience:
		return Vanished
	}
	return Waiting
}

// Flight is what the kernel says about the bytes on their way to a peer.
type Flight struct {
	Outstanding bool          // there are bytes that the peer has not acknowledged, or that were not sent
	Unacked     bool          // some of them were sent
	Resent      int           // times that the oldest was sent again, without any answer
	Probes      int           // questions to a peer without room that were not answered
	LastAck     time.Duration // since the peer last acknowledged anything
}

// leastSilence is how many times the peer has not answered before it is under
// suspicion.
const leastSilence = 3

// stalled reports whether the kernel sends again and again without an answer. A
// peer that has no room, because its program reads nothing, is none of that: its
// system answers the kernel's probes, which come ever more seldom, up to two
// minutes apart. Only several that were not answered say something.
func (f Flight) stalled() bool {
	return f.Unacked && f.Resent >= leastSilence || f.Probes >= leastSilence
}

// Watch ends a connection whose peer vanishes while bytes are under way to it:
// it calls gone, once. It costs a look at each interval, until stop is called.
func Watch(c net.Conn, gone func(error)) (stop func()) {
	look := Flights(c)
	if look == nil {
		return func() {}
	}
	w := &watch{look: look, gone: gone}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer = time.AfterFunc(Look, w.again)
	return w.stop
}

type watch struct {
	look func() (Flight, error)
	gone func(error)

	mu      sync.Mutex // guards what follows
	timer   *time.Timer
	stall   Stall
	stopped bool
}

func (w *watch) again() {
	w.mu.Lock()
	defer w.mu.Unlock()
	f, err := w.look()
	if w.stopped || err != nil {
		return
	}
	if w.stall.Seen(f, time.Now()) == Vanished {
		go w.gone(ErrVanished)
		return
	}
	w.timer.Reset(Look)
}

func (w *watch) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	w.timer.Stop()
}

var errNoFlight = errors.New("keepalive: the connection has ended")
