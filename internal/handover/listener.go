package handover

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// Listener is a listener whose Accept can be held.
type Listener struct {
	net.Listener

	mu      sync.Mutex // guards what follows
	changed *sync.Cond
	held    bool
	left    bool
	idle    bool // Accept waits for Release, or has failed and is not called again yet
	ended   bool
}

// NewListener returns l as a listener that can be held. Its listener must have
// SetDeadline, as those of package net have.
func NewListener(l net.Listener) *Listener {
	h := &Listener{Listener: l}
	h.changed = sync.NewCond(&h.mu)
	return h
}

type deadliner interface{ SetDeadline(time.Time) error }

// Accept accepts, and waits while the listener is held.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		l.mu.Lock()
		for l.held && !l.left {
			l.idle = true
			l.changed.Broadcast()
			l.changed.Wait()
		}
		l.idle = false
		left := l.left
		l.mu.Unlock()
		if left {
			return nil, net.ErrClosed
		}
		c, err := l.Listener.Accept()
		if err != nil {
			l.mu.Lock()
			again := errors.Is(err, os.ErrDeadlineExceeded) // Hold's, perhaps one that is over
			l.ended, l.idle = errors.Is(err, net.ErrClosed), true
			l.changed.Broadcast()
			l.mu.Unlock()
			if again {
				continue
			}
		}
		return c, err
	}
}

// Hold stops accepting, and returns when Accept is called again, so that the
// connection before has been dealt with. Connections that come meanwhile wait in
// the kernel.
func (l *Listener) Hold(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.changed.Broadcast()
	})
	defer stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = true
	if d, ok := l.Listener.(deadliner); ok {
		_ = d.SetDeadline(past)
	}
	for !l.idle && !l.ended && !l.left {
		if err := ctx.Err(); err != nil {
			return err
		}
		l.changed.Wait()
	}
	return nil
}

// Release lets accepting go on.
func (l *Listener) Release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = false
	if d, ok := l.Listener.(deadliner); ok {
		_ = d.SetDeadline(time.Time{})
	}
	l.changed.Broadcast()
}

// Leave closes the listener in this process, while another one has it too.
func (l *Listener) Leave() {
	l.mu.Lock()
	l.left = true
	l.changed.Broadcast()
	l.mu.Unlock()
	_ = l.Close()
}
