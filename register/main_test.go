package register

import (
	"bufio"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait of the tests; nothing waits for it to pass. It is also
// what options get whose time must not run out on a machine that stands still for
// a while.
const patience = 2 * time.Minute

func quiet() logrus.FieldLogger {
	l := logrus.New()
	l.SetOutput(io.Discard)
	return l
}

func newServer(t *testing.T, opts Options) *Server {
	t.Helper()
	s, err := NewServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newAnnouncer(t *testing.T, address string, opts ClientOptions) *Announcer {
	t.Helper()
	a, err := NewAnnouncer(address, opts)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func newWatcher(t *testing.T, onList func([]string), opts ClientOptions) *Watcher {
	t.Helper()
	w, err := NewWatcher(onList, opts)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// startServer serves on addr ("" for any port) until the test ends.
func startServer(t *testing.T, addr string, opts Options) (*Server, string) {
	t.Helper()
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	if opts.Logger == nil {
		opts.Logger = quiet()
	}
	if opts.AuthTimeout == 0 {
		opts.AuthTimeout = patience
	}
	s := newServer(t, opts)
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-served; !errors.Is(err, ErrServerClosed) {
			t.Errorf("Serve returned %v, want ErrServerClosed", err)
		}
	})
	return s, ln.Addr().String()
}

// peer is the other end of a connection to a Register.
type peer struct {
	t  *testing.T
	nc net.Conn
	br *bufio.Reader
}

func dialPeer(t *testing.T, addr string) *peer {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return newPeer(t, nc)
}

func newPeer(t *testing.T, nc net.Conn) *peer {
	t.Cleanup(func() { nc.Close() })
	return &peer{t: t, nc: nc, br: bufio.NewReader(nc)}
}

func (p *peer) send(s string) {
	p.t.Helper()
	p.nc.SetWriteDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(p.nc, s); err != nil {
		p.t.Fatal(err)
	}
}

// line reads a line, with its end.
func (p *peer) line() (string, error) {
	p.nc.SetReadDeadline(time.Now().Add(patience))
	return p.br.ReadString('\n')
}

func (p *peer) expect(want string) {
	p.t.Helper()
	got, err := p.line()
	if err != nil || got != want+"\n" {
		p.t.Fatalf("got %q, %v, want %q", got, err, want)
	}
}

// expectClosed wants the end of the connection without another byte.
func (p *peer) expectClosed() {
	p.t.Helper()
	p.nc.SetReadDeadline(time.Now().Add(patience))
	b, err := io.ReadAll(p.br)
	var ne net.Error
	if len(b) > 0 || errors.As(err, &ne) && ne.Timeout() {
		p.t.Fatalf("got %q, %v, want a closed connection", b, err)
	}
}

func (p *peer) close() { p.nc.Close() }

const (
	asWorker  = `{"event":"worker_connect","secret_key":""}` + "\n"
	emptyList = `{"event":"broadcast_addresses","addresses":[]}`
)

func asGateway(addr string) string {
	return `{"event":"gateway_connect", "address":"` + addr + `", "secret_key":""}` + "\n"
}

func list(json string) string { return `{"event":"broadcast_addresses","addresses":` + json + `}` }
