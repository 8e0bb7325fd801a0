package compattests

import (
	"io"
	"net"
	"sync"
	"syscall"
	"time"
)

// A stream is one connection of a scripted peer.
type stream struct {
	stage *stage
	name  string
	conn  net.Conn
	buf   []byte        // received, not yet consumed; guarded by stage.mu
	ended bool          // the other side closed or reset; guarded by stage.mu
	err   error         // how it ended; guarded by stage.mu
	told  bool          // the transcript says that it ended
	shut  bool          // closed by the scenario
	done  chan struct{} // closed when the reader is gone, and with it the socket

	gate   sync.Mutex // held while the peer is deaf
	isDeaf bool
}

// adopt starts reading conn.
func (s *stage) adopt(name string, conn net.Conn) *stream {
	st := &stream{stage: s, name: name, conn: conn, done: make(chan struct{})}
	s.cleanup(func() { closeNow(conn) })
	s.readers.Add(1)
	go st.read()
	return st
}

func (st *stream) read() {
	defer st.stage.readers.Done()
	defer close(st.done)
	chunk := make([]byte, 64<<10)
	for {
		st.gate.Lock()
		st.gate.Unlock() //nolint:staticcheck // only to wait until the gate is open
		n, err := st.conn.Read(chunk)
		data := chunk[:n]
		if tamper := st.stage.cast.tamper; tamper != nil {
			data = tamper(data)
		}
		st.stage.mu.Lock()
		st.buf = append(st.buf, data...)
		st.ended, st.err = st.ended || err != nil, err
		st.stage.mu.Unlock()
		st.stage.wake()
		if err != nil {
			return
		}
	}
}

// put writes without a line in the transcript. Errors show as an ended stream.
func (st *stream) put(data []byte) {
	_ = st.conn.SetWriteDeadline(time.Now().Add(patience))
	_, _ = st.conn.Write(data)
}

// take waits until split finds a unit at the start of the buffer and removes
// it. split returns the unit's length, 0 while it is incomplete. ok is false
// when the stream ended before.
func (st *stream) take(split func([]byte) int) (unit []byte, ok bool) {
	done := st.stage.await(func() bool {
		if n := split(st.buf); n > 0 {
			unit, ok = append([]byte(nil), st.buf[:n]...), true
			st.buf = st.buf[n:]
			return true
		}
		return st.ended
	})
	if !done {
		st.stage.fail("%s: nothing more within %v; buffer %s", st.name, patience, quote(st.buf))
	}
	return unit, ok
}

// close hangs up. With bytes unread the other side may see a reset.
func (st *stream) close() {
	st.shut = true
	st.stage.log("%s > close", st.name)
	closeNow(st.conn)
	<-st.done
}

// closeWrite sends end of file and keeps reading.
func (st *stream) closeWrite() {
	st.stage.log("%s > end of file", st.name)
	if tcp, ok := st.conn.(*net.TCPConn); ok {
		_ = tcp.CloseWrite()
	}
}

// reset hangs up with a reset.
func (st *stream) reset() {
	st.shut = true
	st.stage.log("%s > reset", st.name)
	if tcp, ok := st.conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	closeNow(st.conn)
	<-st.done
}

// expectClosed waits until the other side has closed; bytes that come before
// are put into the transcript.
func (st *stream) expectClosed() {
	if !st.stage.await(func() bool { return st.ended }) {
		st.stage.fail("%s: not closed within %v; buffer %s", st.name, patience, quote(st.buf))
	}
	st.stage.mu.Lock()
	rest := st.buf
	st.buf = nil
	st.stage.mu.Unlock()
	if len(rest) > 0 {
		st.stage.log("%s < bytes %s", st.name, quote(rest))
	}
	st.stage.log("%s < closed", st.name)
	st.told = true
}

// expectEnd waits for the end of the stream and leaves out what came before.
func (st *stream) expectEnd() {
	if !st.stage.await(func() bool { return st.ended }) {
		st.stage.fail("%s: not closed within %v", st.name, patience)
	}
	st.log("%s < closed", st.name)
	st.told = true
}

// over reports whether the stream is closed by either side, with nothing left to read.
func (st *stream) over() bool {
	st.stage.mu.Lock()
	defer st.stage.mu.Unlock()
	return st.shut || st.ended && len(st.buf) == 0
}

func (st *stream) log(format string, args ...any) { st.stage.log(format, args...) }

// closeNow closes a socket while no process is being started: a child that has
// forked and not yet executed PHP holds copies of all sockets, and the other
// side would not see the end before.
func closeNow(c io.Closer) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	_ = c.Close()
}

// notBefore runs f and fails if that took less. How much longer it may take is a
// matter of the machine, up to patience. f has to begin with what starts the clock
// at the other side: whoever stands still meanwhile makes it longer only.
func notBefore(s *stage, low time.Duration, f func()) {
	start := time.Now()
	f()
	if took := time.Since(start); took < low {
		s.fail("took %v, want %v or more", took, low)
	}
}
