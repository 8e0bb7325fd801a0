package admin

import (
	"net/http"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gateway"
)

// overview is the answer of /api/overview: counters, and names that operators
// have chosen. It names no client.
type overview struct {
	Time          time.Time         `json:"time"`
	Version       string            `json:"version"`
	Host          string            `json:"host"`
	PID           int               `json:"pid"`
	Uptime        float64           `json:"uptime_seconds"`
	Memory        uint64            `json:"memory_bytes"`
	Goroutines    int               `json:"goroutines"`
	TokenRequired bool              `json:"token_required"` // and there is one
	Every         float64           `json:"sample_seconds"`
	Gateways      []gatewayOverview `json:"gateways"`
	Register      *registerOverview `json:"register,omitempty"`
	Drain         *DrainState       `json:"drain,omitempty"`
	// What the page may offer to whom has the token.
	CanDrain  bool `json:"can_drain"`
	CanReload bool `json:"can_reload"`
}

type gatewayOverview struct {
	Name      string     `json:"name"`
	Listeners []Listener `json:"listeners"`
	Inner     string     `json:"inner"`
	Ready     bool       `json:"ready"`
	Missing   string     `json:"missing,omitempty"` // why it is not ready

	Clients   int               `json:"clients"`
	UIDs      int               `json:"uids"`
	Groups    int               `json:"groups"`
	Connects  uint64            `json:"connects"`
	Closes    map[string]uint64 `json:"closes"`
	Dropped   map[string]uint64 `json:"dropped"`
	Commands  map[string]uint64 `json:"commands"`
	Refused   uint64            `json:"commands_refused"`
	Messages  inOut             `json:"messages"`
	Bytes     inOut             `json:"bytes"`
	Workers   []workerOverview  `json:"workers"`
	Registers []registerState   `json:"registers"`

	Samples []point `json:"samples"` // the oldest first
}

type inOut struct {
	In  uint64 `json:"in"`
	Out uint64 `json:"out"`
}

type workerOverview struct {
	Key     string    `json:"key"`
	Remote  string    `json:"remote"`
	Since   time.Time `json:"since"`
	Clients int       `json:"clients"`
	Waiting int       `json:"waiting_bytes"`
	Dropped uint64    `json:"dropped"`
}

type registerState struct {
	Address   string `json:"address"`
	Connected bool   `json:"connected"`
	Error     string `json:"error,omitempty"`
}

type registerOverview struct {
	Listen   string   `json:"listen"`
	Gateways []string `json:"gateways"`
	Workers  int      `json:"workers"`
}

var processStarted = time.Now()

// serveOverview answers with everything now, and with samples that are newer than
// the parameter since, a time in milliseconds.
func serveOverview(w http.ResponseWriter, r *http.Request, opts *Options, samples *sampler) {
	since, _ := strconv.ParseInt(r.FormValue("since"), 10, 64)
	host, _ := os.Hostname()
	o := overview{
		Time: time.Now(), Version: opts.Version, Host: host, PID: os.Getpid(),
		Uptime: time.Since(processStarted).Seconds(), Memory: ResidentMemory(os.Getpid()), Goroutines: runtime.NumGoroutine(),
		TokenRequired: opts.Token != "", Every: sampleEvery.Seconds(),
		Gateways: make([]gatewayOverview, 0, len(opts.Observed.Gateways)),
	}
	for i := range opts.Observed.Gateways {
		g := overviewOf(&opts.Observed.Gateways[i])
		g.Samples = samples.points(i, since)
		o.Gateways = append(o.Gateways, g)
	}
	if o.CanDrain, o.CanReload = opts.Drain != nil, opts.Reload != nil; o.CanDrain {
		if state, ever := opts.Drained(); ever {
			o.Drain = &state
		}
	}
	if reg := opts.Observed.Register; reg != nil {
		o.Register = &registerOverview{Listen: reg.Listen, Gateways: reg.Addresses(), Workers: reg.Stats().Workers}
	}
	answer(w, o)
}

func overviewOf(g *Gateway) gatewayOverview {
	s := g.Stats()
	o := gatewayOverview{
		Name: g.name(), Listeners: g.Listeners, Inner: g.Address().String(), Ready: true,
		Clients: s.Clients, UIDs: s.UIDs, Groups: s.Groups,
		Connects: s.ClientConnects, Closes: make(map[string]uint64),
		Dropped:  map[string]uint64{"client": s.DroppedToClients, "worker": s.DroppedToWorkers},
		Commands: commandsByName(s), Refused: s.CommandsRefused,
		Messages: inOut{s.MessagesFromClients, s.MessagesToClients},
		Bytes:    inOut{s.BytesFromClients, s.BytesToClients},
		Workers:  workersOf(g), Registers: []registerState{},
	}
	if err := g.Ready(); err != nil {
		o.Ready, o.Missing = false, err.Error()
	}
	for reason, n := range s.ClientCloses {
		o.Closes[reason.String()] = n
	}
	for _, reg := range g.Registers() {
		state := registerState{Address: reg.Address, Connected: reg.Connected}
		if reg.Err != nil {
			state.Error = reg.Err.Error()
		}
		o.Registers = append(o.Registers, state)
	}
	return o
}

func workersOf(g *Gateway) []workerOverview {
	workers := []workerOverview{}
	for _, w := range g.BusinessWorkers() {
		if len(workers) == maxWorkers {
			break
		}
		workers = append(workers, workerOverview{
			Key: clip(w.Key), Remote: w.Remote.String(), Since: w.Since,
			Clients: w.Clients, Waiting: w.Waiting, Dropped: w.Dropped,
		})
	}
	return workers
}

// point is what the page's curves show of a sample: numbers at a time, and what
// was done since the sample before, for each second.
type point struct {
	Time       int64   `json:"t"` // milliseconds
	Clients    int     `json:"clients"`
	MessagesIn float64 `json:"in"`
	Messages   float64 `json:"out"`
	BytesIn    float64 `json:"bytes_in"`
	Bytes      float64 `json:"bytes_out"`
	Dropped    float64 `json:"dropped"`
	Connects   float64 `json:"connects"`
	Commands   float64 `json:"commands"`
	Backlog    int     `json:"backlog"` // of all workers, in bytes
	// Turns of the inner loop: how long they took at most, of half of them and of
	// 99 of a hundred, in seconds.
	TurnP50 float64 `json:"turn_p50"`
	TurnP99 float64 `json:"turn_p99"`
}

// pointBetween returns what happened from a to b.
func pointBetween(a, b *sample) point {
	seconds := b.at.Sub(a.at).Seconds()
	rate := func(from, to uint64) float64 {
		if seconds <= 0 {
			return 0
		}
		return float64(to-from) / seconds
	}
	dropped := func(s *gateway.Stats) uint64 { return s.DroppedToClients + s.DroppedToWorkers }
	return point{
		Time:       b.at.UnixMilli(),
		Clients:    b.stats.Clients,
		MessagesIn: rate(a.stats.MessagesFromClients, b.stats.MessagesFromClients),
		Messages:   rate(a.stats.MessagesToClients, b.stats.MessagesToClients),
		BytesIn:    rate(a.stats.BytesFromClients, b.stats.BytesFromClients),
		Bytes:      rate(a.stats.BytesToClients, b.stats.BytesToClients),
		Dropped:    rate(dropped(&a.stats), dropped(&b.stats)),
		Connects:   rate(a.stats.ClientConnects, b.stats.ClientConnects),
		Commands:   rate(allCommands(&a.stats), allCommands(&b.stats)),
		Backlog:    b.backlog,
		TurnP50:    quantile(&a.stats.InnerTurns, &b.stats.InnerTurns, 0.5),
		TurnP99:    quantile(&a.stats.InnerTurns, &b.stats.InnerTurns, 0.99),
	}
}

func allCommands(s *gateway.Stats) uint64 {
	var all uint64
	for _, n := range s.Commands {
		all += n
	}
	return all
}

// quantile returns the bound, in seconds, of the bucket in which the quantile q of
// what came to a histogram between a and b is; 0 if nothing came.
func quantile(a, b *gateway.Turns, q float64) float64 {
	count := b.Count - a.Count
	if count == 0 || len(a.Counts) != len(b.Counts) {
		return 0
	}
	var upTo uint64
	for i := range b.Counts {
		upTo += b.Counts[i] - a.Counts[i]
		if float64(upTo) >= q*float64(count) {
			return b.UpTo[i].Seconds()
		}
	}
	return 2 * b.UpTo[len(b.UpTo)-1].Seconds() // longer than all bounds
}
