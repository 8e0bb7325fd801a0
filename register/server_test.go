package register

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
	"github.com/sirupsen/logrus"
)

func TestBroadcasts(t *testing.T) {
	s, addr := startServer(t, "", Options{})
	w := dialPeer(t, addr)
	w.send(asWorker)
	w.expect(emptyList)

	a := dialPeer(t, addr)
	a.send(asGateway("127.0.0.1:2900"))
	w.expect(list(`["127.0.0.1:2900"]`))

	again := dialPeer(t, addr) // the same address twice, then another
	again.send(asGateway("127.0.0.1:2900"))
	w.expect(list(`["127.0.0.1:2900"]`))
	b := dialPeer(t, addr)
	b.send(asGateway("中/é:2901"))
	w.expect(list(`{"0":"127.0.0.1:2900","2":"\u4e2d\/\u00e9:2901"}`))

	late := dialPeer(t, addr)
	late.send(asWorker)
	late.expect(list(`{"0":"127.0.0.1:2900","2":"\u4e2d\/\u00e9:2901"}`))

	w.send(asWorker) // may ask again, and alone gets the list
	w.expect(list(`{"0":"127.0.0.1:2900","2":"\u4e2d\/\u00e9:2901"}`))

	b.send(asGateway("b:1")) // announcing again keeps the place
	for _, p := range []*peer{w, late} {
		p.expect(list(`{"0":"127.0.0.1:2900","2":"b:1"}`))
	}
	b.send(asGateway("b:1")) // and all get the list even if it did not change
	for _, p := range []*peer{w, late} {
		p.expect(list(`{"0":"127.0.0.1:2900","2":"b:1"}`))
	}
	if st := s.Stats(); st != (Stats{Connections: 5, Gateways: 3, Workers: 2, Requests: st.Requests}) || st.Requests < 5 {
		t.Errorf("stats %+v", st)
	}

	late.close() // a worker that leaves is no news
	testwait.Until(t, "one worker", func() bool { return s.Stats().Workers == 1 })
	a.close()
	w.expect(list(`["127.0.0.1:2900","b:1"]`))
	again.close()
	w.expect(list(`["b:1"]`))
	if got := s.Addresses(); len(got) != 1 || got[0] != "b:1" {
		t.Errorf("Addresses() = %q", got)
	}
	b.close()
	w.expect(emptyList)
}

// A connection may be gateway and worker at once: its own address is in its lists.
func TestGatewayAndWorkerAtOnce(t *testing.T) {
	_, addr := startServer(t, "", Options{})
	p := dialPeer(t, addr)
	p.send(asWorker + asGateway("a:1"))
	p.expect(emptyList)
	p.expect(list(`["a:1"]`))
}

var badRequest = func(line string) string {
	return "Bad request for Register service. Request info(IP:127.0.0.1, Request Buffer:" + line +
		"). See http://doc2.workerman.net/register-auth-timeout.html"
}

func TestFirstLines(t *testing.T) {
	const key = `k/é"\`
	for _, tt := range []struct {
		name, key, line string
		answer          string // "" = closed without a byte
		stays           bool
	}{
		{name: "worker", line: `{"event":"worker_connect","secret_key":""}`, answer: emptyList, stays: true},
		{name: "worker without a key field", line: `{"event":"worker_connect"}`, answer: emptyList, stays: true},
		{name: "worker with a null key", line: `{"event":"worker_connect","secret_key":null}`, answer: emptyList, stays: true},
		{name: "carriage returns", line: `{"event":"worker_connect"}` + "\r\r", answer: emptyList, stays: true},
		{name: "blanks around", line: " \t" + `{"event":"worker_connect"} `, answer: emptyList, stays: true},
		{name: "false is no key", line: `{"event":"worker_connect","secret_key":false}`},
		{name: "0 is no key", line: `{"event":"worker_connect","secret_key":0}`},
		{name: "key where none is set", line: `{"event":"worker_connect","secret_key":"x"}`},
		{name: "key", key: key, line: `{"event":"worker_connect","secret_key":"k\/\u00e9\"\\"}`, answer: emptyList, stays: true},
		{name: "wrong key", key: key, line: `{"event":"worker_connect","secret_key":"k"}`},
		{name: "missing key", key: key, line: `{"event":"worker_connect"}`},
		{name: "numeric key is not juggled", key: "5", line: `{"event":"worker_connect","secret_key":5}`},
		{name: "unknown event", line: `{"event":"hello"}`},
		{name: "event in capitals", line: `{"event":"PING"}`},
		{name: "numeric event", line: `{"event":1}`},
		{name: "array event", line: `{"event":["ping"]}`},
		{name: "true is gateway_connect", line: `{"event":true}`},
		{name: "empty address before a wrong key", key: key, line: `{"event":"gateway_connect","address":"0","secret_key":"x"}`},
		{name: "no address", line: `{"event":"gateway_connect"}`},
		{name: "gateway with a wrong key", key: key, line: `{"event":"gateway_connect","address":"a:1","secret_key":""}`},
		{name: "infinite address", line: `{"event":"gateway_connect","address":1e999}`},
		{name: "empty line", line: ``, answer: badRequest(``)},
		{name: "no JSON", line: `hello`, answer: badRequest(`hello`)},
		{name: "PHP's gateway with a quote in its key", line: `{"event":"gateway_connect", "address":"a:1", "secret_key":"x"y"}`,
			answer: badRequest(`{"event":"gateway_connect", "address":"a:1", "secret_key":"x"y"}`)},
		{name: "JSON string", line: `"event"`, answer: badRequest(`"event"`)},
		{name: "list", line: `["ping"]`, answer: badRequest(`["ping"]`)},
		{name: "no event", line: `{}`, answer: badRequest(`{}`)},
		{name: "falsy event", line: `{"event":"0"}`, answer: badRequest(`{"event":"0"}`)},
		{name: "empty object event", line: `{"event":{}}`, answer: badRequest(`{"event":{}}`)},
		{name: "deep enough", line: `{"event":"worker_connect","x":` + strings.Repeat("[", 510) + strings.Repeat("]", 510) + `}`, answer: emptyList, stays: true},
		{name: "bad UTF-8", line: "{\"event\":\"ping\xff\"}", answer: badRequest("{\"event\":\"ping\xff\"}")},
		{name: "too deep", line: `{"event":"ping","x":` + strings.Repeat("[", 511) + strings.Repeat("]", 511) + `}`,
			answer: badRequest(`{"event":"ping","x":` + strings.Repeat("[", 511) + strings.Repeat("]", 511) + `}`)},
		{name: "NUL", line: "{\"event\":\"ping\"}\x00", answer: badRequest("{\"event\":\"ping\"}\x00")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, addr := startServer(t, "", Options{SecretKey: tt.key})
			p := dialPeer(t, addr)
			p.send(tt.line + "\n")
			if tt.answer != "" {
				p.expect(tt.answer)
			}
			if !tt.stays {
				p.expectClosed()
			}
		})
	}
}

// Any truthy JSON value is an address; lists have it as the value it was, and
// compared as PHP compares texts.
func TestOddAddresses(t *testing.T) {
	_, addr := startServer(t, "", Options{})
	w := dialPeer(t, addr)
	w.send(asWorker)
	w.expect(emptyList)
	for _, step := range []struct{ address, list string }{
		{`123`, `[123]`},
		{`"123"`, `[123]`},
		{`true`, `{"0":123,"2":true}`},
		{`1.0`, `{"0":123,"2":true}`},
		{`{"a":[1,2]}`, `{"0":123,"2":true,"4":{"a":[1,2]}}`},
		{`["x"]`, `{"0":123,"2":true,"4":{"a":[1,2]}}`},
		{`1.5`, `{"0":123,"2":true,"4":{"a":[1,2]},"6":1.5}`},
		{strings.Repeat("[", 510) + "1" + strings.Repeat("]", 510), `{"0":123,"2":true,"4":{"a":[1,2]},"6":1.5}`},
	} {
		dialPeer(t, addr).send(`{"event":true,"address":` + step.address + "}\n")
		w.expect(list(step.list))
	}
	// One level more cannot be read.
	deep := dialPeer(t, addr)
	deep.send(`{"event":true,"address":` + strings.Repeat("[", 511) + "1" + strings.Repeat("]", 511) + "}\n")
	deep.expect(badRequest(`{"event":true,"address":` + strings.Repeat("[", 511) + "1" + strings.Repeat("]", 511) + "}"))
}

func TestSeveralLinesAtOnce(t *testing.T) {
	_, addr := startServer(t, "", Options{})
	p := dialPeer(t, addr)
	p.send(`{"event":"ping"}` + "\n" + asWorker + "bad\n" + asWorker)
	p.expect(emptyList)
	p.expect(badRequest("bad"))
	p.expectClosed() // what follows a bad line is not read
}

func TestLineInPieces(t *testing.T) {
	_, addr := startServer(t, "", Options{})
	p := dialPeer(t, addr)
	for _, b := range []byte(asWorker) {
		p.send(string(b))
	}
	p.expect(emptyList)
}

func TestLineLimit(t *testing.T) {
	const limit = 5000
	_, addr := startServer(t, "", Options{MaxPackageSize: limit})
	fits := dialPeer(t, addr)
	fits.send(`{"event":"worker_connect"}` + strings.Repeat(" ", limit-28) + "\n") // limit-1 bytes in all
	fits.expect(emptyList)
	over := dialPeer(t, addr)
	over.send(`{"event":"worker_connect"}` + strings.Repeat(" ", limit-27) + "\n")
	over.expectClosed()
	endless := dialPeer(t, addr)
	endless.send(strings.Repeat("x", limit))
	endless.expectClosed()
}

func TestAuthTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 300 * time.Millisecond
		s := newServer(t, Options{Logger: quiet(), AuthTimeout: limit})
		ln := newPipeListener()
		served := make(chan error, 1)
		go func() { served <- s.Serve(ln) }()
		pinged := ln.dial(t)
		pinged.send(`{"event":"ping"}` + "\n") // says nothing about who it is
		worker := ln.dial(t)
		worker.send(asWorker)
		worker.expect(emptyList)
		silent := ln.dial(t)
		half := ln.dial(t)
		half.send(`{"event":"worker_connect"}`)
		time.Sleep(limit - time.Millisecond)
		synctest.Wait()
		if n := s.Stats().Connections; n != 4 {
			t.Errorf("%d connections before the time is over, want 4", n)
		}
		time.Sleep(2 * time.Millisecond)
		silent.expectClosed()
		half.expectClosed()
		pinged.expectClosed()
		time.Sleep(limit)
		worker.send(asWorker)
		worker.expect(emptyList)
		s.Close()
		<-served
	})
}

// TestAuthTimeoutOfSockets: the limit holds for a connection of TCP, too.
func TestAuthTimeoutOfSockets(t *testing.T) {
	s, addr := startServer(t, "", Options{AuthTimeout: time.Millisecond})
	dialPeer(t, addr).expectClosed()
	testwait.Until(t, "it is gone", func() bool { return s.Stats().Connections == 0 })
}

// TestLineLimitBeforeTheKey: a connection that has not given the key may send a
// few KB, one that has a little more; nested arrays of 10 MB are never decoded.
func TestLineLimitBeforeTheKey(t *testing.T) {
	_, addr := startServer(t, "", Options{})
	const first, later = 8 << 10, DefaultMaxPackageSize
	line := func(n int) string { return asWorker[:len(asWorker)-1] + strings.Repeat(" ", n-len(asWorker)) + "\n" }
	p := dialPeer(t, addr)
	p.send(line(first - 1))
	p.expect(emptyList)
	p.send(line(later - 1))
	p.expect(emptyList)
	p.send(strings.Repeat("[", later))
	p.expectClosed()
	over := dialPeer(t, addr)
	over.send(strings.Repeat("[", first))
	over.expectClosed()
}

func TestShutdownTellsNothing(t *testing.T) {
	s, addr := startServer(t, "", Options{})
	g := dialPeer(t, addr)
	g.send(asGateway("a:1"))
	testwait.Until(t, "a gateway", func() bool { return s.Stats().Gateways == 1 })
	w := dialPeer(t, addr)
	w.send(asWorker)
	w.expect(list(`["a:1"]`))
	silent := dialPeer(t, addr)
	testwait.Until(t, "three connections", func() bool { return s.Stats().Connections == 3 })
	if err := s.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, p := range []*peer{g, w, silent} {
		p.expectClosed()
	}
	if _, err := net.Dial("tcp", addr); err == nil {
		t.Error("still accepting after Shutdown")
	}
	if err := s.Serve(mustListen(t)); !errors.Is(err, ErrServerClosed) {
		t.Errorf("Serve after Shutdown: %v", err)
	}
}

func mustListen(t *testing.T) net.Listener {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

// pipeListener hands out the server's ends of net.Pipe, on which a peer that
// does not read blocks every write.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

func (l *pipeListener) dial(t *testing.T) *peer {
	client, server := net.Pipe()
	l.conns <- server
	return newPeer(t, client)
}

func TestSlowWorker(t *testing.T) {
	s := newServer(t, Options{Logger: quiet(), AuthTimeout: patience, SendToWorkerBufferSize: 150})
	ln := newPipeListener()
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	defer func() { <-served }()
	defer s.Close()

	slow, quick, gw := ln.dial(t), ln.dial(t), ln.dial(t)
	slow.send(asWorker) // its first list is being written from now on: the peer does not read
	testwait.Until(t, "the slow worker", func() bool { return s.Stats().Workers == 1 })
	quick.send(asWorker)
	quick.expect(emptyList)
	for i := range 50 {
		gw.send(asGateway(fmt.Sprintf("g:%02d", i)))
		quick.expect(list(fmt.Sprintf(`["g:%02d"]`, i))) // other workers do not wait for the slow one
	}
	// 47 + 53 + 53 bytes reach the bound of 150; what came then is left out, and
	// the list of the moment follows when the others are gone.
	slow.expect(emptyList)
	slow.expect(list(`["g:00"]`))
	slow.expect(list(`["g:01"]`))
	slow.expect(list(`["g:49"]`))
	gw.send(asGateway("g:50"))
	quick.expect(list(`["g:50"]`))
	slow.expect(list(`["g:50"]`))
}

// Shutdown does not wait longer than it may for a worker that does not read,
// and Close ends what Shutdown left.
func TestShutdownTimeout(t *testing.T) {
	s := newServer(t, Options{Logger: quiet()})
	ln := newPipeListener()
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	w := ln.dial(t)
	w.send(asWorker)
	testwait.Until(t, "a worker", func() bool { return s.Stats().Workers == 1 })
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Shutdown = %v", err)
	}
	s.Close()
	if err := <-served; !errors.Is(err, ErrServerClosed) {
		t.Errorf("Serve = %v", err)
	}
	if _, err := w.nc.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("read after Close: %v", err)
	}
	if st := s.Stats(); st.Connections != 0 || st.Workers != 0 {
		t.Errorf("left over: %+v", st)
	}
}

// flakyListener fails once with err.
type flakyListener struct {
	net.Listener
	err    error
	failed bool
}

func (l *flakyListener) Accept() (net.Conn, error) {
	if !l.failed {
		l.failed = true
		return nil, &net.OpError{Op: "accept", Err: l.err}
	}
	return l.Listener.Accept()
}

// A connection that cannot be accepted does not end the Register.
func TestAcceptErrors(t *testing.T) {
	for _, errno := range []error{syscall.EMFILE, syscall.ENOMEM, syscall.ENOBUFS, syscall.EPERM} {
		s := newServer(t, Options{Logger: quiet()})
		ln := &flakyListener{Listener: mustListen(t), err: errno}
		served := make(chan error, 1)
		go func() { served <- s.Serve(ln) }()
		p := dialPeer(t, ln.Addr().String())
		p.send(asWorker)
		p.expect(emptyList)
		s.Close()
		if err := <-served; !errors.Is(err, ErrServerClosed) {
			t.Errorf("%v: Serve = %v", errno, err)
		}
	}

	broken := mustListen(t)
	broken.Close()
	if err := newServer(t, Options{Logger: quiet()}).Serve(broken); err == nil || errors.Is(err, ErrServerClosed) {
		t.Errorf("Serve on a closed listener: %v", err)
	}
}

// Peers cannot fill the log: of each kind of warning there are few, and they say
// how many are not there.
func TestWarningsAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		logger := logrus.New()
		logger.SetOutput(&log)
		s := newServer(t, Options{Logger: logger, SecretKey: "key"})
		ln := newPipeListener()
		served := make(chan error, 1)
		go func() { served <- s.Serve(ln) }()
		warnings := func(n int) []string {
			for range n {
				ln.dial(t).send(asWorker) // without the key
				synctest.Wait()
			}
			var lines []string
			for line := range strings.Lines(log.String()) {
				if strings.Contains(line, "wrong secret key") {
					lines = append(lines, line)
				}
			}
			log.Reset()
			return lines
		}
		if lines := warnings(100); len(lines) < 2 || len(lines) > 20 {
			t.Errorf("%d lines of 100 peers", len(lines))
		}
		time.Sleep(time.Second)
		if lines := warnings(1); len(lines) != 1 || !strings.Contains(lines[0], "suppressed=90") {
			t.Errorf("a second later: %q", lines)
		}
		s.Close()
		<-served
	})
}

func TestRemoteIP(t *testing.T) {
	for remote, want := range map[string]string{
		"127.0.0.1:5": "127.0.0.1", "[::1]:5": "[::1]", "[::ffff:10.0.0.1]:5": "10.0.0.1", "pipe": "",
	} {
		if got := remoteIP(remote); got != want {
			t.Errorf("remoteIP(%s) = %q, want %q", remote, got, want)
		}
	}
}

// The last line to a peer that does not read is waited for, but not for ever.
func TestFarewell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, Options{Logger: quiet()})
		ln := newPipeListener()
		served := make(chan error, 1)
		go func() { served <- s.Serve(ln) }()
		defer func() { <-served }()
		defer s.Close()
		ln.dial(t).send("bad\n")
		time.Sleep(farewellTimeout - time.Millisecond)
		synctest.Wait()
		if n := s.Stats().Connections; n != 1 {
			t.Errorf("%d connections while the last line is being written, want 1", n)
		}
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		if n := s.Stats().Connections; n != 0 {
			t.Errorf("%d connections %v later, want 0", n, farewellTimeout)
		}
	})
}
