package businessworker_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/businessworker"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

var ignore = businessworker.MessageFunc(func(context.Context, *businessworker.Event, []byte) error { return nil })

func TestOptionsThatCannotBeUsed(t *testing.T) {
	for want, opts := range map[string]businessworker.Options{
		`businessworker: option ID: -1: negative; use 0 for a random number, or a positive one`:                                 {ID: -1},
		`businessworker: option Name: "\xff": not UTF-8; the worker key is sent as JSON`:                                        {Name: "\xff"},
		`businessworker: option SecretKey: not UTF-8; it is sent as JSON`:                                                       {SecretKey: "\xff"},
		`businessworker: option RegisterAddresses: "localhost": not host:port; an address looks like 127.0.0.1:1236`:            {RegisterAddresses: []string{"127.0.0.1:1", "localhost"}},
		`businessworker: option Concurrency: -1: negative; use 0 for the default of 256, or a positive number`:                  {Concurrency: -1},
		`businessworker: option QueueSize: -1: negative; use 0 for the default of 16384, or a positive number`:                  {QueueSize: -1},
		`businessworker: option QueueBytes: -1: negative; use 0 for the default of 67108864, or a positive number`:              {QueueBytes: -1},
		`businessworker: option SendToGatewayBufferSize: -1: negative; use 0 for the default of 10240000, or a positive number`: {SendToGatewayBufferSize: -1},
		`businessworker: option SendTimeout: -1s: negative; use 0 for the default of 5s, or a positive duration`:                {SendTimeout: -time.Second},
		`businessworker: option ConnectTimeout: -1s: negative; use 0 for the default of 3s, or a positive duration`:             {ConnectTimeout: -time.Second},
		`businessworker: option QueryTimeout: -1s: negative; use 0 for the default of 5s, or a positive duration`:               {QueryTimeout: -time.Second},
		`businessworker: option ShutdownTimeout: -1s: negative; use 0 for the default of 8s, or a positive duration`:            {ShutdownTimeout: -time.Second},
	} {
		_, err := businessworker.New(ignore, opts)
		var option *businessworker.OptionError
		if !errors.As(err, &option) || err.Error() != want {
			t.Errorf("error %v\nwant  %s", err, want)
		}
	}
}

func TestNameAndID(t *testing.T) {
	w := must(businessworker.New(ignore, businessworker.Options{Name: "n", ID: 7}))(t)
	if w.Name() != "n" || w.ID() != 7 {
		t.Errorf("%s:%d, want n:7", w.Name(), w.ID())
	}
	a, b := must(businessworker.New(ignore, businessworker.Options{}))(t), must(businessworker.New(ignore, businessworker.Options{}))(t)
	if a.Name() != businessworker.DefaultName || a.ID() <= 0 || a.ID() == b.ID() {
		t.Errorf("two workers without a name and an id are %s:%d and %s:%d", a.Name(), a.ID(), b.Name(), b.ID())
	}
	for _, w := range []*businessworker.Worker{w, a, b} {
		w.Close()
	}
}

// A lockedBuffer is a log.
type lockedBuffer struct {
	mu chan struct{}
	b  bytes.Buffer
}

func newLockedBuffer() *lockedBuffer { return &lockedBuffer{mu: make(chan struct{}, 1)} }

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu <- struct{}{}
	defer func() { <-l.mu }()
	return l.b.Write(p)
}

func (l *lockedBuffer) count(text string) int {
	l.mu <- struct{}{}
	defer func() { <-l.mu }()
	return strings.Count(l.b.String(), text)
}

func (l *lockedBuffer) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// TestWorkersWithOneKey: the log of workers that a gateway takes for one names
// the reason; without an ID there is none.
func TestWorkersWithOneKey(t *testing.T) {
	clustertest.Each(t, clustertest.Options{}, func(t *testing.T, c *clustertest.Cluster) {
		log := newLockedBuffer()
		for range 2 {
			start(t, c, ignore, businessworker.Options{Name: "twin", ID: 1, Slog: log.logger()})
		}
		testwait.Until(t, "the reason is logged", func() bool { return log.count(`has the worker key \"twin:1\"`) > 0 })

		log = newLockedBuffer()
		one, two := start(t, c, ignore, businessworker.Options{Slog: log.logger()}), start(t, c, ignore, businessworker.Options{Slog: log.logger()})
		one.stop(t)
		two.stop(t)
		if n := log.count("closed by the gateway"); n > 0 {
			t.Errorf("connections of workers without an ID were closed %d times", n)
		}
	})
}

// TestGatewayThatClosesAtOnce: the log says what may be wrong, and not each time.
func TestGatewayThatClosesAtOnce(t *testing.T) {
	log := newLockedBuffer()
	s := script(t, ignore, businessworker.Options{Slog: log.logger()})
	s.conn.Close()
	const text = "Options.SecretKey is not the cluster's"
	next := must(s.accept())(t) // comes when all about the one before has been logged
	for range 30 {              // some may have been slow
		if log.count(text) > 0 {
			break
		}
		next.Close()
		next = must(s.accept())(t)
	}
	for range 2 {
		next.Close()
		next = must(s.accept())(t)
	}
	defer next.Close()
	if n := log.count(text); n < 1 || n > 2 {
		t.Errorf("the log names the secret key %d times, want once, or twice if the gateway was slow", n)
	}
}
