package innerconn

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is for what happens at once unless the machine is very busy.
const patience = 2 * time.Minute

// pair returns both ends of a TCP connection.
func pair(t testing.TB) (a, b net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if a, err = net.Dial("tcp", ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if b, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	b.SetDeadline(time.Now().Add(patience))
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

func frame(id uint32, size int) gatewayprotocol.Message {
	return gatewayprotocol.Message{Cmd: gatewayprotocol.CmdSendToOne, ConnectionID: id, Body: make([]byte, size)}
}

// readFrames returns the connection ids of n frames.
func readFrames(t testing.TB, r io.Reader, n int) []uint32 {
	t.Helper()
	var buf []byte
	var ids []uint32
	chunk := make([]byte, 64<<10)
	for len(ids) < n {
		k, err := r.Read(chunk)
		if err != nil {
			t.Fatalf("after %d frames: %v", len(ids), err)
		}
		buf = append(buf, chunk[:k]...)
		for {
			var m gatewayprotocol.Message
			k, err := gatewayprotocol.DecodeMessage(buf, &m, 0)
			if err != nil {
				t.Fatal(err)
			}
			if k == 0 {
				break
			}
			ids = append(ids, m.ConnectionID)
			buf = buf[k:]
		}
	}
	return ids
}

// TestOrder: frames of one goroutine arrive in order and whole, whatever others
// send and however slowly they are read.
func TestOrder(t *testing.T) {
	for name, wrap := range map[string]func(net.Conn) net.Conn{
		"socket":    func(c net.Conn) net.Conn { return c },
		"no socket": func(c net.Conn) net.Conn { return struct{ net.Conn }{c} }, // as with TLS
	} {
		t.Run(name, func(t *testing.T) {
			a, b := pair(t)
			s := NewSender(wrap(a), 1<<30)
			defer s.Close()
			const senders, each = 8, 2000
			var wg sync.WaitGroup
			for g := range uint32(senders) {
				wg.Go(func() {
					for i := range uint32(each) {
						if err := s.Send(frame(g<<16|i, int(i%3)*2000)); err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
			wg.Wait() // nothing has been read: most of it is still here
			next := make([]uint32, senders)
			for _, id := range readFrames(t, b, senders*each) {
				if g, i := id>>16, id&0xffff; next[g] != i {
					t.Fatalf("sender %d: frame %d, want %d", g, i, next[g])
				}
				next[id>>16]++
			}
			if err := s.Drain(context.Background()); err != nil || s.Buffered() != 0 {
				t.Errorf("drained: %v, %d bytes left", err, s.Buffered())
			}
		})
	}
}

func TestLimit(t *testing.T) {
	a, b := pair(t)
	s := NewSender(a, 1000)
	defer s.Close()
	sent := 0
	for full := false; !full; {
		err := s.Send(frame(uint32(sent), 100_000))
		if err == nil {
			if sent++; sent > 1000 {
				t.Fatal("no bound")
			}
			continue
		}
		if !errors.Is(err, ErrBufferFull) {
			t.Fatalf("error %v, want ErrBufferFull", err)
		}
		// The kernel may have been late, and take more: it is full when nothing
		// makes room.
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		err = s.WaitRoom(ctx)
		cancel()
		if full = errors.Is(err, context.DeadlineExceeded); !full && err != nil {
			t.Fatalf("WaitRoom: %v while the peer does not read", err)
		}
	}
	done := make(chan error, 1)
	go func() { done <- s.WaitRoom(context.Background()) }()
	readFrames(t, b, sent)
	if err := <-done; err != nil {
		t.Errorf("WaitRoom: %v", err)
	}
	if err := s.Send(frame(0, 0)); err != nil {
		t.Errorf("room again, but %v", err)
	}
}

func TestCloseWriteSendsAll(t *testing.T) {
	a, b := pair(t)
	s := NewSender(a, 1<<30)
	defer s.Close()
	for i := range uint32(100) {
		s.Append(frame(i, 50_000))
	}
	done := make(chan error, 1)
	go func() { done <- s.CloseWrite(context.Background()) }()
	readFrames(t, b, 100)
	if n, err := b.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("read %d, %v behind the last frame", n, err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := s.Send(frame(1, 0)); !errors.Is(err, ErrClosed) {
		t.Errorf("sent after CloseWrite: %v", err)
	}
}

func TestLostBytesAreReported(t *testing.T) {
	a, _ := pair(t)
	s := NewSender(a, 1<<30)
	for range 100 {
		s.Send(frame(0, 1_000_000))
	}
	s.Close()
	var lost *LostError
	if err := s.Err(); !errors.As(err, &lost) || lost.Bytes == 0 || !errors.Is(err, ErrClosed) {
		t.Errorf("error %v, want a LostError", err)
	}
	if err := s.Drain(context.Background()); err == nil {
		t.Error("drained")
	}
}

func TestPeerGone(t *testing.T) {
	a, b := pair(t)
	s := NewSender(a, 0)
	b.Close()
	testwait.Until(t, "sending to a peer that is gone fails", func() bool { return s.Send(frame(0, 10)) != nil })
	if s.Err() == nil {
		t.Error("no reason is given")
	}
}

func BenchmarkSend(b *testing.B) {
	c, peer := pair(b)
	peer.SetDeadline(time.Time{})
	done := make(chan struct{})
	go func() { defer close(done); io.Copy(io.Discard, peer) }()
	s := NewSender(c, 1<<30)
	m := frame(1, 128)
	b.Run("flush each", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s.Send(m)
		}
	})
	b.Run("flush 64", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			s.Append(m)
			if i%64 == 63 {
				s.Flush()
			}
		}
	})
	s.Close()
	<-done
}
