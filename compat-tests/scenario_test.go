package compattests

import (
	"cmp"
	"sort"
	"time"
)

// A scenario is one named conversation.
type scenario struct {
	name    string // group/what, also the transcript's file name
	run     func(s *stage)
	differs []string // ids of the deliberate differences that show in it
	actors  bool     // a PHP worker or a PHP library plays a part
	parity  bool     // PHP's library and gatewayclient play the same part
	ipv6    bool     // an IPv6 client plays a part
	needs   []string // what a live run needs beyond PHP
}

var scenarios = map[string]*scenario{}

// scene registers a scenario.
func scene(name string, run func(s *stage), options ...func(*scenario)) {
	if scenarios[name] != nil {
		panic("scenario " + name + " registered twice")
	}
	sc := &scenario{name: name, run: run}
	for _, option := range options {
		option(sc)
	}
	scenarios[name] = sc
}

// differs names a deliberate difference (differences.json) that the scenario shows.
func differs(id string) func(*scenario) {
	return func(sc *scenario) { sc.differs = append(sc.differs, id) }
}

// withActors says that a PHP worker or a PHP library plays a part.
func withActors(sc *scenario) { sc.actors = true }

// withIPv6 says that the machine must have IPv6.
func withIPv6(sc *scenario) { sc.ipv6 = true }

func sortedScenarios() []*scenario {
	list := make([]*scenario, 0, len(scenarios))
	for _, sc := range scenarios {
		list = append(list, sc)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].name < list[j].name })
	return list
}

// gatewayConfig holds a gateway's settings under PHP's names. The zero value
// is a websocket gateway without a secret key.
type gatewayConfig struct {
	Listen                 string // websocket (default), text, frame, tcp
	Host                   string // where clients are accepted; default 127.0.0.1
	TLS                    bool
	ClientCA               bool // ask for a client certificate
	SecretKey              string
	LanIP                  string // default 127.0.0.1
	InnerListen            string
	PingInterval           time.Duration
	PingNotResponseLimit   int
	PingData               string
	SendToClientBufferSize int
	SendToWorkerBufferSize int
	ProtocolAccelerate     bool
	Binary                 bool // websocketType: binary frames
	Random                 bool // router
	Registers              []string
}

func (cfg gatewayConfig) host() string { return cmp.Or(cfg.Host, "127.0.0.1") }

// cast says who plays the parts of a scenario.
type cast struct {
	name     string
	register implementation
	gateway  implementation
	second   implementation // of the second gateway; nil: the same as the first
	original php            // the originals that PHP workers and libraries are of
	worker   actorKind
	client   actorKind
	tamper   func([]byte) []byte // changes what scripted peers receive; nil: nothing
}

// actorKind says who plays a BusinessWorker or a GatewayClient.
type actorKind int

const (
	actorPHP    actorKind = iota // a PHP process
	actorReplay                  // the recorded bytes of a PHP process
	actorGo                      // this project's package
)

// An implementation starts programs under test. Each start returns when the
// program serves.
type implementation interface {
	name() string
	startGateway(s *stage, cfg gatewayConfig, listen, innerPort int) (stop func(), err error)
	startRegister(s *stage, port int, secretKey string) (stop func(), err error)
}
