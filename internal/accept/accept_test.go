package accept_test

import (
	"errors"
	"io"
	"net"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-gatewayworker/gatewayworker/internal/accept"
)

// fakeListener answers Accept with what is in results, then blocks until Close.
type fakeListener struct {
	results []error // nil is a connection
	closed  chan struct{}
}

func (l *fakeListener) Accept() (net.Conn, error) {
	if len(l.results) == 0 {
		<-l.closed
		return nil, io.EOF // not net.ErrClosed
	}
	err := l.results[0]
	l.results = l.results[1:]
	if err != nil {
		return nil, &net.OpError{Op: "accept", Err: err}
	}
	c, _ := net.Pipe()
	return c, nil
}

func (l *fakeListener) Close() error   { close(l.closed); return nil }
func (l *fakeListener) Addr() net.Addr { return nil }

func TestSteady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeListener{closed: make(chan struct{}), results: []error{
			syscall.ENOMEM, syscall.ENOBUFS, syscall.EPERM, syscall.EMFILE, nil, syscall.ENOMEM, nil,
		}}
		var errs []error
		var pauses []time.Duration
		ln := accept.Steady(fake, func(err error, pause time.Duration) {
			errs = append(errs, errors.Unwrap(err))
			pauses = append(pauses, pause)
		})
		start := time.Now()
		for range 2 {
			c, err := ln.Accept()
			if err != nil {
				t.Fatal(err)
			}
			c.Close()
		}
		if want := []error{syscall.ENOMEM, syscall.ENOBUFS, syscall.EPERM, syscall.EMFILE, syscall.ENOMEM}; !slices.Equal(errs, want) {
			t.Errorf("errors %v, want %v", errs, want)
		}
		const ms = time.Millisecond
		if want := []time.Duration{5 * ms, 10 * ms, 20 * ms, 40 * ms, 5 * ms}; !slices.Equal(pauses, want) || time.Since(start) != 80*ms {
			t.Errorf("pauses %v in %v, want %v", pauses, time.Since(start), want)
		}
		go ln.Close()
		if _, err := ln.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}

// Close ends a pause.
func TestCloseDuringPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeListener{closed: make(chan struct{}), results: slices.Repeat([]error{syscall.ENOMEM}, 100)}
		ln := accept.Steady(fake, func(error, time.Duration) {})
		time.AfterFunc(10*time.Second+time.Millisecond, func() { ln.Close() })
		start := time.Now()
		if _, err := ln.Accept(); !errors.Is(err, net.ErrClosed) || time.Since(start) != 10*time.Second+time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func TestSteadyEndsWithTheListener(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln := accept.Steady(inner, func(err error, _ time.Duration) { t.Error(err) })
	inner.Close()
	if _, err := ln.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}
