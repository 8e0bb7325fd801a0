package compattests

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// The parity scenarios (parity_*_test.go) make the same calls with PHP's
// library and with gatewayclient, on the same state. The transcript is what
// PHP's library returned, what the clients got, and the state of the gateways
// after each call that writes:
//
//	lib calls getClientIdByUid ["123"] = ClientIDsByUID
//	lib returns `a:1:{i:0;s:20:"<client@gw1>00000001";}`
//
// What gatewayclient returns is turned into PHP's value by the functions in
// parity_translate_test.go, and must give the same line.

// A parityStep is one step of a scenario, most often a call.
type parityStep func(*parityRun)

// same calls GatewayClient\Gateway; for the arguments see libraryCall.
func same(method string, args ...any) parityStep {
	return func(r *parityRun) { r.call(gatewayClient, method, args) }
}

// sameLib calls GatewayWorker\Lib\Gateway, for what only that can do.
func sameLib(method string, args ...any) parityStep {
	return func(r *parityRun) { r.call(libGateway, method, args) }
}

// A sessionText is an argument that PHP gets unserialized.
type sessionText string

// hangUp has the last client close its connection.
func hangUp(r *parityRun) {
	last := r.clients[len(r.clients)-1]
	last.close()
	last.worker.expect()
}

// parity registers a scenario: steps on two gateways with six clients, c1, c3
// and c5 at the first, c2, c4 and c6 at the second.
func parity(name string, steps []parityStep, options ...func(*scenario)) {
	parityWith(gatewayConfig{}, name, steps, options...)
}

func parityWith(cfg gatewayConfig, name string, steps []parityStep, options ...func(*scenario)) {
	scene("parity/"+name, func(s *stage) { s.compareCalls(cfg, steps) }, append(options, inParity)...)
}

// inParity says that PHP's library and gatewayclient play the same part.
func inParity(sc *scenario) { sc.parity = true }

// inhabited is the state that most scenarios begin with - every client has a
// uid and a group - and then the steps.
func inhabited(steps ...parityStep) []parityStep {
	return slices.Concat([]parityStep{func(r *parityRun) {
		r.quiet = true
		for _, step := range []parityStep{
			same("bindUid", "$1", "123"), same("bindUid", "$2", "007"), same("bindUid", "$3", "üser-日本"),
			same("bindUid", "$4", "123"), same("bindUid", "$5", "-5"), same("bindUid", "$6", "1.5"),
			same("joinGroup", "$1", "room"), same("joinGroup", "$2", "room"), same("joinGroup", "$5", "room"), same("joinGroup", "$3", "7"),
			same("joinGroup", "$4", "группа"), same("joinGroup", "$6", "7"), same("joinGroup", "$1", "7"), same("joinGroup", "$4", "room"),
			same("setSession", "$1", sessionText(everyType)), same("setSession", "$4", sessionText(`a:1:{s:4:"name";s:5:"Ünal";}`)),
		} {
			step(r)
		}
		r.quiet = false
		r.logState()
	}}, steps)
}

// A parityRun is one run of a parity scenario.
type parityRun struct {
	*stage
	php    *phpLibrary           // nil where there is no PHP
	client *gatewayclient.Client // nil where PHP's library makes the calls
	quiet  bool                  // the state is not noted after each call
	state  map[string]string     // last noted, by question
}

func (s *stage) compareCalls(cfg gatewayConfig, steps []parityStep) {
	r := s.openCluster(cfg, 2)
	for _, gw := range s.gateways {
		s.workerAt(gw)
	}
	for i := range 6 {
		s.connectAt(s.gateways[i%2])
	}
	run := &parityRun{stage: s, state: map[string]string{}}
	if _, err := phpVersions(); err == nil {
		run.php = s.phpLibrary(r)
	}
	if s.cast.client != actorPHP {
		client, err := gatewayclient.New(gatewayclient.Options{
			RegisterAddresses: []string{r.address}, SecretKey: r.secret, Logger: s.logger("gatewayclient"),
		})
		s.check(err)
		s.cleanup(func() { client.Close() })
		run.client = client
	}
	for _, step := range steps {
		step(run)
	}
}

// call makes one call and notes its outcome.
func (r *parityRun) call(class, method string, arguments []any) {
	args := r.withIDs(list(arguments)).(list)
	translation, ok := translations[method]
	if !ok {
		r.fail("no translation of %s", method)
	}
	goCall := translation(&translator{r.stage, args})
	shown := make(list, len(args))
	for i, a := range args {
		if text, ok := a.(sessionText); ok {
			a = string(text)
		}
		shown[i] = a
	}
	r.log("lib calls %s %s = %s", method, showArgs(shown), goCall.method)
	if r.client == nil {
		answer := r.php.call(class, method, args)
		if isDeprecated[method] {
			answer.output = ""
		}
		answer.log(r.stage)
	} else {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		result, err := goCall.run(ctx, r.client)
		r.logResult(result, err)
		if goCall.effect != asks {
			r.check(r.client.Sync(ctx))
		}
	}
	if goCall.effect&sends != 0 {
		r.drainAll()
	}
	if goCall.effect&writes != 0 && !r.quiet {
		r.logState()
	}
}

// isDeprecated names the methods that echo a warning before they do what
// another method does.
var isDeprecated = map[string]bool{"getAllClientInfo": true, "getClientInfoByGroup": true}

func (r *parityRun) logResult(result phpserialize.Value, err error) {
	if err != nil {
		r.log("lib fails: %s", errorName(err))
		return
	}
	text, err := phpserialize.Marshal(result)
	r.check(err)
	r.log("lib returns %s", quote(text))
}

// logState notes what has changed in the state of the gateways: read through PHP's library where there
// is PHP, also where gatewayclient made the calls.
func (r *parityRun) logState() {
	changed := false
	for _, q := range stateQuestions {
		var value phpserialize.Value
		if r.php != nil {
			value = r.php.call(gatewayClient, q.method, q.args).result
		} else {
			value = r.askGateways(q)
		}
		text, err := phpserialize.Marshal(value)
		r.check(err)
		if r.state[q.method] != string(text) {
			r.state[q.method], changed = string(text), true
			r.log("state: %s %s", q.method, quote(text))
		}
	}
	if !changed {
		r.log("state: unchanged")
	}
}

// runParity runs PHP's library and gatewayclient on gateways of both kinds.
func runParity(t *testing.T, sc *scenario, recorded *transcript) {
	t.Helper()
	chosen := recorded
	if len(sc.differs) > 0 {
		var err error
		if chosen, err = loadTranscript(sc.name, ".ours"); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		cast
		want *transcript
	}{
		{cast{name: "PHP library, gateways Go", register: ours, gateway: ours}, recorded},
		{cast{name: "PHP library, gateways PHP and Go", register: php{}, gateway: php{}, second: ours}, recorded},
		{cast{name: "gatewayclient, gateways PHP", register: php{}, gateway: php{}, client: actorGo}, chosen},
		{cast{name: "gatewayclient, gateways Go and PHP", register: ours, gateway: ours, second: php{}, client: actorGo}, chosen},
	} {
		lines, err := sc.perform(t, c.cast, nil)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if diff := cmp.Diff(c.want.lines, lines); diff != "" {
			t.Errorf("%s (-recorded +now):\n%s", c.name, diff)
		}
	}
}

// everyType is a session with every type that PHP can serialize.
var everyType = "a:14:{" + strings.Join([]string{
	`s:4:"null";N;`, `s:4:"true";b:1;`, `s:5:"false";b:0;`, `s:3:"int";i:-42;`, `s:3:"max";i:9223372036854775807;`,
	`s:5:"float";d:0.1;`, `s:5:"large";d:1.0E+25;`, `s:3:"inf";d:INF;`, `s:4:"text";s:8:"日本\"";`, `i:5;s:10:"an int key";`,
	"s:5:\"bytes\";s:3:\"\xff\x00\xfe\";", `s:5:"empty";a:0:{}`, `s:6:"nested";a:2:{i:0;a:1:{s:1:"k";i:1;}i:1;s:3:"007";}`,
	fmt.Sprintf(`s:6:"object";O:8:"App\User":2:{s:2:"id";i:7;s:%d:"%s";s:1:"x";}`, len("\x00App\\User\x00hidden"), "\x00App\\User\x00hidden"),
}, "") + "}"
