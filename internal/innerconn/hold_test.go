package innerconn

import (
	"context"
	"errors"
	"net"
	"testing"
)

func patient(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// narrowPair is pair, with a kernel that takes little.
func narrowPair(t *testing.T) (a, b net.Conn) {
	a, b = pair(t)
	_ = a.(*net.TCPConn).SetWriteBuffer(16 << 10)
	_ = b.(*net.TCPConn).SetReadBuffer(16 << 10)
	return a, b
}

// TestHold holds a sender in the middle of a write, again and again: each frame
// arrives once, whole and in order, the last ones from another sender.
func TestHold(t *testing.T) {
	a, b := narrowPair(t)
	s := NewSender(a, 1<<30)
	const frames = 40
	for i := range frames {
		if err := s.Send(frame(uint32(i), 64<<10)); err != nil { // more than the kernel takes
			t.Fatal(err)
		}
	}
	for range 20 {
		if err := s.Hold(patient(t)); err != nil {
			t.Fatal(err)
		}
		before := s.Buffered()
		if err := s.Append(frame(0, 1)); !errors.Is(err, ErrBufferFull) {
			t.Fatalf("a held sender takes a frame: %v", err)
		}
		s.Flush()
		if before != s.Buffered() || before != len(s.Pending()) || before == 0 {
			t.Fatalf("%d, then %d bytes wait, %d pending", before, s.Buffered(), len(s.Pending()))
		}
		s.Release()
	}
	got := readFrames(t, b, frames)
	for i, id := range got {
		if int(id) != i {
			t.Fatalf("frame %d has id %d", i, id)
		}
	}
}

// TestHoldAndLeave: what a sender has pending when it leaves, the next one sends.
func TestHoldAndLeave(t *testing.T) {
	a, b := narrowPair(t)
	s := NewSender(a, 1<<30)
	const frames = 40
	for i := range frames {
		if err := s.Send(frame(uint32(i), 64<<10)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Hold(patient(t)); err != nil {
		t.Fatal(err)
	}
	f, err := a.(*net.TCPConn).File()
	if err != nil {
		t.Fatal(err)
	}
	pending := s.Pending()
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }() // waits until it is left
	s.Leave()
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if err := s.Append(frame(0, 1)); !errors.Is(err, ErrClosed) {
		t.Errorf("a sender that was left takes a frame: %v", err)
	}
	c, err := net.FileConn(f)
	f.Close()
	if err != nil {
		t.Fatal(err)
	}
	next := NewSender(c, 1<<30)
	defer next.Close()
	next.Restore(pending)
	if err := next.Send(frame(frames, 0)); err != nil {
		t.Fatal(err)
	}
	for i, id := range readFrames(t, b, frames+1) {
		if int(id) != i {
			t.Fatalf("frame %d has id %d", i, id)
		}
	}
}
