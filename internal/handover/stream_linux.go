package handover

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// maxRecord bounds a record: a client's with all that waits for it and all
	// that it has said, each bounded by the gateway's options.
	maxRecord = 1 << 30
	// filesAtOnce is the most descriptors that the kernel takes with one message
	// (SCM_MAX_FD).
	filesAtOnce = 253
	writeBuffer = 256 << 10
	readBuffer  = 64 << 10
)

// stream is one end of the two sockets.
type stream struct {
	records, files *net.UnixConn

	out     []byte // records not yet written
	pending []int  // descriptors not yet sent
	sent    uint64 // files sent, the pending ones included

	reader *bufio.Reader // of records
	in     []byte        // the record that was read last
	head   [4]byte

	mu       sync.Mutex // guards what follows
	received []int
	broken   error         // no more files come
	more     chan struct{} // closed and made anew when received or broken changes
	reading  chan struct{} // closed when the reader of files has ended
}

func newStream(records, files *net.UnixConn) *stream {
	return &stream{records: records, files: files, reader: bufio.NewReaderSize(records, readBuffer), more: make(chan struct{}), reading: make(chan struct{})}
}

// UnixPair returns two connected unix sockets of a type, as unix.SOCK_STREAM: one as
// a connection, one as a file for another process.
func UnixPair(socketType int, name string) (*net.UnixConn, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, socketType|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	theirs := os.NewFile(uintptr(fds[1]), name)
	ours, err := UnixConn(os.NewFile(uintptr(fds[0]), name))
	if err != nil {
		_ = theirs.Close()
		return nil, nil, err
	}
	return ours, theirs, nil
}

// UnixConn returns the connection that f is one end of, and closes f.
func UnixConn(f *os.File) (*net.UnixConn, error) {
	defer f.Close()
	c, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	u, ok := c.(*net.UnixConn)
	if !ok {
		_ = c.Close()
		return nil, fmt.Errorf("handover: descriptor %d is not a unix socket", f.Fd())
	}
	return u, nil
}

// within gives what follows d to be done, no limit for 0.
func (s *stream) within(d time.Duration) {
	var t time.Time
	if d > 0 {
		t = time.Now().Add(d)
	}
	_ = s.records.SetDeadline(t)
	_ = s.files.SetDeadline(t)
}

func (s *stream) close() {
	_ = s.records.Close()
	_ = s.files.Close()
}

// file has fd sent before any record that is written from now on. The number
// returned, from 1, stands for it in records. fd must stay open until flush.
func (s *stream) file(fd int) (uint64, error) {
	s.pending = append(s.pending, fd)
	s.sent++
	if len(s.pending) == filesAtOnce {
		return s.sent, s.flushFiles()
	}
	return s.sent, nil
}

func (s *stream) flushFiles() error {
	if len(s.pending) == 0 {
		return nil
	}
	_, _, err := s.files.WriteMsgUnix([]byte{1}, unix.UnixRights(s.pending...), nil)
	s.pending = s.pending[:0]
	if err != nil {
		return fmt.Errorf("handover: cannot pass open files: %w", err)
	}
	return nil
}

// write adds a record.
func (s *stream) write(r *Record) error {
	p := r.Encoded()
	if len(p) > maxRecord {
		return fmt.Errorf("handover: a record of %d bytes is too long", len(p))
	}
	s.out = binary.BigEndian.AppendUint32(s.out, uint32(len(p)))
	s.out = append(s.out, p...)
	if len(s.out) >= writeBuffer {
		return s.flush()
	}
	return nil
}

// flush sends what was added: the files first, since the other side waits for a
// file when it reads the record that needs it.
func (s *stream) flush() error {
	if err := s.flushFiles(); err != nil {
		return err
	}
	if len(s.out) == 0 {
		return nil
	}
	_, err := s.records.Write(s.out)
	if cap(s.out) > 4*writeBuffer {
		s.out = nil
	}
	s.out = s.out[:0]
	if err != nil {
		return fmt.Errorf("handover: cannot send: %w", err)
	}
	return nil
}

// read returns the next record, valid until the next call.
func (s *stream) read() (*Fields, error) {
	if _, err := io.ReadFull(s.reader, s.head[:]); err != nil {
		return nil, readError(err)
	}
	n := binary.BigEndian.Uint32(s.head[:])
	if n > maxRecord {
		return nil, fmt.Errorf("%w: %d bytes long", ErrMalformed, n)
	}
	if err := s.readBody(int(n)); err != nil {
		return nil, readError(err)
	}
	return ParseRecord(s.in)
}

// readBody reads in steps, so that a length alone takes no memory.
func (s *stream) readBody(n int) error {
	const step = 1 << 20
	s.in = s.in[:0]
	for len(s.in) < n {
		more := min(step, n-len(s.in))
		from := len(s.in)
		s.in = append(s.in, make([]byte, more)...)
		if _, err := io.ReadFull(s.reader, s.in[from:]); err != nil {
			return err
		}
	}
	return nil
}

// ErrPeerGone says that the other process ended, or closed its side.
var ErrPeerGone = errors.New("handover: the other process has gone")

func readError(err error) error {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, unix.ECONNRESET), errors.Is(err, net.ErrClosed):
		return ErrPeerGone
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("handover: the other process was silent for too long: %w", err)
	}
	return fmt.Errorf("handover: cannot receive: %w", err)
}

// receiveFiles collects descriptors until the socket ends.
func (s *stream) receiveFiles() {
	defer close(s.reading)
	oob := make([]byte, unix.CmsgSpace(4*filesAtOnce))
	for {
		fds, err := s.receiveSome(oob)
		s.mu.Lock()
		s.received = append(s.received, fds...)
		s.broken = err
		close(s.more)
		s.more = make(chan struct{})
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (s *stream) receiveSome(oob []byte) (fds []int, err error) {
	var p [1]byte
	n, oobn, flags, _, err := s.files.ReadMsgUnix(p[:], oob)
	switch {
	case err != nil:
		return nil, readError(err)
	case n == 0:
		return nil, ErrPeerGone
	}
	messages, err := unix.ParseSocketControlMessage(oob[:oobn])
	if err != nil {
		return nil, fmt.Errorf("handover: cannot take open files: %w", err)
	}
	for _, m := range messages {
		some, err := unix.ParseUnixRights(&m)
		if err != nil {
			return fds, fmt.Errorf("handover: cannot take open files: %w", err)
		}
		fds = append(fds, some...)
	}
	if flags&unix.MSG_CTRUNC != 0 {
		return fds, fmt.Errorf("handover: the kernel did not pass all open files: the limit of open files (ulimit -n) is too low for them")
	}
	return fds, nil
}

// take returns the descriptor that a number stands for, once: it is the
// caller's from then on.
func (s *stream) take(number uint64) (int, error) {
	for {
		s.mu.Lock()
		have, broken, more := uint64(len(s.received)), s.broken, s.more
		fd := -1
		if number >= 1 && number <= have {
			fd, s.received[number-1] = s.received[number-1], -1
		}
		s.mu.Unlock()
		switch {
		case fd >= 0:
			return fd, nil
		case number == 0 || number <= have:
			return -1, fmt.Errorf("%w: open file %d is not there", ErrMalformed, number)
		case broken != nil:
			return -1, broken
		}
		<-more
	}
}

// closeRest closes what was received and not taken.
func (s *stream) closeRest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, fd := range s.received {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
	s.received = nil
}

// send writes a record at once.
func (s *stream) send(r *Record) error {
	if err := s.write(r); err != nil {
		return err
	}
	return s.flush()
}

// expect reads the record of a step.
func (s *stream) expect(kind uint64) (*Fields, error) {
	f, err := s.read()
	switch {
	case err != nil:
		return nil, err
	case f.Kind() == kindRefused:
		return nil, refused(f)
	case f.Kind() != kind:
		return nil, fmt.Errorf("%w: kind %d where %d was due", ErrMalformed, f.Kind(), kind)
	}
	return f, nil
}

func refused(f *Fields) error {
	e := new(RefusedError)
	for f.Next() {
		if f.Field() == fieldReason {
			e.Reason = f.Text()
		}
	}
	return e
}
