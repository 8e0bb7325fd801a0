package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/urfave/cli/v2"
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

// serve runs servers until SIGINT or SIGTERM, or until one of them fails.
// They are stopped in the order given.
func serve(c *cli.Context, log *logrus.Logger, servers ...server) error {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	return supervise(log, signals, secondsOf(c, "stop-timeout"), servers)
}

// supervise is serve with signals from anywhere. A second signal, or the end of
// timeout, closes what has not stopped by then.
func supervise(log *logrus.Logger, signals <-chan os.Signal, timeout time.Duration, servers []server) error {
	ended := make(chan error, len(servers))
	for _, s := range servers {
		go func() { ended <- s.Serve() }()
	}
	running := len(servers)
	var failure error
	select {
	case sig := <-signals:
		log.WithField("signal", sig.String()).Info("stopping; a second signal stops at once")
	case failure = <-ended:
		running--
	}

	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	stopped := make(chan struct{})
	go func() {
		select {
		case <-signals:
			cancel()
		case <-stopped:
		}
	}()
	var late error
	for _, s := range servers {
		if err := s.Shutdown(ctx); err != nil {
			late = err
			_ = s.Close()
		}
	}
	close(stopped)
	for ; running > 0; running-- {
		if err := <-ended; failure == nil {
			failure = err
		}
	}
	if late != nil {
		log.WithError(late).Warn("stopped before everything was sent")
	} else {
		log.Info("stopped")
	}
	return failure
}
