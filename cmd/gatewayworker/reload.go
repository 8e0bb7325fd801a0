package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/sirupsen/logrus"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/certs"
	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/sdnotify"
	"github.com/go-gatewayworker/gatewayworker/gateway"
)

// reloadReport is what came of reading the configuration again. The names are
// those of flags; those of a gateway of the list have its name before them.
type reloadReport struct {
	Changed      []string `json:"changed"`
	NeedsRestart []string `json:"needs_restart"`
	Certificates []string `json:"certificates"` // files that were read again

	files []*certs.Server // behind Certificates
}

// changesRunning are the options, besides those of a gateway, that can change while
// the process runs.
var changesRunning = []string{"log-level", "ssl-cert", "ssl-key", "ssl-client-ca", "drain-time", "drain-refuse", "drain-code", "connect-hook-token-file", "connect-hook-header"}

// changesWhileRunning reports whether an option can change while the process runs.
func changesWhileRunning(flag string) bool {
	if slices.Contains(changesRunning, flag) {
		return true
	}
	for option, f := range optionFlags {
		if f == flag && gateway.Changeable(option) {
			return true
		}
	}
	return false
}

// reload reads the file, and the files that it names, again. What can change is
// applied; the report says what cannot. If anything is wrong nothing changes.
func (p *process) reload() (reloadReport, error) {
	p.reloading.Lock()
	defer p.reloading.Unlock()
	var report reloadReport
	if p.upgrading.moved.Load() {
		return report, errMoved
	}
	next, err := loadSettings(p.typed)
	if err != nil {
		return report, err
	}
	level, err := logrus.ParseLevel(next.process.String("log-level"))
	if err != nil {
		return report, next.process.blame(&flagError{"log-level", next.process.String("log-level"), "want error, warn, info or debug"})
	}
	sameGateways := slices.EqualFunc(p.settings.gateways, next.gateways, func(a, b *scope) bool {
		return a.name == b.name && len(a.listeners) == len(b.listeners)
	})
	var units []*unit
	if len(p.units) > 0 {
		if units, err = p.newUnits(next); err != nil {
			return report, err
		}
	}
	// From here on nothing can fail.
	p.log.SetLevel(level)
	report.add(p.started.process, p.settings.process, next.process)
	switch {
	case !sameGateways:
		report.NeedsRestart = append(report.NeedsRestart, "gateways")
	default:
		for i, sc := range next.gateways {
			if sc != next.process {
				report.addGateway(p.started.gateways[i], p.settings.gateways[i], sc)
			}
		}
		report.files = p.applyUnits(units)
		for _, s := range report.files {
			for _, c := range s.Certificates() {
				report.Certificates = append(report.Certificates, c.Name)
			}
		}
	}
	p.settings = next
	return report, nil
}

// applyUnits has the gateways serve by units, which are made of the same list as
// those that run. It returns which certificates are in use from now on.
func (p *process) applyUnits(units []*unit) (certificates []*certs.Server) {
	for i, u := range units {
		running := p.units[i]
		for j, s := range u.tls {
			if s == nil || running.tls[j] == nil || (s.ACME() == nil) != (running.tls[j].ACME() == nil) {
				continue // TLS, and ACME, go on or off with a restart
			}
			running.tls[j].Adopt(s.Loaded())
			if s.ACME() == nil {
				certificates = append(certificates, running.tls[j])
			}
			// The gateway keeps its configuration, which asks the files: clients
			// can resume sessions from before.
			if j == 0 {
				u.opts.TLS = running.opts.TLS
			} else {
				u.opts.Listeners[j-1].TLS = running.opts.Listeners[j-1].TLS
			}
		}
		// The hook that is in use asks as the settings now say.
		running.hook.Adopt(u.hook)
		u.useConnectHook(running.hook, &u.opts)
		if len(p.gateways) > i {
			if _, err := p.gateways[i].Reload(u.opts); err != nil {
				p.log.WithError(err).Error("the gateway keeps its options") // newUnit has checked them
			}
			p.gateways[i].draining.setOptions(drainOptions(u.scope.Context))
		}
	}
	return certificates
}

// addGateway is add for a gateway of the list and its listeners.
func (r *reloadReport) addGateway(started, was, is *scope) {
	r.add(started, was, is)
	for i, l := range is.listeners {
		r.add(started.listeners[i], was.listeners[i], l)
	}
}

// add compares the options of a scope with what they were at the start and with
// what they were last.
func (r *reloadReport) add(started, was, is *scope) {
	for _, name := range is.names() {
		full := name
		if is.name != "" {
			full = is.name + "." + name
		}
		switch now := is.text(name); {
		case name == "config":
		case changesWhileRunning(name):
			if was.text(name) != now {
				r.Changed = append(r.Changed, full)
			}
		case started.text(name) != now:
			r.NeedsRestart = append(r.NeedsRestart, full)
		}
	}
}

// names are the options of the scope, in the order of the flags.
func (s *scope) names() []string {
	var names []string
	ofGateways := fileSchema().Gateway
	for _, f := range freshFlags(s.Context) {
		n := f.Names()[0]
		if s.name != "" && !slices.Contains(ofGateways, keyOf(f)) {
			continue // the process's
		}
		if s.Generic(n) != nil {
			names = append(names, n)
		}
	}
	return names
}

// text is the value of an option, to be compared.
func (s *scope) text(name string) string { return strings.Join(textsOf(s.Context, name), "\x00") }

// log tells what came of a reload that why asked for.
func (r *reloadReport) log(log *logrus.Logger, why string) {
	for _, f := range r.files {
		for _, fields := range certificateFields(f) {
			log.WithFields(fields).Infof("%s: the certificate is read again, for connections from now on", why)
		}
	}
	if len(r.Changed) > 0 {
		log.Infof("%s: changed: %s", why, strings.Join(r.Changed, ", "))
	}
	if len(r.NeedsRestart) > 0 {
		log.Warnf("%s: %s cannot change while the process runs: needs a restart", why, strings.Join(r.NeedsRestart, ", "))
	}
	if len(r.Changed)+len(r.NeedsRestart)+len(r.Certificates) == 0 {
		log.Infof("%s: nothing has changed", why)
	}
}

// reloadFor reloads and tells the log why and what came of it.
func (p *process) reloadFor(why string) (reloadReport, error) {
	sdnotify.Send(sdnotify.Reloading)
	defer sdnotify.Send(sdnotify.Ready)
	report, err := p.reload()
	if errors.Is(err, errMoved) {
		return report, err
	}
	if err != nil {
		err = describe(err)
		p.log.WithError(err).Errorf("%s: nothing is changed", why)
		return report, err
	}
	report.log(p.log, why)
	return report, nil
}
