// Package accept keeps servers accepting connections.
//
// An accept can fail for want of files or memory (EMFILE, ENFILE, ENOBUFS,
// ENOMEM), by a rule of the firewall (EPERM), or because the peer has gone
// (ECONNABORTED). All of that passes; only the listener's end does not.
package accept

import (
	"errors"
	"net"
	"sync"
	"time"
)

// The pauses after one accept that fails, and after many.
const (
	minPause = 5 * time.Millisecond
	maxPause = time.Second
)

// Pause says how long to pause after failed accepts. Its zero value is ready.
type Pause struct{ last time.Duration }

// Next returns the pause after one more accept that failed, twice the last one.
func (p *Pause) Next() time.Duration {
	p.last = min(max(2*p.last, minPause), maxPause)
	return p.last
}

// Reset begins anew, after an accept that did not fail.
func (p *Pause) Reset() { p.last = 0 }

// Steady returns a listener whose Accept fails with net.ErrClosed alone, when ln
// is closed. After any other error it tells failed, pauses, longer each time, and
// goes on. Closing it closes ln and ends a pause.
func Steady(ln net.Listener, failed func(err error, pause time.Duration)) net.Listener {
	return &steady{Listener: ln, failed: failed, closed: make(chan struct{})}
}

type steady struct {
	net.Listener
	failed func(error, time.Duration)
	once   sync.Once
	closed chan struct{} // by Close
}

func (l *steady) Accept() (net.Conn, error) {
	for pauses := new(Pause); ; {
		c, err := l.Listener.Accept()
		if err == nil || errors.Is(err, net.ErrClosed) {
			return c, err
		}
		select {
		case <-l.closed: // listeners other than net's have errors of their own
			return nil, net.ErrClosed
		default:
		}
		pause := pauses.Next()
		l.failed(err, pause)
		select {
		case <-time.After(pause):
		case <-l.closed:
			return nil, net.ErrClosed
		}
	}
}

func (l *steady) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}
