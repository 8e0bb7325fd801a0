package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/holder"
)

// What a process does that takes, or gives up, the place of another one, besides
// handing over: which signals reach it, and by which way.

// catchStops has SIGINT and SIGTERM come by p.stops, and SIGUSR2 by p.upgrades.
func (p *process) catchStops() {
	signal.Notify(p.upgrades, syscall.SIGUSR2)
	if p.successor == nil {
		signal.Notify(p.stops, os.Interrupt, syscall.SIGTERM)
		return
	}
	direct := make(chan os.Signal, 2)
	signal.Notify(direct, os.Interrupt, syscall.SIGTERM)
	p.passed = &stopSignals{to: p.stops}
	go func() {
		for s := range direct {
			p.passed.hear(stopDirect, s)
		}
	}()
}

// link is the way to the process that holds the pid, nil where that is this one.
func (p *process) link() *holder.Link {
	if p.successor == nil {
		return nil
	}
	return p.successor.link
}

// succeed has the process serve what it has taken over from the one before.
func (p *process) succeed() error {
	s := p.successor
	if s == nil {
		return nil
	}
	if p.master != nil {
		p.master.PID = s.link.Holder()
	}
	if err := s.serve(); err != nil {
		return err
	}
	p.log.WithField("pid", s.link.Holder()).Infof("this process, %d, serves in the place of the one before: version %s, before %s", os.Getpid(), version(), s.before)
	go s.link.Watch(p.passedOn, p.orphaned)
	return nil
}

// passedOn gets a signal that was sent to the process that holds the pid.
func (p *process) passedOn(s os.Signal) {
	switch {
	case p.master != nil:
		p.master.signals <- s
	case s == os.Interrupt || s == syscall.SIGTERM:
		p.passed.hear(stopByHolder, s)
	case s == syscall.SIGHUP:
		select {
		case p.hangups <- s:
		default: // it reads everything again anyway
		}
	case s == syscall.SIGUSR2:
		select {
		case p.upgrades <- s:
		default:
		}
	default:
		if number, ok := s.(syscall.Signal); ok {
			_ = syscall.Kill(os.Getpid(), number)
		}
	}
}

// orphaned ends the process at once, as nothing stands for it any more: the process
// that holds the pid was killed, and whoever killed it means this one.
func (p *process) orphaned() {
	p.log.Error("the process that holds the pid has ended: ending")
	if c, ok := p.app.ErrWriter.(interface{ Close(time.Duration) bool }); ok {
		c.Close(logPatience)
	}
	os.Exit(exitFailure)
}

// watchUpgrades upgrades at SIGUSR2, until ctx ends. Under Workerman that signal
// means something else.
func (p *process) watchUpgrades(ctx context.Context) {
	if p.master != nil {
		return
	}
	var all sync.WaitGroup
	defer all.Wait()
	for {
		select {
		case s := <-p.upgrades:
			if p.upgrading.moved.Load() {
				p.upgrades <- s // for the process that serves now
				return
			}
			all.Go(func() {
				_, _ = p.upgradeFor("SIGUSR2", upgradeOptions{timeout: defaultUpgradeTimeout, maxPause: defaultMaxPause})
			})
		case <-ctx.Done():
			return
		}
	}
}

// otherSignals are those that a process which holds the pid passes on, and that end
// or dump a process which serves.
func (p *process) otherSignals() <-chan os.Signal {
	c := make(chan os.Signal, 4)
	if p.master == nil {
		signal.Notify(c, unix.SIGQUIT, unix.SIGUSR1)
	}
	return c
}

// upgradeFor upgrades and tells the log why and what came of it.
func (p *process) upgradeFor(why string, opts upgradeOptions) (*upgradeReport, error) {
	report, err := p.upgrade(opts)
	switch {
	case errors.Is(err, errMoved):
	case err != nil:
		p.log.WithError(err).Errorf("%s: no upgrade; this process serves on", why)
	default:
		p.log.Infof("%s: %s", why, report)
	}
	return report, err
}
