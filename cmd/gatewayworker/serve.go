package main

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/sdnotify"
)

// server is a part of the process that serves its own ports.
type server interface {
	// Serve returns nil after Shutdown or Close.
	Serve() error
	// Shutdown ends in good order, unless ctx ends before.
	Shutdown(ctx context.Context) error
	// Close ends at once, also after Shutdown.
	Close() error
}

// Why a stop was cut short.
var (
	errSecondSignal = errors.New("a second signal")
	errStopTimeout  = errors.New("--stop-timeout ran out")
)

// supervise runs servers until a signal comes or one of them fails, and then
// stops them in the order given. A second signal, or the end of timeout, closes
// what has not stopped by then; the error has the exit code exitUnfinished then.
//
// It runs moves as they come. After one that succeeds another process serves, and
// supervise returns errMoved when the servers of this one have ended.
func supervise(log *logrus.Logger, signals <-chan os.Signal, timeout time.Duration, servers []server, u *upgrading) error {
	ended := make(chan error, len(servers))
	for _, s := range servers {
		go func() { ended <- s.Serve() }()
	}
	running := len(servers)
	var failure error
	for serving := true; serving; {
		select {
		case sig := <-signals:
			log.WithField("signal", sig.String()).Info("stopping; a second signal stops at once")
			serving = false
		case failure = <-ended:
			running--
			serving = false
		case m := <-u.moves:
			if m.do(servers) {
				for ; running > 0; running-- {
					if err := <-ended; err != nil {
						log.Debug(err) // that it has left
					}
				}
				return errMoved
			}
		}
	}
	close(u.stopping)
	sdnotify.Send(sdnotify.Stopping)
	if failure == nil {
		signals = drain(log, signals, servers)
	}
	unfinished := stop(signals, timeout, servers)
	for ; running > 0; running-- {
		if err := <-ended; failure == nil {
			failure = err
		}
	}
	switch {
	case failure != nil:
		return failure
	case unfinished != nil:
		return &codedError{exitUnfinished, unfinished}
	}
	log.Info("stopped")
	return nil
}

// drainer is a server that can send its clients away before it stops.
type drainer interface {
	drains() bool
	drain(context.Context)
}

// drain has servers send their clients away. A signal meanwhile ends that, and is
// the second one for what follows.
func drain(log *logrus.Logger, signals <-chan os.Signal, servers []server) <-chan os.Signal {
	var some []drainer
	for _, s := range servers {
		if d, ok := s.(drainer); ok && d.drains() {
			some = append(some, d)
		}
	}
	if len(some) == 0 {
		return signals
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var all sync.WaitGroup
	for _, d := range some {
		all.Go(func() { d.drain(ctx) })
	}
	drained := make(chan struct{})
	go func() {
		all.Wait()
		close(drained)
	}()
	select {
	case <-drained:
		return signals
	case sig := <-signals:
		log.WithField("signal", sig.String()).Info("a second signal: stopping at once")
		cancel()
		<-drained
		again := make(chan os.Signal, 1)
		again <- sig
		return again
	}
}

// stop stops servers one after the other. Its error says why the stop was cut
// short.
func stop(signals <-chan os.Signal, timeout time.Duration, servers []server) error {
	ctx, cancel := context.WithTimeoutCause(context.Background(), timeout, errStopTimeout)
	defer cancel()
	ctx, cut := context.WithCancelCause(ctx)
	defer cut(nil)
	stopped := make(chan struct{})
	defer close(stopped)
	go func() {
		select {
		case <-signals:
			cut(errSecondSignal)
		case <-stopped:
		}
	}()
	var unfinished error
	for _, s := range servers {
		if err := s.Shutdown(ctx); err != nil {
			unfinished = err
			if ctx.Err() != nil {
				unfinished = context.Cause(ctx)
			}
			_ = s.Close()
		}
	}
	if unfinished != nil {
		return &unfinishedError{unfinished}
	}
	return nil
}

// unfinishedError is a stop that was cut short.
type unfinishedError struct{ cause error }

func (e *unfinishedError) Error() string {
	return "stopped before everything was sent: " + e.cause.Error()
}
func (e *unfinishedError) Unwrap() error { return e.cause }
