package register

import (
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/internal/handover"
	"github.com/go-gatewayworker/gatewayworker/internal/handovertest"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
	"golang.org/x/sys/unix"
)

// passedServer is a server that is handed over from time to time.
type passedServer struct {
	t *testing.T
	*Server
	opts   Options
	served chan error
}

func startPassed(t *testing.T, opts Options) (*passedServer, string) {
	t.Helper()
	opts.Logger = quiet()
	if opts.AuthTimeout == 0 {
		opts.AuthTimeout = patience
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &passedServer{t: t, Server: newServer(t, opts), opts: opts, served: make(chan error, 1)}
	go func(s *Server) { p.served <- s.Serve(ln) }(p.Server)
	t.Cleanup(func() {
		p.Close()
		if err := <-p.served; !errors.Is(err, ErrServerClosed) {
			t.Errorf("Serve returned %v", err)
		}
	})
	return p, ln.Addr().String()
}

func (p *passedServer) tryPassOn(wrong func(*handover.Taker) error) error {
	p.t.Helper()
	next := newServer(p.t, p.opts)
	ctx, cancel := context.WithTimeout(context.Background(), handovertest.Patience)
	defer cancel()
	var still *Standstill
	err := handovertest.Pass(p.t, func() (err error) {
		still, err = p.StandStill(ctx)
		return err
	}, wrong, handovertest.Part{
		Name: "register",
		Give: func(to *handover.Giver) error { return still.HandOver(to) },
		Take: next.TakeOver,
	})
	if err != nil {
		next.dropTaken()
		if still != nil {
			still.GoOn()
		}
		return err
	}
	still.Leave()
	if err := <-p.served; !errors.Is(err, ErrLeft) {
		p.t.Errorf("Serve returned %v", err)
	}
	p.Server = next
	go func() { p.served <- next.ServeTakenOver() }()
	testwait.Until(p.t, "the next one serves", func() bool {
		next.mu.Lock()
		defer next.mu.Unlock()
		return len(next.listeners) > 0
	})
	return nil
}

func (p *passedServer) passOn() {
	p.t.Helper()
	if err := p.tryPassOn(nil); err != nil {
		p.t.Fatal(err)
	}
}

// TestHandover hands a Register over, three times, in the middle of everything
// that can be half done.
func TestHandover(t *testing.T) {
	s, addr := startPassed(t, Options{})
	w := dialPeer(t, addr)
	w.send(asWorker)
	w.expect(emptyList)
	a, again, b := dialPeer(t, addr), dialPeer(t, addr), dialPeer(t, addr)
	a.send(asGateway("a:1"))
	w.expect(list(`["a:1"]`))
	again.send(asGateway("a:1"))
	w.expect(list(`["a:1"]`))
	b.send(asGateway("中:1"))
	w.expect(list(`{"0":"a:1","2":"\u4e2d:1"}`))
	both := dialPeer(t, addr) // gateway and worker at once
	both.send(asWorker)
	both.expect(list(`{"0":"a:1","2":"\u4e2d:1"}`))
	both.send(asGateway("both:1"))
	for _, p := range []*peer{w, both} {
		p.expect(list(`{"0":"a:1","2":"\u4e2d:1","3":"both:1"}`))
	}
	bad := dialPeer(t, addr)
	bad.send(`{"event":"nothing","secret_key":""}` + "\n")
	bad.expectClosed()
	refused := s.Stats().Refused
	if refused[RefusedEvent] != 1 {
		t.Errorf("refused %v", refused)
	}
	testwait.Until(t, "it is gone", func() bool { return s.Stats().Connections == 5 })
	late := dialPeer(t, addr)
	line := asGateway("late:1")
	silent := dialPeer(t, addr)
	testwait.Until(t, "all are there", func() bool { return s.Stats().Connections == 7 })
	requests := s.Stats().Requests
	for i := range 3 { // a line in four parts
		late.send(line[10*i : 10*i+10])
		s.passOn()
		if got := s.Addresses(); strings.Join(got, " ") != "a:1 中:1 both:1" {
			t.Errorf("Addresses() = %q", got)
		}
		if st := s.Stats(); st != (Stats{Connections: 7, Gateways: 4, Workers: 2, Requests: requests, Refused: refused}) {
			t.Errorf("stats %+v, %d requests before", st, requests)
		}
	}
	late.send(line[30:])
	for _, p := range []*peer{w, both} {
		p.expect(list(`{"0":"a:1","2":"\u4e2d:1","3":"both:1","4":"late:1"}`))
	}
	silent.send("nonsense\n")
	silent.expect(badRequest("nonsense"))
	silent.expectClosed()
	a.close()
	for _, p := range []*peer{w, both} {
		p.expect(list(`["a:1","\u4e2d:1","both:1","late:1"]`))
	}
	dialPeer(t, addr).send(asGateway("new:1")) // the listener passed, too
	w.expect(list(`["a:1","\u4e2d:1","both:1","late:1","new:1"]`))
}

// TestHandoverOfTime: the time in which the key has to come goes on.
func TestHandoverOfTime(t *testing.T) {
	s, addr := startPassed(t, Options{AuthTimeout: 100 * time.Millisecond})
	silent := dialPeer(t, addr)
	testwait.Until(t, "it is there, or its time is over already", func() bool {
		st := s.Stats()
		return st.Connections == 1 || st.Refused[RefusedSilence] == 1
	})
	s.opts.AuthTimeout = time.Hour
	s.passOn()
	silent.expectClosed()
	testwait.Until(t, "it is gone", func() bool { return s.Stats().Connections == 0 })

	p := dialPeer(t, addr)
	testwait.Until(t, "it is there", func() bool { return s.Stats().Connections == 1 })
	s.opts.AuthTimeout = time.Millisecond
	s.passOn() // it has the hour that it was given
	p.send(asWorker)
	p.expect(emptyList)
}

// TestHandoverOfSlowWorkers: lists that wait for a worker which does not read, the
// one that found no room, and the last line of a connection that ends, pass.
func TestHandoverOfSlowWorkers(t *testing.T) {
	s, addr := startPassed(t, Options{SendToWorkerBufferSize: 64 << 10})
	w := narrowPeer(t, s, addr)
	w.send(asWorker)
	w.expect(emptyList)
	g := dialPeer(t, addr)
	behind := func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		for c := range s.workers {
			if c.behind {
				return true
			}
		}
		return false
	}
	name := strings.Repeat("x", 7000)
	sent := 0
	for ; !behind(); sent++ { // until the kernel, and then the buffer, are full
		g.send(asGateway(fmt.Sprintf("%s%05d", name, sent)))
		if sent%16 == 0 {
			testwait.Until(t, "lines are read", func() bool { return s.Stats().Requests > uint64(sent) })
		}
	}
	g.send(asGateway("last:1"))
	testwait.Until(t, "the last line is read", func() bool { return s.Stats().Requests == uint64(sent)+2 })
	s.passOn()
	s.passOn()
	next := 0
	for {
		line, err := w.line()
		if err != nil {
			t.Fatal(err)
		}
		if line == list(`["last:1"]`)+"\n" {
			break
		}
		if want := list(fmt.Sprintf(`["%s%05d"]`, name, next)) + "\n"; line != want {
			t.Fatalf("list %d is %.20q…%q", next, line, line[max(0, len(line)-20):])
		}
		next++
	}
	if next == 0 || next > sent {
		t.Errorf("%d lists of %d came before the last", next, sent)
	}
}

// narrowPeer dials a server, with a kernel that takes less on the way than the
// server's buffer holds: what has no room there has none until the peer reads,
// however late the kernel is.
func narrowPeer(t *testing.T, s *passedServer, addr string) *peer {
	t.Helper()
	const room = 8 << 10
	d := net.Dialer{Control: func(_, _ string, c syscall.RawConn) (err error) {
		return errors.Join(c.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, room) }), err)
	}}
	nc, err := d.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	testwait.Until(t, "it is there", func() bool { return s.Stats().Connections == 1 })
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		if err := c.in.Conn.(*net.TCPConn).SetWriteBuffer(room); err != nil {
			t.Fatal(err)
		}
	}
	return newPeer(t, nc)
}

// TestHandoverFails: after a failure the server serves as if nothing had happened.
func TestHandoverFails(t *testing.T) {
	s, addr := startPassed(t, Options{})
	w, g := dialPeer(t, addr), dialPeer(t, addr)
	w.send(asWorker)
	w.expect(emptyList)
	line := asGateway("a:1")
	g.send(line[:20])
	for _, wrong := range []func(*handover.Taker) error{
		func(*handover.Taker) error { return errors.New("the end") },
		func(tk *handover.Taker) error {
			tk.Refuse("no")
			return errors.New("refused")
		},
	} {
		if err := s.tryPassOn(wrong); err == nil {
			t.Fatal("the server was handed over")
		}
		w.send(asWorker)
		w.expect(emptyList)
	}
	g.send(line[20:])
	w.expect(list(`["a:1"]`))
	s.passOn()
	w.send(asWorker)
	w.expect(list(`["a:1"]`))

	s.Close()
	if _, err := s.StandStill(t.Context()); !errors.Is(err, ErrServerClosed) {
		t.Errorf("a closed server stands still: %v", err)
	}
}

// TestHandoverUnderLoad hands a Register over again and again while gateways come
// and go: each worker gets each list once, in the order of the others.
func TestHandoverUnderLoad(t *testing.T) {
	s, addr := startPassed(t, Options{})
	const rounds, workers = 30, 5
	var ws []*peer
	for range workers {
		w := dialPeer(t, addr)
		w.send(asWorker)
		w.expect(emptyList)
		ws = append(ws, w)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range rounds {
			nc, err := net.Dial("tcp", addr)
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := nc.Write([]byte(asGateway(fmt.Sprintf("g:%d", i)))); err != nil {
				t.Error(err)
			}
			for _, w := range ws {
				w.expect(list(fmt.Sprintf(`["g:%d"]`, i)))
			}
			nc.Close()
			for _, w := range ws {
				w.expect(emptyList)
			}
		}
	}()
	for passing := true; passing; {
		select {
		case <-done:
			passing = false
		default:
			s.passOn()
		}
	}
}

// TestEverythingPasses: whoever adds a field to what is there for each connection
// has to say how it passes to another process (handover_linux.go and handover_take_linux.go; link_linux.go and link_taken.go), or that it need
// not, and then to name it here.
func TestEverythingPasses(t *testing.T) {
	handovertest.Fields(t, map[reflect.Type]string{
		reflect.TypeFor[Server]():     "opts peers wg stop requests refused standstill mu closing taken left listeners conns gateways workers list",
		reflect.TypeFor[conn]():       "srv remote log in out lines authorized ending announced address behind catchingUp",
		reflect.TypeFor[lineReader](): "r max buf start end",
		reflect.TypeFor[links]():      "opts hello read standstill left each connected",
		reflect.TypeFor[link]():       "links addr log taken lines mu conn ping up err since told",
		reflect.TypeFor[Watcher]():    "links first ended deliver onList mu list told",
	})
}
