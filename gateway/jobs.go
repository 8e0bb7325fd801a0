package gateway

import (
	"context"
	"slices"

	"github.com/go-gatewayworker/gatewayworker/register"
)

// job is a goroutine of the gateway that lives by options: when one of them
// changes, the goroutine ends and another one starts.
type job struct {
	options []string // by which it lives
	run     func(context.Context)
}

// jobs are the jobs of a gateway that serves. Gateway.mu guards them.
type jobs struct {
	ctx     context.Context // parent of those that start later
	cancel  func()          // ends all; nil before Serve
	running []func()        // ends one, in the order of Gateway.allJobs

	announcements map[string]*announcement // by the Register's address
	taken         []*register.TakenLink    // to Registers, from another process
}

// allJobs are the jobs of a gateway, whether they have something to do or not.
func (g *Gateway) allJobs() []job {
	return []job{
		{[]string{"PingInterval", "PingNotResponseLimit", "PingData"}, g.heartbeat},
		{[]string{"HandshakeTimeout"}, g.endHandshakes},
		{[]string{"IdentifyTimeout"}, g.endAnonymous},
	}
}

// startJobsLocked starts all jobs, and what runs for as long as the gateway.
func (g *Gateway) startJobsLocked() {
	g.jobs.ctx, g.jobs.cancel = context.WithCancel(context.Background())
	ctx := g.jobs.ctx
	for _, j := range g.allJobs() {
		g.jobs.running = append(g.jobs.running, g.startJobLocked(j))
	}
	g.announceLocked()
	if g.opts.LanIP != DefaultLanIP {
		g.goRun(func() { g.pingWorkers(ctx) })
	}
	g.goRun(func() { g.trim(ctx) })
}

func (g *Gateway) startJobLocked(j job) (end func()) {
	ctx, cancel := context.WithCancel(g.jobs.ctx)
	g.goRun(func() { j.run(ctx) })
	return cancel
}

// restartJobsLocked has the jobs that live by changed options start anew.
func (g *Gateway) restartJobsLocked(changed []string) {
	for i, j := range g.allJobs() {
		if slices.ContainsFunc(j.options, func(o string) bool { return slices.Contains(changed, o) }) {
			g.jobs.running[i]()
			g.jobs.running[i] = g.startJobLocked(j)
		}
	}
	if slices.Contains(changed, "RegisterAddresses") {
		g.announceLocked()
	}
}
