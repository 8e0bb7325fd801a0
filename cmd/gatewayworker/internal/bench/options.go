package bench

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// MaxClients bounds the connections of one run: a process may often open no
// more than 20,000 files.
const MaxClients = 18000

// minSize is what the head of a message takes, see payload.go.
const minSize = payloadHeadLen

// WorkerMode says who is the worker behind the gateway.
type WorkerMode string

const (
	// WorkerSelf makes the generator the worker: it registers on the inner
	// port, echoes, counts, and learns the connection ids from the events.
	WorkerSelf WorkerMode = "self"
	// WorkerNone leaves that to a worker that runs already. For "echo" and
	// "mixed" it must answer every message to its sender.
	WorkerNone WorkerMode = "none"
)

// Options say what to run against what. Only Scenario and, except for "floor",
// Addresses and InnerAddresses are required.
type Options struct {
	// Scenario is one of [Scenarios].
	Scenario string
	// Addresses are the client ports in PHP's spelling: websocket:// (or
	// ws://), text://, frame:// or tcp://, or wss:// for TLS with whatever
	// certificate, then IPv4 address and port. Clients are spread over them.
	// TLS handshakes are done one after another.
	Addresses []string
	// InnerAddresses are the lanIp:lanPort of all gateway processes behind
	// those client ports.
	InnerAddresses []string
	SecretKey      string
	// Worker is [WorkerSelf] when empty.
	Worker WorkerMode

	// Clients, Messages and Size (bytes of a message) have a default for each
	// scenario when 0.
	Clients, Messages, Size int
	// Duration of phases that run for a time; 3 s when 0.
	Duration time.Duration
	// Rate of open-loop phases in messages per second. 0 takes half of what
	// the closed loop before it reached.
	Rate float64
	// Interval between paced broadcasts; 200 ms when 0.
	Interval time.Duration
	// GroupSize of the many groups of "group"; 50 when 0. Groups is how many;
	// 1,000 when 0.
	GroupSize, Groups int
	// Window is how many handshakes may be under way at once; 100 when 0.
	Window int
	// Settle is the wait before memory is read; 10 s when 0. Between phases it
	// is cut to 300 ms.
	Settle time.Duration
	// Stall is how long nothing may arrive before a phase gives up on what is
	// missing; 5 s when 0.
	Stall time.Duration

	// Greeted says that the existing worker sends every client a message when
	// it connects: "storm" with [WorkerNone] then counts and times those.
	Greeted bool

	// GatewayPIDs and WorkerPIDs name the server's processes; their
	// descendants are measured with them.
	GatewayPIDs, WorkerPIDs []int
	// Compress has websocket clients negotiate compression, and messages be JSON.
	Compress bool
	// AllowRemote permits targets outside 127.0.0.0/8.
	AllowRemote bool
	// Progress is called several times a second; nil is silent.
	Progress func(Progress)
}

// Progress is a glimpse at a running phase.
type Progress struct {
	Phase    string
	Done     int64
	Expected int64 // 0 when the phase ends by time
	Elapsed  time.Duration
}

// scenarioDefaults: clients, messages, size.
var scenarioDefaults = map[string][3]int{
	"idle":      {10000, 1, 64},
	"storm":     {5000, 1, 64},
	"echo":      {100, 0, 64},
	"broadcast": {5000, 100, 128},
	"group":     {5000, 100, 128},
	"one":       {1000, 200000, 128},
	"uplink":    {1000, 0, 64},
	"query":     {10000, 0, 64},
	"mixed":     {1000, 0, 128},
	"churn":     {10000, 10, 64},
	"floor":     {5000, 50, 130},
}

// Scenarios lists the names for [Options].Scenario.
func Scenarios() []string {
	return []string{"idle", "storm", "echo", "broadcast", "group", "one", "uplink", "query", "mixed", "churn", "floor"}
}

// OptionsError says which option is wrong and why.
type OptionsError struct{ Option, Reason string }

func (e *OptionsError) Error() string { return "bench: " + e.Option + ": " + e.Reason }

type target struct {
	protocol string // websocket, text, frame, tcp
	tls      bool
	addr     netip.AddrPort
}

// plan is Options checked, parsed and with the defaults filled in.
type plan struct {
	Options
	targets []target
	inner   []netip.AddrPort
}

func (o Options) plan() (*plan, error) {
	p := &plan{Options: o}
	d, ok := scenarioDefaults[o.Scenario]
	if !ok {
		return nil, &OptionsError{"scenario", fmt.Sprintf("%q is unknown, there are %s", o.Scenario, strings.Join(Scenarios(), ", "))}
	}
	setDefault(&p.Clients, d[0])
	setDefault(&p.Messages, d[1])
	setDefault(&p.Size, d[2])
	setDefault(&p.Duration, 3*time.Second)
	setDefault(&p.Interval, 200*time.Millisecond)
	setDefault(&p.GroupSize, 50)
	setDefault(&p.Groups, 1000)
	setDefault(&p.Window, 100)
	setDefault(&p.Settle, 10*time.Second)
	setDefault(&p.Stall, 5*time.Second)
	setDefault(&p.Worker, WorkerSelf)
	most := MaxClients
	if o.Scenario == "floor" {
		most /= 2 // both ends of each connection are here
	}
	switch {
	case p.Clients < 1 || p.Clients > most:
		return nil, &OptionsError{"clients", fmt.Sprintf("%d is not within 1 and %d", p.Clients, most)}
	case p.Size < minSize || p.Size > 1<<20:
		return nil, &OptionsError{"size", fmt.Sprintf("%d is not within %d and %d", p.Size, minSize, 1<<20)}
	case p.Messages < 0 || p.Groups < 0 || p.GroupSize < 0 || p.Window < 0:
		return nil, &OptionsError{"messages, groups, group size, window", "must not be negative"}
	case p.Duration < 0 || p.Interval < 0 || p.Settle < 0 || p.Stall < 0 || p.Rate < 0:
		return nil, &OptionsError{"duration, interval, settle, stall, rate", "must not be negative"}
	case p.Worker != WorkerSelf && p.Worker != WorkerNone:
		return nil, &OptionsError{"worker", fmt.Sprintf("%q is neither %q nor %q", p.Worker, WorkerSelf, WorkerNone)}
	}
	if o.Scenario == "floor" {
		return p, nil
	}
	if len(o.Addresses) == 0 {
		return nil, &OptionsError{"address", "no client address given"}
	}
	if len(o.InnerAddresses) == 0 {
		return nil, &OptionsError{"inner", "no inner address given"}
	}
	for _, s := range o.Addresses {
		t, err := parseTarget(s)
		if err != nil {
			return nil, err
		}
		if err := p.allowed("address", t.addr); err != nil {
			return nil, err
		}
		p.targets = append(p.targets, t)
	}
	for _, s := range o.InnerAddresses {
		a, err := netip.ParseAddrPort(s)
		if err != nil || !a.Addr().Is4() {
			return nil, &OptionsError{"inner", fmt.Sprintf("%q is not ipv4:port", s)}
		}
		if err := p.allowed("inner", a); err != nil {
			return nil, err
		}
		p.inner = append(p.inner, a)
	}
	if p.Scenario == "uplink" && p.Worker != WorkerSelf {
		return nil, &OptionsError{"worker", "uplink counts at the worker, so it must be the worker itself"}
	}
	return p, nil
}

func (p *plan) allowed(option string, a netip.AddrPort) error {
	if p.AllowRemote || a.Addr().IsLoopback() {
		return nil
	}
	return &OptionsError{option, fmt.Sprintf("%s is outside 127.0.0.0/8; a load test of another machine must be allowed explicitly", a)}
}

func parseTarget(s string) (target, error) {
	protocol, rest, ok := strings.Cut(s, "://")
	if !ok {
		protocol, rest = "websocket", s
	}
	protocol = strings.ToLower(protocol)
	secure := protocol == "wss"
	if secure || protocol == "ws" {
		protocol = "websocket"
	}
	if !slices.Contains([]string{"websocket", "text", "frame", "tcp"}, protocol) {
		return target{}, &OptionsError{"address", fmt.Sprintf("%q: the scheme is none of websocket, wss, text, frame, tcp", s)}
	}
	a, err := netip.ParseAddrPort(strings.TrimSuffix(rest, "/"))
	if err != nil || !a.Addr().Is4() || a.Port() == 0 {
		return target{}, &OptionsError{"address", fmt.Sprintf("%q is not scheme://ipv4:port", s)}
	}
	return target{protocol, secure, a}, nil
}

func setDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}
