package register

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
	"github.com/google/go-cmp/cmp"
)

// fakeRegister is a listener whose connections the test plays.
func fakeRegister(t *testing.T, host string) (addr string, accept func() *peer) {
	t.Helper()
	ln, err := net.Listen("tcp", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return ln.Addr().String(), func() *peer {
		t.Helper()
		ln.(*net.TCPListener).SetDeadline(time.Now().Add(patience))
		nc, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		return newPeer(t, nc)
	}
}

// run runs f until the test ends.
func run(t *testing.T, f func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run returned %v, want context.Canceled", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func clientOptions(registers ...string) ClientOptions {
	return ClientOptions{
		RegisterAddresses: registers, Logger: quiet(), ReconnectDelay: time.Millisecond,
		ConnectTimeout: patience, QueryTimeout: patience,
	}
}

func TestAnnouncer(t *testing.T) {
	addr1, accept1 := fakeRegister(t, "127.0.0.1")
	addr2, accept2 := fakeRegister(t, "127.0.0.1")
	opts := clientOptions(addr1, addr2)
	opts.SecretKey = "k"
	a := newAnnouncer(t, "127.0.0.1:2900", opts)
	stop := run(t, a.Run)
	const hello = `{"event":"gateway_connect", "address":"127.0.0.1:2900", "secret_key":"k"}`
	r1, r2 := accept1(), accept2()
	r1.expect(hello)
	r2.expect(hello)
	testwait.Until(t, "both connected", func() bool { return a.Connected() == 2 })
	r1.send("anything\x00at all\n{}\n") // it must not mind
	r1.close()
	r1 = accept1()
	r1.expect(hello)
	r2.send(emptyList + "\n")
	r2.nc.(*net.TCPConn).SetLinger(0) // the rough way
	r2.close()
	r2 = accept2()
	r2.expect(hello)
	stop()
	r1.expectClosed()
	r2.expectClosed()
	if a.Connected() != 0 {
		t.Errorf("Connected() = %d after Run", a.Connected())
	}
}

// A key that needs escaping reaches a Register as it is.
func TestOddKeys(t *testing.T) {
	key := "a\"b\\c/\t\x01é"
	s, addr := startServer(t, "", Options{SecretKey: key})
	opts := clientOptions(addr)
	opts.SecretKey = key
	run(t, newAnnouncer(t, "a:1", opts).Run)
	testwait.Until(t, "the gateway", func() bool { return s.Stats().Gateways == 1 })
	got, err := Lookup(context.Background(), opts)
	if err != nil || !cmp.Equal(got, []string{"a:1"}) {
		t.Errorf("Lookup = %q, %v", got, err)
	}
}

func TestPings(t *testing.T) {
	for _, tt := range []struct {
		host  string
		pings bool
	}{{"127.0.0.2", true}, {"127.0.0.1", false}} {
		t.Run(tt.host, func(t *testing.T) {
			addr, accept := fakeRegister(t, tt.host)
			opts := clientOptions(addr)
			opts.PingInterval = time.Millisecond
			run(t, newAnnouncer(t, "a:1", opts).Run)
			run(t, newWatcher(t, nil, opts).Run)
			for range 2 {
				r := accept()
				if _, err := r.line(); err != nil {
					t.Fatal(err)
				}
				if tt.pings {
					r.expect(`{"event":"ping"}`)
					r.expect(`{"event":"ping"}`)
					continue
				}
				// Twenty intervals without a byte.
				r.nc.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
				var ne net.Error
				if b, err := r.br.ReadByte(); !errors.As(err, &ne) || !ne.Timeout() {
					t.Errorf("got %q, %v, want silence", b, err)
				}
			}
		})
	}
}

func TestWatcher(t *testing.T) {
	addr1, accept1 := fakeRegister(t, "127.0.0.1")
	addr2, accept2 := fakeRegister(t, "127.0.0.1")
	lists := make(chan []string, 1)
	var w *Watcher
	w = newWatcher(t, func(l []string) {
		if got, ok := w.Addresses(); !ok || !cmp.Equal(got, l) {
			t.Errorf("Addresses() = %q, %v during the callback for %q", got, ok, l)
		}
		lists <- l
	}, clientOptions(addr1, addr2))
	if _, ok := w.Addresses(); ok {
		t.Error("a list before a Register sent one")
	}
	stop := run(t, w.Run)
	next := func(want ...string) {
		t.Helper()
		select {
		case got := <-lists:
			if !cmp.Equal(got, append([]string{}, want...)) {
				t.Fatalf("list %q, want %q", got, want)
			}
		case <-time.After(patience):
			t.Fatalf("no list, want %q", want)
		}
	}
	r1, r2 := accept1(), accept2()
	r1.expect(asWorker[:len(asWorker)-1])
	r2.expect(asWorker[:len(asWorker)-1])
	r1.send(list(`["127.0.0.1:2900","127.0.0.1:2901"]`) + "\n")
	next("127.0.0.1:2900", "127.0.0.1:2901")
	r1.send(list(`{"0":"a:1","2":"b\/\u00e9:1","3":"a:1"}`) + "\r\n")
	next("a:1", "b/é:1")

	// Bad lines are ignored and the connection stays.
	for _, bad := range []string{"", "x", `"event"`, `{}`, `{"event":"hello"}`, `{"event":null}`,
		`{"event":"broadcast_addresses"}`, `{"event":"broadcast_addresses","addresses":"a:1"}`} {
		r1.send(bad + "\n")
	}
	r1.send(list(`["c:1",5,true,1.5,null,["x"]]`) + "\n")
	next("c:1", "5", "1", "1.5", "", "Array")

	// Another Register's list replaces it.
	r2.send(emptyList + "\n")
	next()
	r2.send(list(`["d:1"]`) + "\n")
	next("d:1")

	// A Register that goes and comes back changes nothing until it speaks.
	r1.close()
	r2.close()
	r1 = accept1()
	accept2()
	r1.expect(asWorker[:len(asWorker)-1])
	if got, ok := w.Addresses(); !ok || !cmp.Equal(got, []string{"d:1"}) {
		t.Errorf("Addresses() = %q, %v after a restart", got, ok)
	}
	r1.send(list(`["d:1","e:1"]`) + "\n")
	next("d:1", "e:1")
	stop()
	r1.expectClosed()
}

// The client parts meet a real server that restarts at the same address.
func TestRegisterRestart(t *testing.T) {
	s, addr := startServer(t, "", Options{})
	lists := make(chan []string, 10)
	run(t, newAnnouncer(t, "a:1", clientOptions(addr)).Run)
	testwait.Until(t, "the gateway", func() bool { return s.Stats().Gateways == 1 })
	run(t, newWatcher(t, func(l []string) { lists <- l }, clientOptions(addr)).Run)
	if got := <-lists; !cmp.Equal(got, []string{"a:1"}) {
		t.Fatalf("list %q", got)
	}
	s.Close()
	startServer(t, addr, Options{})
	for {
		// The watcher may come back before the gateway: then an empty list is true.
		select {
		case got := <-lists:
			if cmp.Equal(got, []string{"a:1"}) {
				return
			}
			if len(got) != 0 {
				t.Fatalf("list %q", got)
			}
		case <-time.After(patience):
			t.Fatal("no list after the restart")
		}
	}
}

func TestReconnectsForEver(t *testing.T) {
	addr, accept := fakeRegister(t, "127.0.0.1")
	opts := clientOptions(addr)
	fails := 20
	var mu sync.Mutex
	opts.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		mu.Lock()
		defer mu.Unlock()
		if fails--; fails >= 0 {
			return nil, errors.New("no route")
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	run(t, newAnnouncer(t, "a:1", opts).Run)
	accept().expect(`{"event":"gateway_connect", "address":"a:1", "secret_key":""}`)
}

// Run returns at once while dialing, waiting or reading.
func TestRunEnds(t *testing.T) {
	opts := clientOptions("192.0.2.1:1236")
	dialing := make(chan struct{}, 1)
	opts.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
		dialing <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	stop := run(t, newWatcher(t, nil, opts).Run)
	<-dialing
	stop()

	opts.ReconnectDelay = time.Hour
	opts.Dial = func(context.Context, string, string) (net.Conn, error) {
		dialing <- struct{}{}
		return nil, errors.New("refused")
	}
	stop = run(t, newAnnouncer(t, "a:1", opts).Run)
	<-dialing
	stop()

}
