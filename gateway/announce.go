package gateway

import (
	"context"
	"slices"

	"github.com/go-gatewayworker/gatewayworker/register"
)

// announcement keeps the gateway's address in one Register.
type announcement struct {
	*register.Announcer
	end func()
}

// announceLocked has the gateway's address kept in every Register that the options
// name now, and in no other one. The connections to Registers that stay are left
// alone.
func (g *Gateway) announceLocked() {
	opts := g.options()
	if opts.NoRegister {
		return
	}
	if g.jobs.announcements == nil {
		g.jobs.announcements = map[string]*announcement{}
	}
	for _, address := range opts.RegisterAddresses {
		if g.jobs.announcements[address] != nil {
			continue
		}
		a, err := register.NewAnnouncer(g.addressLocked().String(), register.ClientOptions{
			RegisterAddresses: []string{address},
			SecretKey:         g.opts.SecretKey,
			Dial:              g.opts.Dial,
			Logger:            g.log,
		})
		if err != nil { // the addresses and the key were checked before
			g.log.WithError(err).Error("the gateway is not announced")
			continue
		}
		g.jobs.taken = slices.DeleteFunc(g.jobs.taken, a.Adopt)
		end := g.startJobLocked(job{run: func(ctx context.Context) { _ = a.Run(ctx) }}) // ends with ctx only
		g.jobs.announcements[address] = &announcement{a, end}
	}
	for address, a := range g.jobs.announcements {
		if !slices.Contains(opts.RegisterAddresses, address) {
			a.end()
			delete(g.jobs.announcements, address)
		}
	}
}

// dropTakenLinksLocked closes the connections of another process to Registers that
// the options do not name.
func (g *Gateway) dropTakenLinksLocked() {
	for _, l := range g.jobs.taken {
		l.Close()
	}
	g.jobs.taken = nil
}

// Registers returns what is known of the Registers that the gateway announces
// itself at: nothing before Serve and with NoRegister.
func (g *Gateway) Registers() []register.State {
	g.mu.Lock()
	defer g.mu.Unlock()
	var states []register.State
	for _, address := range g.options().RegisterAddresses {
		if a := g.jobs.announcements[address]; a != nil {
			states = append(states, a.States()...)
		}
	}
	return states
}
