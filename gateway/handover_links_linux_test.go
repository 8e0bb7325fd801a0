package gateway

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
	"github.com/go-gatewayworker/gatewayworker/register"
)

// follower is a worker at a Register.
type follower struct {
	t  *testing.T
	nc net.Conn
	r  *bufio.Reader
}

// startRegister serves a Register, and returns a worker at it too.
func startRegister(t *testing.T, logger register.Options) (*register.Server, string, *follower) {
	t.Helper()
	s, err := register.NewServer(logger)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		_ = s.Close()
		if err := <-served; !errors.Is(err, register.ErrServerClosed) {
			t.Error(err)
		}
	})
	nc, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(patience))
	f := &follower{t, nc, bufio.NewReader(nc)}
	f.ask("")
	return s, l.Addr().String(), f
}

// expect wants a list with the address of a gateway, or none.
func (f *follower) expect(address string) {
	f.t.Helper()
	if address != "" {
		address = `"` + address + `"`
	}
	want := `{"event":"broadcast_addresses","addresses":[` + address + "]}\n"
	if got, err := f.r.ReadString('\n'); got != want {
		f.t.Fatalf("got %q, %v, want %q", got, err, want)
	}
}

// ask asks for the list: nothing else came before.
func (f *follower) ask(address string) {
	f.t.Helper()
	if _, err := io.WriteString(f.nc, `{"event":"worker_connect","secret_key":""}`+"\n"); err != nil {
		f.t.Fatal(err)
	}
	f.expect(address)
}

// TestHandoverOfLinks: Registers that both gateways name notice nothing, one that
// only the next one names gets the announcement, and one that it does not name any
// more gets the end of it.
func TestHandoverOfLinks(t *testing.T) {
	g := startGateway(t, Options{}) // for its logger
	logger := register.Options{Logger: g.opts.Logger}
	stays, staysAt, atStays := startRegister(t, logger)
	_, goesAt, atGoes := startRegister(t, logger)
	_, comesAt, atComes := startRegister(t, logger)
	g = startGateway(t, Options{RegisterAddresses: []string{staysAt, goesAt}})
	address := g.Address().String()
	atStays.expect(address)
	atGoes.expect(address)
	before := stays.Stats()
	for i := range 4 {
		if i == 2 { // they are accepted after a second, which passes half-way too
			testwait.Until(t, "the Registers have accepted", func() bool {
				for _, s := range g.Registers() {
					if !s.Connected {
						return false
					}
				}
				return len(g.Registers()) == 2
			})
		}
		g.passOn(Options{RegisterAddresses: []string{staysAt, goesAt}})
	}
	if s := fmt.Sprint(g.Registers()); s != fmt.Sprint([]register.State{{Address: staysAt, Connected: true}, {Address: goesAt, Connected: true}}) {
		t.Errorf("the gateway knows of its Registers %s", s)
	}
	if after := stays.Stats(); after != before {
		t.Errorf("the Register counts %+v, before %+v", after, before)
	}
	atStays.ask(address)
	g.passOn(Options{RegisterAddresses: []string{staysAt, comesAt}})
	atComes.expect(address)
	atGoes.expect("")
	atStays.ask(address)
	_ = g.Close()
	atStays.expect("")
	atComes.expect("")
}

// TestHandoverWithoutRegister: a Register that cannot be reached while the gateway
// is handed over is dialed by the next one; and after a failure the announcements
// stand as before.
func TestHandoverWithoutRegister(t *testing.T) {
	g := startGateway(t, Options{})
	_, stays, atStays := startRegister(t, register.Options{Logger: g.opts.Logger})
	down, listen := refusing(t)
	opts := Options{RegisterAddresses: []string{stays, down}}
	g = startGateway(t, opts)
	address := g.Address().String()
	atStays.expect(address)
	bad := opts
	bad.LanIP = "10.0.0.1"
	if err := g.tryPassOn(bad, nil); err == nil {
		t.Fatal("the gateway was handed over")
	}
	atStays.ask(address)
	g.passOn(opts)
	atStays.ask(address)
	l := listen()
	defer l.Close()
	nc, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(patience))
	want := `{"event":"gateway_connect", "address":"` + address + `", "secret_key":""}` + "\n"
	if line, err := bufio.NewReader(nc).ReadString('\n'); line != want {
		t.Errorf("the Register that was down reads %q, %v, want %q", line, err, want)
	}
}

// refusing returns an address that refuses connections until listen is called.
func refusing(t *testing.T) (address string, listen func() net.Listener) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), "bound")
	t.Cleanup(func() { _ = f.Close() })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	bound, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", bound.(*unix.SockaddrInet4).Port), func() net.Listener {
		t.Helper()
		if err := unix.Listen(fd, 8); err != nil {
			t.Fatal(err)
		}
		l, err := net.FileListener(f)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
}
