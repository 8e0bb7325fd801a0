package handover

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// Conn is a connection that can be held: the goroutines that read and write it
// then wait, with nothing of theirs in the kernel's hands, until it is let go or
// left to another process. They need not know of it.
//
// One goroutine reads a Conn until its end, which is how Hold knows that
// everything read has been dealt with: it comes back for more. One that stops
// before calls End.
type Conn struct {
	net.Conn

	mu        sync.Mutex // guards what follows
	changed   *sync.Cond
	held      bool
	since     time.Time // of held
	left      bool
	waiting   bool // the reader waits for Release
	ended     bool // the reader has got an error for good
	writing   int  // calls of Write in the kernel
	unwritten []byte
	readBy    time.Time
	writeBy   time.Time
}

// NewConn returns c as a connection that can be held.
func NewConn(c net.Conn) *Conn {
	h := &Conn{Conn: c}
	h.changed = sync.NewCond(&h.mu)
	return h
}

// long before now: a deadline that ends a call in the kernel.
var past = time.Unix(1, 0)

// Read reads, and waits while the connection is held. On a connection that was
// left it returns net.ErrClosed.
func (c *Conn) Read(p []byte) (int, error) {
	for {
		if err := c.awaitRelease(true); err != nil {
			return 0, err
		}
		n, err := c.Conn.Read(p)
		if n == 0 && c.holdOnly(err, true) {
			continue
		}
		if n == 0 && err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			c.mu.Lock()
			c.ended = true
			c.changed.Broadcast()
			c.mu.Unlock()
		}
		return n, err
	}
}

// Write writes all of p, and waits while the connection is held.
func (c *Conn) Write(p []byte) (int, error) {
	done := 0
	for {
		if err := c.awaitRelease(false); err != nil {
			return done, err
		}
		n, err := c.Conn.Write(p[done:])
		done += n
		again := c.holdOnly(err, false)
		c.mu.Lock()
		c.writing--
		if again {
			c.unwritten = append(c.unwritten[:0], p[done:]...)
		}
		c.changed.Broadcast()
		c.mu.Unlock()
		if !again {
			return done, err
		}
	}
}

func (c *Conn) awaitRelease(read bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.held && !c.left {
		if read && !c.waiting {
			c.waiting = true
			c.changed.Broadcast()
		}
		c.changed.Wait()
	}
	switch {
	case c.left:
		return net.ErrClosed
	case read:
		c.waiting = false
	default:
		c.unwritten = nil
		c.writing++
	}
	return nil
}

// holdOnly reports whether a call ended with err because of Hold, and not because
// its own time was up.
func (c *Conn) holdOnly(err error, read bool) bool {
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	by := c.writeBy
	if read {
		by = c.readBy
	}
	return c.held || by.IsZero() || time.Now().Before(by)
}

// SetDeadline sets both deadlines.
func (c *Conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline sets the deadline of Read, which goes on while the connection
// is held.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.readBy = t
	if c.held {
		return nil
	}
	return c.Conn.SetReadDeadline(t)
}

// SetWriteDeadline sets the deadline of Write.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writeBy = t
	if c.held {
		return nil
	}
	return c.Conn.SetWriteDeadline(t)
}

// CloseWrite ends the stream towards the peer.
func (c *Conn) CloseWrite() error {
	if w, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return c.Close()
}

// Hold stops reading and writing, and returns when the reader is back for more,
// or has ended, and no Write is under way. After an error the connection is held
// all the same: call Release.
func (c *Conn) Hold(ctx context.Context) error { return HoldAll(ctx, c) }

// HoldAll is Hold for many connections at once.
func HoldAll(ctx context.Context, conns ...*Conn) error {
	for _, c := range conns {
		c.hold()
	}
	for _, c := range conns {
		if err := c.awaitHeld(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (c *Conn) hold() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held, c.since = true, time.Now()
	_ = c.Conn.SetReadDeadline(past)
	if c.writing > 0 { // else what is written in another way than by Write goes on
		_ = c.Conn.SetWriteDeadline(past)
	}
}

func (c *Conn) awaitHeld(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.heldLocked() {
		return nil
	}
	stop := context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.changed.Broadcast()
	})
	defer stop()
	for !c.heldLocked() {
		if err := ctx.Err(); err != nil {
			return err
		}
		c.changed.Wait()
	}
	return nil
}

// heldLocked reports whether neither side is at work.
func (c *Conn) heldLocked() bool { return c.left || (c.waiting || c.ended) && c.writing == 0 }

// End is called by the reader when it reads no more for a reason of its own.
func (c *Conn) End() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	c.changed.Broadcast()
}

// Close closes the connection. While it is held, Close waits: its file may just
// be on its way to another process.
func (c *Conn) Close() error {
	c.mu.Lock()
	for c.held && !c.left {
		c.changed.Wait()
	}
	c.mu.Unlock()
	return c.Conn.Close()
}

// Ended reports whether the reader has got an error for good: such a
// connection is not worth passing on.
func (c *Conn) Ended() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended
}

// Unwritten is what a Write that is held has left to write.
func (c *Conn) Unwritten() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.unwritten
}

// Release lets reading and writing go on. The deadline of Write is later by as
// long as the connection was held.
func (c *Conn) Release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held && !c.writeBy.IsZero() {
		c.writeBy = c.writeBy.Add(time.Since(c.since))
	}
	c.held = false
	_ = c.Conn.SetReadDeadline(c.readBy)
	_ = c.Conn.SetWriteDeadline(c.writeBy)
	c.changed.Broadcast()
}

// Leave closes the connection in this process, while another one has it too:
// calls that wait return net.ErrClosed, and the peer sees nothing.
func (c *Conn) Leave() {
	c.mu.Lock()
	c.left = true
	c.changed.Broadcast()
	c.mu.Unlock()
	_ = c.Conn.Close()
}

// ReadLimit is how much of the time that SetReadDeadline gave is left, 0 without
// a deadline.
func (c *Conn) ReadLimit() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.readBy.IsZero() {
		return 0
	}
	return max(time.Until(c.readBy), time.Millisecond)
}
