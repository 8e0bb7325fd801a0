package compattests

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A troupe says who plays the parts of a cluster.
type troupe struct {
	registers []implementation
	gateways  []implementation
	goWorker  bool
	goClient  bool
	key       string
}

func (tr troupe) String() string {
	names := func(list []implementation) string {
		var out []string
		for _, by := range list {
			out = append(out, by.name())
		}
		return strings.Join(out, "+")
	}
	player := map[bool]string{true: "Go", false: "PHP"}
	text := fmt.Sprintf("register=%s,gateway=%s,worker=%s,client=%s", names(tr.registers), names(tr.gateways), player[tr.goWorker], player[tr.goClient])
	if tr.key != "" {
		text += ",key"
	}
	return text
}

// A mixed is a running cluster of a troupe.
type mixed struct {
	*e2e
	registers []*e2eRegister
	gateways  []*e2eGateway
}

func (e *e2e) assemble(tr troupe) *mixed {
	e.Helper()
	m := &mixed{e2e: e}
	for _, by := range tr.registers {
		m.registers = append(m.registers, e.register(by, tr.key))
	}
	for i, by := range tr.gateways {
		m.gateways = append(m.gateways, e.gateway(by, fmt.Sprintf("gw%d", i+1), gatewayConfig{}, m.registers...))
		m.awaitAll(m.gateways...)
	}
	if tr.goWorker {
		e.goWorker(len(m.gateways), m.registers)
	} else {
		e.phpWorker(e2eFile("TalkEvents.php"), 1, len(m.gateways), m.registers)
	}
	return m
}

// awaitAll waits until all Registers name exactly the gateways.
func (m *mixed) awaitAll(gateways ...*e2eGateway) {
	m.Helper()
	for _, r := range m.registers {
		m.await(r, gateways...)
	}
}

// newTalk begins a conversation with PHP's GatewayClient or gatewayclient.
func (m *mixed) newTalk(goClient bool) *talk {
	t := &talk{e: m.e2e, sorted: len(m.gateways) > 1}
	if goClient {
		t.caller = m.goCaller(m.registers)
	} else {
		t.caller = phpCaller{addressesOf(m.registers), m.registers[0].key}
	}
	m.Cleanup(t.caller.close)
	return t
}

// TestEveryMix has the same talk in clusters in which each of Register,
// Gateway, BusinessWorker and GatewayClient is PHP's or this project's.
func TestEveryMix(t *testing.T) {
	t.Parallel()
	startE2E(t)
	t.Cleanup(stopPHPCaller)
	var mixes []troupe
	for _, key := range []string{"", "secret"} {
		for _, register := range []implementation{php{}, ours} {
			for _, gateway := range []implementation{php{}, ours} {
				for _, goWorker := range []bool{false, true} {
					mixes = append(mixes, troupe{[]implementation{register}, []implementation{gateway}, goWorker, false, key})
				}
			}
		}
	}
	records := make([][2][]string, len(mixes))
	t.Run("mixes", func(t *testing.T) {
		for i, mix := range mixes {
			t.Run(strings.TrimSuffix(mix.String(), ",client=PHP"), func(t *testing.T) {
				t.Parallel()
				m := enterE2E(t).assemble(mix)
				for j, goClient := range []bool{false, true} {
					talk := m.newTalk(goClient)
					talk.play(m.gateways[0], m.gateways[0])
					records[i][j] = talk.rec.lines
				}
			})
		}
	})
	if t.Failed() {
		return
	}
	for i, mix := range mixes {
		for j, goClient := range []bool{false, true} {
			mix.goClient = goClient
			if diff := cmp.Diff(records[0][0], records[i][j]); diff != "" {
				t.Errorf("%s differs from PHP alone:\n%s", mix, diff)
			}
		}
	}
}

// TestMixedGateways has clients at a PHP and a Go gateway of one cluster, in
// both orders; then each gateway is stopped in turn, and the other serves on.
// The conversation must be that of two PHP gateways.
func TestMixedGateways(t *testing.T) {
	t.Parallel()
	startE2E(t)
	t.Cleanup(stopPHPCaller)
	var p, g implementation = php{}, ours
	list := func(by ...implementation) []implementation { return by }
	mixes := []troupe{
		{registers: list(p), gateways: list(p, p)}, // what the others are compared with
		{registers: list(p), gateways: list(p, g)},
		{registers: list(g), gateways: list(p, g)},
		{registers: list(p), gateways: list(g, p)},
		{registers: list(g), gateways: list(g, p)},
		{registers: list(p), gateways: list(p, g), key: "secret"},
		{registers: list(g), gateways: list(g, p), key: "secret"},
		{registers: list(p, g), gateways: list(p, g), key: "secret"},
		{registers: list(g, p), gateways: list(g, p)},
		{registers: list(g), gateways: list(p, g), goWorker: true, goClient: true},
		{registers: list(p, g), gateways: list(g, p), goWorker: true, key: "secret"},
	}
	records := make([][]string, len(mixes))
	t.Run("mixes", func(t *testing.T) {
		for i, mix := range mixes {
			t.Run(mix.String(), func(t *testing.T) {
				t.Parallel()
				m := enterE2E(t).assemble(mix)
				talk := m.newTalk(mix.goClient)
				talk.play(m.gateways[0], m.gateways[1])
				m.stopInTurn(talk)
				records[i] = talk.rec.lines
			})
		}
	})
	if t.Failed() {
		return
	}
	for i, mix := range mixes {
		if diff := cmp.Diff(records[0], records[i]); diff != "" {
			t.Errorf("%s differs from PHP alone:\n%s", mix, diff)
		}
	}
}

// stopInTurn stops one gateway, starts it again, and stops the other.
func (m *mixed) stopInTurn(t *talk) {
	first, second := m.gateways[0], m.gateways[1]
	dora := t.enter(first, "dora")
	emil := t.enter(second, "emil")
	t.each(dora)
	// A gateway that ends may or may not tell the worker of its clients' ends.
	left := func(message string) bool { return strings.HasPrefix(message, "left ") }
	emil.ignore = left

	first.stop()
	t.closed(dora)
	m.awaitAll(second)
	t.alone(emil)
	finn := t.enter(second, "finn") // newcomers are welcome
	t.each(emil)
	t.say(finn, "say hello")
	t.each(emil, finn)

	first.start()
	m.awaitAll(second, first)
	gina := t.enter(first, "gina")
	finn.ignore, gina.ignore = left, left
	t.each(emil, finn)
	t.say(emil, "say together")
	t.each(emil, finn, gina)
	t.ask("getAllClientIdCount")
	t.do("sendToAll", "to all again")
	t.each(emil, finn, gina)

	second.stop()
	t.closed(emil)
	t.closed(finn)
	m.awaitAll(first)
	t.alone(gina)
}

// alone checks that the only client left is served, by worker and caller.
func (t *talk) alone(c *talker) {
	t.e.Helper()
	t.eventually("getAllClientIdCount") // gatewayclient learns from Register that a gateway is gone
	t.ask("isOnline", c.id)
	t.ask("getAllUidList")
	t.ask("getClientIdListByGroup", "room")
	t.do("sendToGroup", "room", "still here")
	t.each(c)
	t.say(c, "tell u-"+c.name+" myself") // asks nothing of the gateway that is gone
	t.hear(c, 2)
	t.say(c, "count")
	t.each(c)
}
