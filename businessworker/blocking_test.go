package businessworker_test

import (
	"bufio"
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/businessworker"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

// batch returns the frames of a message from each of the clients first … last.
func (s *scripted) batch(first, last uint32, body string) []byte {
	var out []byte
	for id := first; id <= last; id++ {
		out = append(out, s.message(id, []byte(body))...)
	}
	return out
}

// TestBlockedHandlers: whatever a handler does that does not come to an end, the
// events of other clients in its batch are handled, and so is what comes later.
func TestBlockedHandlers(t *testing.T) {
	for name, block := range map[string]func(release <-chan struct{}){
		"waiting": func(release <-chan struct{}) { <-release },
		"computing": func(release <-chan struct{}) {
			for done := false; !done; {
				select {
				case <-release:
					done = true
				default:
					runtime.Gosched() // with one processor the test has to go on, too
				}
			}
		},
	} {
		for _, blocked := range []uint32{1, 20, 39} { // first, in the middle, all but one
			t.Run(fmt.Sprintf("%s/%d", name, blocked), func(t *testing.T) {
				release := make(chan struct{})
				var handled atomic.Int64
				s := script(t, businessworker.MessageFunc(func(_ context.Context, e *businessworker.Event, _ []byte) error {
					if id := e.ClientID().ConnectionID; id == 1 || id == blocked {
						block(release)
					}
					handled.Add(1)
					return nil
				}), businessworker.Options{Concurrency: 3})
				stuck := int64(1)
				if blocked != 1 {
					stuck = 2
				}
				s.conn.Write(s.batch(1, 40, "first"))
				testwait.Until(t, "the rest of the batch is handled", func() bool { return handled.Load() == 40-stuck })
				s.conn.Write(s.batch(1, 40, "second"))
				testwait.Until(t, "reading goes on", func() bool { return handled.Load() == 2*(40-stuck) })
				testwait.Until(t, fmt.Sprintf("%d are busy and %d wait", stuck, 2*stuck), func() bool {
					st := s.w.Stats()
					return st.Waiting == int(2*stuck) && st.Busy == int(stuck)
				})
				close(release)
				testwait.Until(t, "all is handled", func() bool { st := s.w.Stats(); return st.Events == 80 && st.Waiting == 0 && st.Busy == 0 })
			})
		}
	}
}

// TestBlockingAndOrder: handlers that block now and then, so that readers are
// replaced again and again, do not change the order of a client's events, nor
// do more of them run than Concurrency says.
func TestBlockingAndOrder(t *testing.T) {
	const clients, rounds, concurrency = 20, 150, 2
	var next [clients + 1]atomic.Int64
	var running, handled atomic.Int64
	failed := make(chan string, 1)
	fail := func(format string, a ...any) {
		select {
		case failed <- fmt.Sprintf(format, a...):
		default:
		}
	}
	s := script(t, businessworker.MessageFunc(func(_ context.Context, e *businessworker.Event, msg []byte) error {
		if n := running.Add(1); n > concurrency {
			fail("%d handlers at the same time", n)
		}
		id := e.ClientID().ConnectionID
		want := next[id].Load()
		if got := string(msg); got != fmt.Sprint(want) {
			fail("client %d: message %s, want %d", id, got, want)
		}
		if want%50 == int64(id) { // in turn
			time.Sleep(3 * time.Millisecond)
		}
		next[id].Store(want + 1)
		running.Add(-1)
		handled.Add(1)
		return nil
	}), businessworker.Options{Concurrency: concurrency})
	for round := range rounds {
		s.conn.Write(s.batch(1, clients, fmt.Sprint(round)))
	}
	testwait.Until(t, "all is handled", func() bool { return handled.Load() == clients*rounds })
	select {
	case why := <-failed:
		t.Error(why)
	default:
	}
}

// TestSendThenBlock: what a handler sent before it blocks goes out, although the
// rest of its batch is handled after that.
func TestSendThenBlock(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	s := script(t, businessworker.MessageFunc(func(ctx context.Context, e *businessworker.Event, msg []byte) error {
		if e.ClientID().ConnectionID != 1 {
			<-release
			return nil
		}
		return e.Send(ctx, msg)
	}), businessworker.Options{Concurrency: 2})
	s.conn.Write(s.batch(1, 10, "x"))
	s.conn.SetReadDeadline(time.Now().Add(patience))
	for in := bufio.NewReader(s.conn); ; {
		head, err := in.Peek(gatewayprotocol.HeadLen)
		if err != nil {
			t.Fatalf("no answer: %v", err)
		}
		if gatewayprotocol.Command(head[4]) == gatewayprotocol.CmdSendToOne {
			return
		}
		size, _ := gatewayprotocol.FrameLen(head, 0)
		in.Discard(size)
	}
}

// TestCloseInHandler: a handler may end the worker, also when it runs where its
// event was read.
func TestCloseInHandler(t *testing.T) {
	closed := make(chan error, 1)
	s := script(t, businessworker.MessageFunc(func(_ context.Context, e *businessworker.Event, _ []byte) error {
		closed <- e.Worker().Close()
		return nil
	}), businessworker.Options{})
	s.conn.Write(s.message(1, []byte("end")))
	for what, ch := range map[string]chan error{"Close": closed, "Run": s.w.done} {
		select {
		case <-ch:
		case <-time.After(patience):
			t.Fatalf("%s does not return", what)
		}
	}
}
