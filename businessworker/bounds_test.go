package businessworker_test

import (
	"context"
	"errors"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/businessworker"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
	"github.com/go-gatewayworker/gatewayworker/register"
)

// A scripted is a gateway that the test plays itself.
type scripted struct {
	addr   gatewayprotocol.GatewayAddress
	conn   net.Conn // the worker's connection
	accept func() (net.Conn, error)
	w      *running
}

// script starts a worker against a gateway that the test plays.
func script(t testing.TB, h businessworker.Handler, opts businessworker.Options) *scripted {
	t.Helper()
	listen := func() net.Listener {
		ln := must(net.Listen("tcp", "127.0.0.1:0"))(t)
		t.Cleanup(func() { ln.Close() })
		return ln
	}
	inner, registers := listen(), listen()
	server := must(register.NewServer(register.Options{Logger: clustertest.Quiet()}))(t)
	served := make(chan struct{})
	go func() { defer close(served); server.Serve(registers) }()
	t.Cleanup(func() { server.Close(); <-served })
	announce := must(net.Dial("tcp", registers.Addr().String()))(t)
	t.Cleanup(func() { announce.Close() })
	announce.Write(gatewayprotocol.AppendGatewayConnect(nil, inner.Addr().String(), ""))

	opts.RegisterAddresses = []string{registers.Addr().String()}
	if opts.Slog == nil {
		opts.Logger = clustertest.Quiet()
	}
	w := must(businessworker.New(h, patient(opts)))(t)
	ctx, cancel := context.WithCancel(context.Background())
	s := &scripted{w: &running{w, cancel, make(chan error, 1)}, accept: inner.Accept}
	go func() { s.w.done <- w.Run(ctx) }()
	t.Cleanup(func() { cancel(); w.Close() })
	s.conn = must(inner.Accept())(t)
	t.Cleanup(func() { s.conn.Close() })
	s.addr = must(gatewayprotocol.ParseGatewayAddress(inner.Addr().String()))(t)
	testwait.Until(t, "the worker is connected", func() bool { return w.Stats().Gateways == 1 })
	return s
}

// message returns the frame of a client's message.
func (s *scripted) message(client uint32, body []byte) []byte {
	return gatewayprotocol.AppendMessage(nil, &gatewayprotocol.Message{
		Cmd: gatewayprotocol.CmdOnMessage, Flag: gatewayprotocol.FlagBodyIsScalar,
		LocalIP: s.addr.IP, LocalPort: s.addr.Port, ConnectionID: client, Body: body,
	})
}

// TestQueueIsBounded: while QueueSize events wait, or events of QueueBytes, the
// worker does not read.
func TestQueueIsBounded(t *testing.T) {
	for name, tt := range map[string]struct {
		opts        businessworker.Options
		body        int
		least, most int // events that wait; a batch is taken whole
	}{
		"events": {businessworker.Options{QueueSize: 100}, 8 << 10, 100, 120},
		"bytes":  {businessworker.Options{QueueBytes: 1 << 20}, 8 << 10, 127, 140},
		// A message longer than the bound is taken: alone, and as the last one.
		"one message": {businessworker.Options{QueueBytes: 100 << 10}, 1 << 20, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			release := make(chan struct{})
			tt.opts.Concurrency = 4
			s := script(t, businessworker.MessageFunc(func(context.Context, *businessworker.Event, []byte) error {
				<-release
				return nil
			}), tt.opts)
			sent := make(chan int)
			var stop atomic.Bool
			go func() {
				n := 0
				for ; !stop.Load(); n++ {
					if _, err := s.conn.Write(s.message(uint32(n%50+1), make([]byte, tt.body))); err != nil {
						break
					}
				}
				sent <- n
			}()
			testwait.Until(t, "reading stops", func() bool { return s.w.Stats().Pauses > 0 })
			if st := s.w.Stats(); st.Waiting < tt.least || st.Waiting > tt.most {
				t.Errorf("stats %+v: want %d to %d events waiting", st, tt.least, tt.most)
			}
			stop.Store(true)
			close(release)
			n := uint64(<-sent)
			testwait.Until(t, "everything is handled", func() bool { return s.w.Stats().Events == n })
		})
	}
}

// TestWaitingEventsKeepTheirBytesOnly: small events that wait for a handler that
// blocks do not keep what was read together with them.
func TestWaitingEventsKeepTheirBytesOnly(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	s := script(t, businessworker.MessageFunc(func(_ context.Context, e *businessworker.Event, _ []byte) error {
		if e.ClientID().ConnectionID == 1 {
			<-release
		}
		return nil
	}), businessworker.Options{})
	const rounds = 500
	large := make([]byte, 60<<10)
	for range rounds {
		if _, err := s.conn.Write(append(s.message(1, []byte("small")), s.message(2, large)...)); err != nil {
			t.Fatal(err)
		}
	}
	testwait.Until(t, "the events of the other client are handled", func() bool { return s.w.Stats().Events == rounds })
	var mem runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&mem)
	if most := uint64(rounds * len(large) / 2); mem.HeapAlloc > most {
		t.Errorf("%d bytes in use for %d small events, want less than %d", mem.HeapAlloc, rounds, most)
	}
}

// fullConn takes nothing more to write when it is full, as a connection whose peer
// does not read. How much the kernel takes of that, and when, nobody knows.
type fullConn struct {
	net.Conn
	full   *atomic.Bool
	closed chan struct{}
	once   sync.Once
}

func (c *fullConn) Write(p []byte) (int, error) {
	if c.full.Load() {
		<-c.closed
		return 0, net.ErrClosed
	}
	return c.Conn.Write(p)
}

func (c *fullConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// TestSendBufferIsBounded: a gateway that does not read makes commands fail by
// name, and the worker goes on.
func TestSendBufferIsBounded(t *testing.T) {
	results := make(chan error, 1)
	var full atomic.Bool
	s := script(t, businessworker.MessageFunc(func(ctx context.Context, e *businessworker.Event, msg []byte) error {
		full.Store(true)
		var err error
		for err == nil {
			err = e.Send(ctx, msg)
		}
		results <- err
		return nil
	}), businessworker.Options{
		SendToGatewayBufferSize: 64 << 10, SendTimeout: 20 * time.Millisecond,
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			nc, err := new(net.Dialer).DialContext(ctx, network, address)
			return &fullConn{Conn: nc, full: &full, closed: make(chan struct{})}, err
		},
	})
	s.conn.Write(s.message(1, make([]byte, 128<<10)))
	select {
	case err := <-results:
		if !errors.Is(err, businessworker.ErrSendBufferFull) {
			t.Errorf("error %v, want ErrSendBufferFull", err)
		}
	case <-time.After(patience):
		t.Fatal("no error")
	}
	if st := s.w.Stats(); st.Refused != 1 || st.Buffered < 64<<10 {
		t.Errorf("stats %+v", st)
	}
}

// TestAnswersDoNotWaitForSlowHandlers: what handlers sent goes out although all
// of the pool is blocked and more events wait.
func TestAnswersDoNotWaitForSlowHandlers(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	s := script(t, businessworker.MessageFunc(func(ctx context.Context, e *businessworker.Event, msg []byte) error {
		err := e.Send(ctx, msg)
		<-release
		return err
	}), businessworker.Options{Concurrency: 3})
	var out []byte
	for i := range uint32(10) {
		out = append(out, s.message(i+1, []byte("x"))...)
	}
	s.conn.Write(out)
	s.conn.SetReadDeadline(time.Now().Add(patience))
	var in []byte
	chunk := make([]byte, 4096)
	for answers := 0; answers < 3; {
		n, err := s.conn.Read(chunk)
		if err != nil {
			t.Fatal(err)
		}
		in = append(in, chunk[:n]...)
		for {
			var m gatewayprotocol.Message
			n, err := gatewayprotocol.DecodeMessage(in, &m, 0)
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				break
			}
			in = in[n:]
			if m.Cmd == gatewayprotocol.CmdSendToOne {
				answers++
			}
		}
	}
}

// TestLongestMessage: a message as long as a client may send, longer as a frame
// than anything that goes to a gateway, is handled like any other.
func TestLongestMessage(t *testing.T) {
	got := make(chan int, 1)
	s := script(t, businessworker.MessageFunc(func(_ context.Context, _ *businessworker.Event, msg []byte) error {
		got <- len(msg)
		return nil
	}), businessworker.Options{})
	s.conn.Write(s.message(1, make([]byte, gatewayprotocol.MaxPackageSize)))
	select {
	case n := <-got:
		if n != gatewayprotocol.MaxPackageSize {
			t.Errorf("got %d bytes", n)
		}
	case <-time.After(patience):
		t.Fatal("no event")
	}
}

// TestBadFrameEndsConnection: the worker connects again.
func TestBadFrameEndsConnection(t *testing.T) {
	s := script(t, businessworker.MessageFunc(func(context.Context, *businessworker.Event, []byte) error { return nil }), businessworker.Options{})
	s.conn.Write(append(s.message(1, []byte("good")), make([]byte, gatewayprotocol.HeadLen)...))
	must(s.accept())(t) // the one before has ended
	testwait.Until(t, "the event before is handled", func() bool { return s.w.Stats().Events == 1 })
	testwait.Until(t, "it is made again", func() bool { return s.w.Stats().Gateways == 1 })
}
