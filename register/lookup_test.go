package register

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
	"github.com/google/go-cmp/cmp"
)

func TestLookup(t *testing.T) {
	s, addr := startServer(t, "", Options{SecretKey: "k"})
	dead := mustListen(t)
	dead.Close()
	opts := clientOptions(dead.Addr().String(), addr)
	opts.SecretKey = "k"
	got, err := Lookup(context.Background(), opts)
	if err != nil || got == nil || len(got) != 0 {
		t.Errorf("Lookup = %q, %v, want an empty list", got, err)
	}
	announced := clientOptions(addr)
	announced.SecretKey = "k"
	run(t, newAnnouncer(t, "a:1", announced).Run)
	testwait.Until(t, "the gateway", func() bool { return s.Stats().Gateways == 1 })
	if got, err := Lookup(context.Background(), opts); err != nil || !cmp.Equal(got, []string{"a:1"}) {
		t.Errorf("Lookup = %q, %v", got, err)
	}

	opts.SecretKey = "wrong"
	_, err = Lookup(context.Background(), opts)
	var se *ServerError
	if !errors.Is(err, ErrSecretKey) || !errors.As(err, &se) || se.Addr != dead.Addr().String() {
		t.Errorf("wrong key: %v", err)
	}
}

// TestLookupPastASilentRegister has a clock of its own: only the Register that is
// silent can use up the time.
func TestLookupPastASilentRegister(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const silent, good = "127.0.0.1:1", "127.0.0.1:2"
		s := newServer(t, Options{Logger: quiet()})
		ln := newPipeListener()
		served := make(chan error, 1)
		go func() { served <- s.Serve(ln) }()
		asked := make(chan net.Conn, 1)
		opts := clientOptions(silent, good)
		opts.QueryTimeout = 10 * time.Millisecond
		opts.Dial = func(_ context.Context, _, address string) (net.Conn, error) {
			near, far := net.Pipe()
			if address == silent {
				asked <- far
			} else {
				ln.conns <- far
			}
			return near, nil
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			p := newPeer(t, <-asked)
			p.expect(asWorker[:len(asWorker)-1])
			p.expectClosed()
		}()
		began := time.Now()
		if got, err := Lookup(context.Background(), opts); err != nil || len(got) != 0 {
			t.Errorf("Lookup past a silent Register = %q, %v", got, err)
		}
		if took := time.Since(began); took != opts.QueryTimeout {
			t.Errorf("it took %v, want %v", took, opts.QueryTimeout)
		}
		<-ended
		s.Close()
		<-served
	})
}

func TestLookupSilentRegister(t *testing.T) {
	addr, accept := fakeRegister(t, "127.0.0.1")
	opts := clientOptions(addr)
	ctx, cancel := context.WithCancel(context.Background())
	opts.QueryTimeout = time.Hour
	done := make(chan error, 1)
	go func() {
		_, err := Lookup(ctx, opts)
		done <- err
	}()
	accept().expect(asWorker[:len(asWorker)-1])
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled Lookup = %v", err)
	}

	liar, acceptLiar := fakeRegister(t, "127.0.0.1")
	opts.RegisterAddresses = []string{liar}
	go func() {
		_, err := Lookup(context.Background(), opts)
		done <- err
	}()
	acceptLiar().send("hello\n")
	var be *gatewayprotocol.BroadcastError
	if err := <-done; !errors.As(err, &be) {
		t.Errorf("Lookup of a line that is no list = %v", err)
	}
}

// TestLookupErrors: each Register's cause is there, and can be told apart.
func TestLookupErrors(t *testing.T) {
	refused := mustListen(t)
	refused.Close()
	_, wrongKey := startServer(t, "", Options{SecretKey: "k"})
	opts := clientOptions(refused.Addr().String(), wrongKey, "no-such-host.invalid:1236")
	opts.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if strings.HasPrefix(address, "no-such-host") { // as net.Dialer, without asking a name server
			return nil, &net.OpError{Op: "dial", Net: network, Err: &net.DNSError{Err: "no such host", Name: "no-such-host.invalid", IsNotFound: true}}
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	check := func(t *testing.T, err error) {
		var le *LookupError
		if !errors.As(err, &le) || len(le.Servers) != 3 {
			t.Fatalf("error %v, want a LookupError of three Registers", err)
		}
		var dns *net.DNSError
		if !errors.Is(le.Servers[0].Err, syscall.ECONNREFUSED) || !errors.Is(le.Servers[1].Err, ErrSecretKey) || !errors.As(le.Servers[2].Err, &dns) {
			t.Errorf("causes %v", le.Servers)
		}
		if !errors.Is(err, syscall.ECONNREFUSED) || !errors.Is(err, ErrSecretKey) || !errors.As(err, &dns) {
			t.Errorf("the causes cannot be found in %v", err)
		}
		if text := err.Error(); !strings.Contains(text, wrongKey+": closed at once without an answer: check that the secret key") {
			t.Errorf("text %q", text)
		}
	}
	t.Run("Lookup", func(t *testing.T) {
		_, err := Lookup(t.Context(), opts)
		check(t, err)
	})
	t.Run("Watcher", func(t *testing.T) {
		opts := opts
		opts.QueryTimeout = time.Millisecond // the problems are there before
		w := newWatcher(t, nil, opts)
		run(t, w.Run)
		testwait.Until(t, "three problems", func() bool { return len(w.links.problems()) == 3 })
		err := w.Wait(t.Context())
		check(t, err)
		if !strings.Contains(err.Error(), "no answer in time") {
			t.Errorf("text %q", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := w.Wait(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Wait after its context: %v", err)
		}
	})
}
