package innerconn

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/keepalive"
)

// DefaultLimit is the bound of a [Sender] in bytes when none is given:
// BusinessWorker::$sendToGatewayBufferSize.
const DefaultLimit = 10_240_000

// keepCapacity is the largest buffer that a Sender keeps for reuse.
const keepCapacity = 1 << 20

// flushRounds is how often a caller of Flush writes what others have appended
// meanwhile before a goroutine takes over.
const flushRounds = 4

// A Sender owns the write side of one connection. Its methods may be called
// from several goroutines; frames go out in the order of the calls.
type Sender struct {
	conn  net.Conn
	try   func(b []byte) (int, error)      // writes without blocking; nil where that is not possible
	look  func() (keepalive.Flight, error) // nil where the system does not tell
	limit int

	mu       sync.Mutex // guards all below; never held during a system call
	buf      []byte     // appended and not yet taken for writing
	spare    []byte     // the other buffer, while no call writes
	inflight int        // bytes taken for writing and not yet written
	writing  bool       // a call or goroutine owns the socket's write side
	closing  bool       // no more frames: Close or CloseWrite was called
	held     bool       // nothing is written; see Hold
	err      error      // why nothing can be sent any more
	progress chan struct{}
	watch    *time.Timer // of looks at the connection; see lookAgain
	watching bool        // watch is set
	stall    keepalive.Stall
}

// NewSender returns a Sender for conn. limit bounds the bytes that wait
// (0: [DefaultLimit]).
func NewSender(conn net.Conn, limit int) *Sender {
	if limit <= 0 {
		limit = DefaultLimit
	}
	return &Sender{conn: conn, try: nonblockingWriter(conn), look: keepalive.Flights(conn), limit: limit}
}

// Append appends the frame of m to the buffer; [Sender.Flush] sends it. The
// bytes of m are copied. As in PHP the bound is looked at before the frame is
// added, so that one frame of any size is taken by an empty buffer.
func (s *Sender) Append(m gatewayprotocol.Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refusalLocked(); err != nil {
		return err
	}
	s.buf = gatewayprotocol.AppendMessage(s.buf, &m)
	return nil
}

// AppendBytes appends a copy of b, as [Sender.Append] does with a frame: it goes
// out whole or is refused.
func (s *Sender) AppendBytes(b []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refusalLocked(); err != nil {
		return err
	}
	s.buf = append(s.buf, b...)
	return nil
}

// Send appends the frame of m and flushes.
func (s *Sender) Send(m gatewayprotocol.Message) error {
	err := s.Append(m)
	if err == nil {
		s.Flush()
	}
	return err
}

func (s *Sender) refusalLocked() error {
	switch {
	case s.err != nil:
		return s.err
	case s.closing:
		return ErrClosed
	case len(s.buf)+s.inflight >= s.limit, s.held:
		return ErrBufferFull
	}
	return nil
}

// Flush starts writing what is buffered, unless that is already going on. It
// does not block.
func (s *Sender) Flush() {
	s.mu.Lock()
	if s.writing || s.held || len(s.buf) == 0 || s.err != nil {
		s.mu.Unlock()
		return
	}
	s.writing = true
	s.watchLocked()
	if s.try == nil {
		s.mu.Unlock()
		go s.drain(nil)
		return
	}
	for range flushRounds {
		out := s.takeLocked()
		s.mu.Unlock()
		n, err := s.try(out)
		if n < len(out) && err == nil {
			go s.drain(out[n:])
			return
		}
		s.mu.Lock()
		if s.wroteLocked(out, len(out)-n, err) {
			s.mu.Unlock()
			return
		}
	}
	s.mu.Unlock()
	go s.drain(nil)
}

// drain writes rest, then what is buffered, until nothing is left. The caller
// has set writing.
func (s *Sender) drain(rest []byte) {
	for {
		out := rest
		if out == nil {
			s.mu.Lock()
			out = s.takeLocked()
			s.mu.Unlock()
		}
		n, err := s.conn.Write(out)
		s.mu.Lock()
		done := s.wroteLocked(out, len(out)-n, err)
		s.mu.Unlock()
		if done {
			return
		}
		rest = nil
	}
}

func (s *Sender) takeLocked() []byte {
	out := s.buf
	s.buf, s.spare = s.spare[:0], nil
	s.inflight = len(out)
	return out
}

// wroteLocked accounts for a finished write that left unsent bytes behind, and
// reports whether there is nothing more to write.
func (s *Sender) wroteLocked(out []byte, unsent int, err error) (done bool) {
	s.inflight = 0
	s.progressLocked()
	interrupted := s.interruptedLocked(out[len(out)-unsent:], err)
	if cap(out) <= keepCapacity {
		s.spare = out[:0]
	}
	if err != nil && !interrupted {
		s.failLocked(err, unsent)
	}
	if s.err == nil && len(s.buf) > 0 && !s.held {
		return false
	}
	s.writing = false
	return true
}

func (s *Sender) failLocked(err error, unsent int) {
	unsent += len(s.buf)
	if s.err == nil {
		if unsent > 0 {
			err = &LostError{Bytes: unsent, Err: err}
		}
		s.err = err
	}
	s.buf, s.spare = nil, nil
	if s.watch != nil {
		s.watch.Stop()
	}
	s.conn.Close()
}

// watchLocked begins to look at the connection from time to time, until all that
// was written is acknowledged.
func (s *Sender) watchLocked() {
	switch {
	case s.watching || s.look == nil:
		return
	case s.watch == nil:
		s.watch = time.AfterFunc(keepalive.Look, s.lookAgain)
	default:
		s.watch.Reset(keepalive.Look)
	}
	s.watching = true
}

// lookAgain ends a connection whose peer has vanished while bytes are under way:
// what is sent next would wait for a quarter of an hour.
func (s *Sender) lookAgain() {
	flight, err := s.look()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watching = false
	switch {
	case err != nil || s.err != nil:
		return
	case s.held: // its file may just be on its way to another process
		s.watchLocked()
		return
	}
	switch s.stall.Seen(flight, time.Now()) {
	case keepalive.Vanished:
		s.failLocked(keepalive.ErrVanished, s.inflight)
		s.progressLocked()
	case keepalive.Waiting:
		s.watchLocked()
	}
}

// Buffered returns how many bytes wait to be written.
func (s *Sender) Buffered() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.buf) + s.inflight
}

// WaitRoom waits until Append would not be refused with [ErrBufferFull].
func (s *Sender) WaitRoom(ctx context.Context) error {
	return s.wait(ctx, func() bool { return len(s.buf)+s.inflight < s.limit && !s.held }, s.errLocked)
}

// Drain flushes and waits until the operating system has taken every byte.
func (s *Sender) Drain(ctx context.Context) error {
	s.Flush()
	return s.wait(ctx, func() bool { return len(s.buf) == 0 && !s.writing && !s.held }, s.errLocked)
}

func (s *Sender) errLocked() error { return s.err }

// wait waits until ready, or the connection has ended, and returns err's result.
func (s *Sender) wait(ctx context.Context, ready func() bool, err func() error) error {
	for {
		s.mu.Lock()
		if s.err != nil || ready() {
			err := err()
			s.mu.Unlock()
			return err
		}
		if s.progress == nil {
			s.progress = make(chan struct{})
		}
		ch := s.progress
		s.mu.Unlock()
		select {
		case <-ch:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// CloseWrite waits until all is written and then ends the stream towards the
// gateway, so that it reads an end of file after the last frame. What the
// gateway still sends can be read.
func (s *Sender) CloseWrite(ctx context.Context) error {
	s.Seal()
	if err := s.Drain(ctx); err != nil {
		return err
	}
	if c, ok := s.conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return s.conn.Close()
}

// Close closes the connection; what waits is lost. Err tells how much.
func (s *Sender) Close() error {
	// While it is held, its file may just be on its way to another process.
	_ = s.wait(context.Background(), func() bool { return !s.held }, s.errLocked)
	s.mu.Lock()
	s.closing = true
	unsent := s.inflight
	if s.err == nil {
		s.failLocked(ErrClosed, unsent)
	}
	s.progressLocked()
	s.mu.Unlock()
	return nil
}

// Err returns why nothing can be sent any more, a [*LostError] if bytes were
// lost with the connection, and nil as long as the connection works.
func (s *Sender) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}
