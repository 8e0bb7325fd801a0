package register

import (
	"context"
	"errors"
	"io"
	"net"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"
)

// A logLine is what a test expects of the log.
type logLine struct {
	Level   logrus.Level
	Message string
}

// logged returns a logger that sends its lines, without the times in them.
func logged() (logrus.FieldLogger, <-chan logLine) {
	l, lines := logrus.New(), make(chan logLine, 1000)
	l.SetOutput(io.Discard)
	l.AddHook(lineHook(lines))
	return l, lines
}

type lineHook chan logLine

func (lineHook) Levels() []logrus.Level { return logrus.AllLevels }

func (h lineHook) Fire(e *logrus.Entry) error {
	h <- logLine{e.Level, regexp.MustCompile(`after [0-9.a-zµ]+ `).ReplaceAllString(e.Message, "after TIME ")}
	return nil
}

func expectLog(t *testing.T, lines <-chan logLine, want ...logLine) {
	t.Helper()
	for _, w := range want {
		select {
		case got := <-lines:
			if got != w {
				t.Fatalf("logged %+v, want %+v", got, w)
			}
		case <-time.After(patience):
			t.Fatalf("not logged: %+v", w)
		}
	}
}

const (
	connectedLine    = "register: connected"
	recoveredLine    = "register: connected, after TIME without"
	endedLine        = "register: connection ended, reconnecting every 1ms"
	cannotLine       = "register: cannot connect, trying again every 1ms"
	closedAtOnceLine = "register: the Register closes the connection at once: check that the secret key is the same there and that it lets this address in, trying again every 1ms"
)

// TestOutagesAreLoggedOnce: a hundred failed attempts are one line for each
// cause; the first connection and every recovery are info.
func TestOutagesAreLoggedOnce(t *testing.T) {
	addr, accept := fakeRegister(t, "127.0.0.1")
	log, lines := logged()
	opts := clientOptions(addr)
	opts.Logger = log
	var attempts, refuse atomic.Int32
	opts.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		attempts.Add(1)
		if refuse.Load() > 0 && refuse.Add(-1) >= 0 {
			return nil, errors.New("refused")
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	w := newWatcher(t, nil, opts)
	stop := run(t, w.Run)
	for range 10 {
		accept().close() // as with a wrong key
	}
	p := accept()
	p.send(emptyList + "\n")
	expectLog(t, lines, logLine{logrus.WarnLevel, closedAtOnceLine}, logLine{logrus.InfoLevel, recoveredLine})
	refuse.Store(10)
	p.close()
	p = accept()
	p.send(emptyList + "\n")
	expectLog(t, lines, logLine{logrus.WarnLevel, endedLine}, logLine{logrus.WarnLevel, cannotLine}, logLine{logrus.InfoLevel, recoveredLine})
	stop()
	if n := len(lines); n != 0 {
		t.Errorf("%d lines too many, the first: %+v", n, <-lines)
	}
}

// TestAnnouncerLog: an announcement counts as accepted when the Register has not
// closed the connection for a while.
func TestAnnouncerLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, lines := logged()
		far := make(chan net.Conn)
		opts := clientOptions("127.0.0.1:1236")
		opts.Logger = log
		opts.Dial = func(context.Context, string, string) (net.Conn, error) {
			near, other := net.Pipe()
			go func() {
				other.Read(make([]byte, 1000)) // the announcement
				far <- other
				io.Copy(io.Discard, other)
			}()
			return near, nil
		}
		run(t, newAnnouncer(t, "a:1", opts).Run)
		for range 5 {
			(<-far).Close()
		}
		other := <-far
		time.Sleep(acceptTime - time.Millisecond)
		synctest.Wait()
		expectLog(t, lines, logLine{logrus.WarnLevel, closedAtOnceLine})
		if len(lines) != 0 {
			t.Errorf("accepted too early: %+v", <-lines)
		}
		time.Sleep(2 * time.Millisecond)
		expectLog(t, lines, logLine{logrus.InfoLevel, recoveredLine})
		other.Close()
		expectLog(t, lines, logLine{logrus.WarnLevel, endedLine})
		(<-far).Close()
		expectLog(t, lines, logLine{logrus.WarnLevel, closedAtOnceLine})
		(<-far).Close()
	})
}

// TestFirstConnection: the first connection is logged as info.
func TestFirstConnection(t *testing.T) {
	_, addr := startServer(t, "", Options{})
	log, lines := logged()
	opts := clientOptions(addr)
	opts.Logger = log
	run(t, newWatcher(t, nil, opts).Run)
	expectLog(t, lines, logLine{logrus.InfoLevel, connectedLine})
}

// TestPeersCannotFloodTheLog: of what strangers do wrong some lines are logged,
// not all.
func TestPeersCannotFloodTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // whose time stands still meanwhile
		log, lines := logged()
		s := newServer(t, Options{Logger: log})
		ln := newPipeListener()
		served := make(chan error, 1)
		go func() { served <- s.Serve(ln) }()
		for range 100 {
			p := ln.dial(t)
			p.send("{}\n")
			if line, err := p.line(); err != nil || !strings.HasPrefix(line, "Bad request for Register service.") {
				t.Fatalf("got %q, %v", line, err)
			}
			p.expectClosed()
		}
		if n := len(lines); n < 1 || n > 50 {
			t.Errorf("%d lines for 100 bad requests", n)
		}
		s.Close()
		<-served
	})
}

// TestServerLog: gateways that come and go are in the Register's log.
func TestServerLog(t *testing.T) {
	log, lines := logged()
	_, addr := startServer(t, "", Options{Logger: log})
	p := dialPeer(t, addr)
	p.send(asGateway("a:1"))
	expectLog(t, lines, logLine{logrus.InfoLevel, `register: gateway "a:1" announced`})
	p.close()
	expectLog(t, lines, logLine{logrus.InfoLevel, `register: gateway "a:1" left`})
}
