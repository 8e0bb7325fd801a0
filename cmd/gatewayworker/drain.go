package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/admin"
	"github.com/go-gatewayworker/gatewayworker/gateway"
)

// defaultDrainTime is for who asks for a drain where drain-time is not set: all at
// once is for who says so.
const defaultDrainTime = 30 * time.Second

// clientDrain is the sending away of a gateway's clients: one at a time, whoever
// asks for it.
type clientDrain struct {
	gateway *gateway.Gateway
	log     logrus.FieldLogger

	mu   sync.Mutex           // guards what follows
	opts gateway.DrainOptions // of the settings
	last *drainRun            // under way, or over; nil before the first
}

// drainRun is one sending away.
type drainRun struct {
	until   time.Time // it takes at most
	clients int       // when it began
	cut     context.CancelFunc
	ended   chan struct{}
}

func (r *drainRun) over() bool {
	select {
	case <-r.ended:
		return true
	default:
		return false
	}
}

// options are those of the settings as they were last read.
func (d *clientDrain) options() gateway.DrainOptions {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.opts
}

func (d *clientDrain) setOptions(opts gateway.DrainOptions) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.opts = opts
}

// run returns the last run, nil if there was none.
func (d *clientDrain) run() *drainRun {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.last
}

// begin returns the run that is under way; if there is none it begins one.
func (d *clientDrain) begin(opts gateway.DrainOptions) *drainRun {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.last != nil && !d.last.over() {
		return d.last
	}
	ctx, cut := context.WithCancel(context.Background())
	r := &drainRun{until: time.Now().Add(opts.Time), clients: d.gateway.Stats().Clients, cut: cut, ended: make(chan struct{})}
	d.last = r
	d.gateway.SetDraining() // who has asked finds it so
	d.log.WithFields(logrus.Fields{"clients": r.clients, "drain_time": opts.Time.String()}).Info("clients are sent away")
	go func() {
		defer cut()
		defer close(r.ended)
		_ = d.gateway.Drain(ctx, opts) // its error is that the run was cut short
		d.log.WithField("clients", d.gateway.Stats().Clients).Info("the clients are sent away")
	}()
	return r
}

// follow returns when the run is over. When ctx ends the run is cut short.
func (r *drainRun) follow(ctx context.Context) {
	select {
	case <-r.ended:
	case <-ctx.Done():
		r.cut()
		<-r.ended
	}
}

// drain has all gateways of the process send their clients away, and stops it then
// if that is wanted. It is not begun while another process takes over.
func (p *process) drain(ask admin.DrainRequest) error {
	if !p.upgrading.one.TryLock() {
		return errUpgrading
	}
	defer p.upgrading.one.Unlock()
	switch {
	case p.upgrading.moved.Load():
		return errMoved
	case len(p.gateways) == 0:
		return errors.New("the process has no gateway")
	}
	for _, g := range p.gateways {
		opts := g.draining.options()
		if opts.Time == 0 {
			opts.Time = defaultDrainTime
		}
		if ask.Seconds != nil {
			opts.Time = time.Duration(*ask.Seconds * float64(time.Second))
		}
		opts.Refuse = opts.Refuse || ask.Refuse
		g.draining.begin(opts)
	}
	if ask.Stop {
		p.stopAsSignalled()
	}
	return nil
}

// drained says how far the last drain is, and false before the first.
func (p *process) drained() (state admin.DrainState, ever bool) {
	state.Done = true
	for _, g := range p.gateways {
		r := g.draining.run()
		if r == nil {
			continue
		}
		ever = true
		state.From += r.clients
		state.Clients += g.Stats().Clients
		if !r.over() {
			state.Done = false
			state.SecondsLeft = max(state.SecondsLeft, time.Until(r.until).Seconds())
		}
	}
	return state, ever
}
