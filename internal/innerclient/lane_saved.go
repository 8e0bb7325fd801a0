package innerclient

import (
	"errors"
	"time"
)

// A SavedLane is a [Lane] on its way to another process.
type SavedLane struct {
	Commands  uint64 // appended
	Confirmed uint64 // of those: executed
	Probes    []SavedProbe
}

// A SavedProbe is a question of [Lane.Settle] whose answer is still to come.
type SavedProbe struct {
	Kind     int    // of the two that there are
	Commands uint64 // appended before
}

var errAsked = errors.New("innerclient: a program's question waits for its answer")

// Save returns what another process has to know to go on with the connection. It
// fails while a program's question waits for its answer.
func (l *Lane) Save() (SavedLane, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := SavedLane{Commands: l.commands.Load(), Confirmed: l.confirmed}
	for _, q := range l.asked {
		kind := 0
		switch q.probe {
		case nil:
			return s, errAsked
		case &probes[1]:
			kind = 1
		}
		s.Probes = append(s.Probes, SavedProbe{kind, q.commands})
	}
	return s, nil
}

// Restore makes l, which has carried nothing yet, what was saved.
func (l *Lane) Restore(s SavedLane) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.commands.Store(s.Commands)
	l.confirmed = s.Confirmed
	for _, p := range s.Probes {
		// Nobody waits for it here.
		l.asked = append(l.asked, &Question{
			probe: &probes[p.Kind&1], commands: p.Commands, asked: time.Now(), given: true, done: make(chan struct{}),
		})
	}
}
