package innerconn

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"
)

// long before now: a deadline that ends a write in the kernel.
var past = time.Unix(1, 0)

// Hold stops writing, so that another process can take the connection over, and
// returns when no write is under way. Until Release frames are refused with
// [ErrBufferFull], and callers of WaitRoom and Drain wait; those of Close, too.
// After an error the sender is held all the same.
func (s *Sender) Hold(ctx context.Context) error {
	s.mu.Lock()
	s.held = true
	s.mu.Unlock()
	_ = s.conn.SetWriteDeadline(past)
	return s.wait(ctx, func() bool { return !s.writing }, func() error { return nil })
}

// Pending returns what a held sender still has to write: frames, of the first of
// which a part may have been written.
func (s *Sender) Pending() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.buf)
}

// Restore has out, which another process's sender had pending, written first.
func (s *Sender) Restore(out []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buf = append(slices.Clone(out), s.buf...)
}

// Release lets writing go on.
func (s *Sender) Release() {
	_ = s.conn.SetWriteDeadline(time.Time{})
	s.mu.Lock()
	s.held = false
	s.progressLocked()
	s.mu.Unlock()
	s.Flush()
}

// Leave closes the connection in this process, while another one has it: the
// peer sees nothing, and what was pending is the other process's.
func (s *Sender) Leave() {
	s.mu.Lock()
	s.held, s.closing = false, true
	if s.err == nil {
		s.failLocked(ErrClosed, -len(s.buf)) // nothing is lost
	}
	s.progressLocked()
	s.mu.Unlock()
}

// Seal refuses frames from now on. What waits is still written.
func (s *Sender) Seal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closing = true
}

// progressLocked wakes those who wait.
func (s *Sender) progressLocked() {
	if s.progress != nil {
		close(s.progress)
		s.progress = nil
	}
}

// interruptedLocked takes back what a write has not written, if Hold has ended it.
func (s *Sender) interruptedLocked(rest []byte, err error) bool {
	if !errors.Is(err, os.ErrDeadlineExceeded) { // nobody else sets a deadline
		return false
	}
	s.buf = append(slices.Clone(rest), s.buf...)
	return true
}
