package gateway

import (
	"reflect"
	"slices"
)

// Reloaded is what came of [Gateway.Reload]. Both are names of fields of Options,
// in their order; those of a listener are as in "Listeners[0].TLS".
type Reloaded struct {
	// Changed are the options that have another value from now on.
	Changed []string
	// NeedRestart are the options that were given another value, but keep theirs
	// until the program starts again.
	NeedRestart []string
}

// changeable are the options that Reload applies. Whoever reads one of them reads
// it from Gateway.options each time, or is restarted (see allJobs).
var changeable = []string{
	"RegisterAddresses",
	"PingInterval",
	"PingNotResponseLimit",
	"PingData",
	"Router",
	"SendToWorkerBufferSize",
	"SendToClientBufferSize",
	"HandshakeTimeout",
	"TrustedProxies",
	"ProxyHeader",
	"ProxyProtocol",
	"MaxClients",
	"MaxClientsPerAddress",
	"MaxConnectsPerSecond",
	"MaxConnectsPerSecondPerAddress",
	"MaxMessagesPerSecond",
	"MaxBytesPerSecond",
	"IdentifyTimeout",
	"Origins",
	"UserTimeout",
	"InnerAllow",
	"WebsocketProtocols",
	"ConnectHookTimeout",
	"ConnectHookInFlight",
	"ConnectHookQueue",
	"ConnectHookFailOpen",
	"Compression",
	"CompressionLevel",
	"CompressionMinSize",
	"CompressionMaxSize",
	"KeepMemory",
}

// functions are the options that are functions. Reload applies them, but cannot
// tell whether they have changed.
var functions = []string{"OnHandshake", "ConnectHook", "OnBusinessWorkerConnected", "OnBusinessWorkerClose"}

// incomparable are the options that Reload does not look at: what they are cannot be
// compared. TLS and Listeners have rules of their own.
var incomparable = []string{"Protocol", "Dial", "Logger", "Slog", "TLS", "Listeners", "ConnectionIDStart", "portable", "authTimeout", "trimInterval", "lingerPortable"}

// Changeable reports whether [Gateway.Reload] applies an option, by its name in
// [Options]: "PingInterval". TLS is applied where it stays on.
func Changeable(option string) bool {
	return option == "TLS" || slices.Contains(changeable, option) || slices.Contains(functions, option)
}

// Reload puts opts in the place of the gateway's options while it serves. It
// checks them as New does; where New would fail, so does Reload, and nothing
// changes.
//
// What can change while a gateway serves (see [Changeable]) is applied at once:
// limits to the next message, TLS to the next connection, pings from the next
// interval, Registers by connecting to new ones and leaving those that are not
// named any more. Whatever else differs from the present options is reported and
// keeps its value. Protocol, Dial, Logger and Slog are not looked at.
//
// Reload may be called at any time and from any goroutine, except from callbacks
// of Options.
func (g *Gateway) Reload(opts Options) (Reloaded, error) {
	opts, _, err := opts.withDefaults()
	if err != nil {
		return Reloaded{}, err
	}
	// Made and thrown away: it is what finds bad listen addresses.
	listeners, err := g.newListeners(&opts)
	if err != nil {
		return Reloaded{}, err
	}
	if err := checkHandshakeHooks(&opts, listeners); err != nil {
		return Reloaded{}, err
	}
	g.standstill.RLock()
	defer g.standstill.RUnlock()
	g.reloading.Lock()
	defer g.reloading.Unlock()
	next := *g.options()
	outcome := merge(&next, &opts)
	g.reloadListeners(&next, &opts, &outcome)
	g.apply(&next, outcome.Changed)
	return outcome, nil
}

// merge puts what can change of from into to.
func merge(to, from *Options) (outcome Reloaded) {
	was, is := reflect.ValueOf(to).Elem(), reflect.ValueOf(from).Elem()
	for i := range was.NumField() {
		name := was.Type().Field(i).Name
		switch {
		case slices.Contains(incomparable, name):
		case slices.Contains(functions, name):
			was.Field(i).Set(is.Field(i))
		case reflect.DeepEqual(was.Field(i).Interface(), is.Field(i).Interface()):
		case slices.Contains(changeable, name):
			was.Field(i).Set(is.Field(i))
			outcome.Changed = append(outcome.Changed, name)
		default:
			outcome.NeedRestart = append(outcome.NeedRestart, name)
		}
	}
	return outcome
}

// reloadListeners is merge for what listeners have of their own.
func (g *Gateway) reloadListeners(to, from *Options, outcome *Reloaded) {
	was, is := to.all(), from.all()
	if len(was) != len(is) {
		outcome.NeedRestart = append(outcome.NeedRestart, "Listeners")
		return
	}
	to.Listeners = slices.Clone(to.Listeners)
	for i := range was {
		if i > 0 && (was[i].Listen != is[i].Listen || was[i].BinaryFrames != is[i].BinaryFrames) {
			outcome.NeedRestart = append(outcome.NeedRestart, listenerOption(i, "Listen"))
			continue
		}
		switch name := listenerOption(i, "TLS"); {
		case was[i].TLS == is[i].TLS:
		case was[i].TLS == nil, is[i].TLS == nil:
			outcome.NeedRestart = append(outcome.NeedRestart, name)
		case i == 0:
			to.TLS = is[i].TLS
			outcome.Changed = append(outcome.Changed, name)
		default:
			to.Listeners[i-1].TLS = is[i].TLS
			outcome.Changed = append(outcome.Changed, name)
		}
	}
}

// apply makes next the options of the gateway.
func (g *Gateway) apply(next *Options, changed []string) {
	g.current.Store(next)
	if next.meters() {
		g.metered.Store(true)
	}
	for i, o := range next.all() {
		g.listeners[i].setTLS(o.TLS)
	}
	if slices.Contains(changed, "Router") {
		g.hub.Mu.Lock()
		g.workers.random = next.Router == RouterRandom
		g.hub.Mu.Unlock()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state == serverServing {
		g.restartJobsLocked(changed)
	}
}
