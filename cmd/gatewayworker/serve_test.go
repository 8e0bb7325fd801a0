package main

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
)

// fakeServer stops at Shutdown if its fields say so, or else at Close.
type fakeServer struct {
	name     string
	log      *callLog
	stubborn bool          // Shutdown waits for its context
	fail     chan error    // ends Serve
	serving  chan struct{} // closed by Serve
	ended    chan struct{}
	end      sync.Once
}

// callLog notes who was called, in order.
type callLog struct {
	mu    sync.Mutex // guards calls
	calls []string
}

func (l *callLog) add(call string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = append(l.calls, call)
}

func newFakeServer(name string, log *callLog) *fakeServer {
	return &fakeServer{name: name, log: log, fail: make(chan error, 1), serving: make(chan struct{}), ended: make(chan struct{})}
}

func (f *fakeServer) Serve() error {
	close(f.serving)
	select {
	case err := <-f.fail:
		return err
	case <-f.ended:
		return nil
	}
}

func (f *fakeServer) Shutdown(ctx context.Context) error {
	f.log.add("shutdown " + f.name)
	if f.stubborn {
		<-ctx.Done()
		return ctx.Err()
	}
	f.end.Do(func() { close(f.ended) })
	return nil
}

func (f *fakeServer) Close() error {
	f.log.add("close " + f.name)
	f.end.Do(func() { close(f.ended) })
	return nil
}

// supervised runs supervise over two servers, a and b, and returns the calls,
// the log and its error. prepare and during may change and provoke things.
func supervised(t *testing.T, timeout time.Duration, prepare func(a, b *fakeServer), during func(a, b *fakeServer, signals chan<- os.Signal)) (calls []string, logged string, err error) {
	t.Helper()
	order := new(callLog)
	a, b := newFakeServer("a", order), newFakeServer("b", order)
	prepare(a, b)
	var text strings.Builder
	log := logrus.New()
	log.SetOutput(&text)
	signals := make(chan os.Signal)
	result := make(chan error)
	go func() { result <- supervise(log, signals, timeout, []server{a, b}, newUpgrading()) }()
	<-a.serving
	<-b.serving
	during(a, b, signals)
	select {
	case err := <-result:
		return order.calls, text.String(), err
	case <-time.After(30 * time.Second):
		t.Fatal("supervise does not return")
		panic("unreachable")
	}
}

// code is the exit code of an error.
func code(err error) int {
	if coded := (*codedError)(nil); errors.As(err, &coded) {
		return coded.code
	}
	return exitFailure
}

func TestSuperviseStopsInOrderAtASignal(t *testing.T) {
	calls, log, err := supervised(t, time.Minute, func(a, b *fakeServer) {}, func(_, _ *fakeServer, signals chan<- os.Signal) {
		signals <- os.Interrupt
	})
	if err != nil || !slices.Equal(calls, []string{"shutdown a", "shutdown b"}) || !strings.Contains(log, "msg=stopped") {
		t.Errorf("error %v, calls %q, log:\n%s", err, calls, log)
	}
}

func TestSuperviseClosesAtTheSecondSignal(t *testing.T) {
	calls, log, err := supervised(t, time.Hour, func(a, b *fakeServer) { a.stubborn = true }, func(_, _ *fakeServer, signals chan<- os.Signal) {
		signals <- os.Interrupt
		signals <- os.Interrupt
	})
	if !errors.Is(err, errSecondSignal) || code(err) != exitUnfinished || !slices.Equal(calls, []string{"shutdown a", "close a", "shutdown b"}) || strings.Contains(log, "msg=stopped") {
		t.Errorf("error %v, calls %q, log:\n%s", err, calls, log)
	}
}

func TestSuperviseClosesAfterTheTimeout(t *testing.T) {
	calls, log, err := supervised(t, time.Millisecond, func(a, b *fakeServer) { a.stubborn, b.stubborn = true, true }, func(_, _ *fakeServer, signals chan<- os.Signal) {
		signals <- os.Interrupt
	})
	if !errors.Is(err, errStopTimeout) || code(err) != exitUnfinished || !slices.Equal(calls, []string{"shutdown a", "close a", "shutdown b", "close b"}) || strings.Contains(log, "msg=stopped") {
		t.Errorf("error %v, calls %q, log:\n%s", err, calls, log)
	}
}

func TestSuperviseStopsEverythingWhenOneFails(t *testing.T) {
	lost := errors.New("lost the port")
	calls, _, err := supervised(t, time.Minute, func(a, b *fakeServer) {}, func(_, b *fakeServer, _ chan<- os.Signal) {
		b.fail <- lost
	})
	if !errors.Is(err, lost) || !slices.Equal(calls, []string{"shutdown a", "shutdown b"}) {
		t.Errorf("error %v, calls %q", err, calls)
	}
	// As a gateway does whose loop cannot go on: service managers start it again.
	app := newApp()
	app.ErrWriter = io.Discard
	if code := exitCode(err, app); code != exitFailure {
		t.Errorf("exit code %d, want %d", code, exitFailure)
	}
}
